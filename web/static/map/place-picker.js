import { _ } from "../words.js"
import { ask } from "./ask.js"
import "./place-search.js"
import { show, worldMap } from "./world.js"

const NEAR = 13 // zoom for a place that is known
const WAIT = 250 // ms that the map stands still before its middle is named

/**
 * <place-picker>: a dialog to say where something was taken, by name or on a map whose middle is the place. pick() opens it and
 * promises {latitude, longitude, name}, or nothing when somebody thought better of it.
 */
class PlacePicker extends HTMLElement {
  #timer
  #name = ""
  #isPlaced = false // whether somebody has said or shown a place yet

  /**
   * latitude, longitude: to begin with; suggestions: places to choose with one click, each with a name; canClear: whether "no place"
   * may be the answer, whose latitude and longitude are null then.
   */
  async pick({ latitude, longitude, suggestions = [], canClear = false } = {}) {
    if (!this.dialog) this.#build()
    this.#suggest(suggestions)
    this.querySelector("[value=clear]").hidden = !canClear
    this.dialog.returnValue = ""
    this.dialog.showModal()
    const closed = new Promise((done) => this.dialog.addEventListener("close", done, { once: true }))
    this.querySelector("place-search").clear()
    this.map ??= await this.#draw()
    this.map.invalidateSize()
    const isKnown = latitude !== undefined && latitude !== null
    this.#isPlaced = isKnown
    if (isKnown) show(this.map, { latitude, longitude, zoom: NEAR })
    this.#say()
    await closed
    if (this.dialog.returnValue === "clear") return { latitude: null, longitude: null, name: "" }
    if (this.dialog.returnValue !== "use") return undefined
    const { lat, lng } = this.map.getCenter()
    return { latitude: Number(lat.toFixed(6)), longitude: Number(lng.toFixed(6)), name: this.#name }
  }

  #build() {
    this.innerHTML = `<dialog class="sheet place-picker" aria-labelledby="place-picker-title">
      <form method="dialog">
        <h2 id="place-picker-title"></h2>
        <place-search></place-search>
        <p class="chips"></p>
        <div class="place-picker-map"><div></div><span class="map-pin" aria-hidden="true"></span></div>
        <p class="place-picker-name" role="status"></p>
        <div class="place-picker-acts"><button class="plain" value="clear"></button><span class="grow"></span><button class="button" value=""></button><button class="button primary" value="use"></button></div>
      </form></dialog>`
    this.dialog = this.querySelector("dialog")
    this.dialog.addEventListener("keydown", (event) => event.stopPropagation()) // what lies below has keys of its own
    this.querySelector("h2").textContent = _("Where was this taken?")
    const [clear, cancel, use] = this.querySelectorAll(".place-picker-acts button")
    clear.textContent = _("No place")
    cancel.textContent = _("Cancel")
    use.textContent = _("Use this place")
    this.querySelector("place-search").addEventListener("picked", ({ detail }) => this.#show(detail))
  }

  #suggest(places) {
    this.querySelector(".chips").replaceChildren(...places.map((place) => {
      const chip = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: place.name })
      chip.addEventListener("click", () => this.#show({ zoom: NEAR, ...place }))
      return chip
    }))
  }

  async #draw() {
    const map = await worldMap(this.querySelector(".place-picker-map > div"))
    show(map)
    map.on("click", ({ latlng }) => map.panTo(latlng))
    map.on("moveend", () => {
      this.#isPlaced = true
      this.#say()
    })
    return map
  }

  #show(place) {
    this.#isPlaced = true
    show(this.map, place)
    this.#say()
  }

  /** Name the middle of the map. */
  #say() {
    clearTimeout(this.#timer)
    this.querySelector("[value=use]").disabled = !this.#isPlaced
    if (!this.#isPlaced) {
      this.querySelector(".place-picker-name").textContent = _("Search for it, or move the map until the pin stands where it was.")
      return
    }
    this.#timer = setTimeout(async () => {
      const { lat, lng } = this.map.getCenter()
      const found = await ask("/api/v1/map/name", { latitude: lat.toFixed(5), longitude: lng.toFixed(5) })
      this.#name = found?.name ?? ""
      this.querySelector(".place-picker-name").textContent = this.#name || _("Far from any town")
    }, WAIT)
  }
}

customElements.define("place-picker", PlacePicker)

/** Ask somebody for a place; promises {latitude, longitude, name} or nothing. */
export function pickPlace(start) {
  let picker = document.querySelector("body > place-picker")
  if (!picker) document.body.append((picker = document.createElement("place-picker")))
  return picker.pick(start)
}
