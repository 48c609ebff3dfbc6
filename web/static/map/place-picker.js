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

  /** start: {latitude, longitude} to begin with; suggestions: places to choose with one click, each with a name. */
  async pick({ latitude, longitude, suggestions = [] } = {}) {
    if (!this.dialog) this.#build()
    this.#suggest(suggestions)
    this.dialog.returnValue = ""
    this.dialog.showModal()
    const closed = new Promise((done) => this.dialog.addEventListener("close", done, { once: true }))
    this.map ??= await this.#draw()
    this.map.invalidateSize()
    if (latitude !== undefined && latitude !== null) show(this.map, { latitude, longitude, zoom: NEAR })
    else if (!this.map._loaded) show(this.map)
    this.#moved()
    await closed
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
        <div class="place-picker-acts"><button class="button" value="" formnovalidate></button><button class="button primary" value="use"></button></div>
      </form></dialog>`
    this.dialog = this.querySelector("dialog")
    this.querySelector("h2").textContent = _("Where was this taken?")
    const [cancel, use] = this.querySelectorAll("button")
    cancel.textContent = _("Cancel")
    use.textContent = _("Use this place")
    this.querySelector("place-search").addEventListener("picked", ({ detail }) => show(this.map, detail))
  }

  #suggest(places) {
    this.querySelector(".chips").replaceChildren(...places.map((place) => {
      const chip = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: place.name })
      chip.addEventListener("click", () => show(this.map, { zoom: NEAR, ...place }))
      return chip
    }))
  }

  async #draw() {
    const map = await worldMap(this.querySelector(".place-picker-map > div"))
    map.on("click", ({ latlng }) => map.panTo(latlng))
    map.on("moveend", () => this.#moved())
    return map
  }

  #moved() {
    clearTimeout(this.#timer)
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
