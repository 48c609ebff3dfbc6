import "../photo-grid.js"
import { _, plural } from "../words.js"
import { inView } from "./ask.js"
import "./month-range.js"
import "./photo-map.js"
import "./place-search.js"

const SETTLES = 350 // ms without moving before the photos in view are fetched

/** The page of places: a map, the time its photos are from, and beside it the list of places or the photos in view. */
class PlacesPage extends HTMLElement {
  #timer
  #fetching
  #known = new WeakSet()

  async connectedCallback() {
    this.map = this.querySelector("photo-map")
    this.range = this.querySelector("month-range")
    this.here = this.querySelector("#places-here")
    this.tabs = [...this.querySelectorAll("[role=tab]")]
    const asked = new URLSearchParams(location.search)
    if (asked.has("at")) this.map.dataset.at = asked.get("at")
    this.months = asked.has("from") && asked.has("to") ? [asked.get("from"), asked.get("to")] : []
    this.map.months = this.months
    if (this.months.length) this.range.set(...this.months)
    if (asked.get("show") === "photos") this.#choose("tab-here", false)
    this.map.addEventListener("moved", () => this.#moved())
    this.map.addEventListener("clusters", ({ detail }) => this.#count(detail.photos))
    this.map.addEventListener("open", (event) => this.#open(event))
    this.addEventListener("range", ({ detail }) => this.#setMonths(detail))
    this.querySelector("place-search").addEventListener("picked", ({ detail }) => this.map.go(detail))
    this.here.addEventListener("begun", ({ target }) => {
      if (this.#known.has(target)) this.map.clusters.refresh() // photos were given a place or put away, perhaps
      this.#known.add(target)
    })
    this.addEventListener("click", (event) => this.#click(event))
    this.addEventListener("keydown", (event) => this.#key(event))
  }

  get #showsPhotos() {
    return !this.here.hidden
  }

  #setMonths(months) {
    this.months = months
    this.map.months = months
    this.#moved()
  }

  #moved() {
    this.#remember()
    clearTimeout(this.#timer)
    if (this.#showsPhotos) this.#timer = setTimeout(() => this.#fetch(), SETTLES)
  }

  /** What is in view is in the address, for coming back and for sending to somebody. */
  #remember() {
    const map = this.map.map
    if (!map?._loaded || location.pathname !== "/places") return // a photo is open above the page
    const { lat, lng } = map.getCenter()
    const state = new URLSearchParams({ at: `${lat.toFixed(4)},${lng.toFixed(4)},${map.getZoom()}` })
    if (this.months.length) for (const [name, month] of [["from", this.months[0]], ["to", this.months[1]]]) state.set(name, month)
    if (this.#showsPhotos) state.set("show", "photos")
    history.replaceState(history.state, "", `?${decodeURIComponent(state)}`)
  }

  #count(photos) {
    const tab = this.querySelector("#tab-here")
    tab.textContent = photos ? plural("{n} photo here", "{n} photos here", photos) : _("Photos here")
  }

  async #fetch() {
    this.#fetching?.abort()
    this.#fetching = new AbortController()
    const [from = "", to = ""] = this.months
    this.here.setAttribute("aria-busy", "true")
    try {
      const answer = await fetch(`/places/photos?${new URLSearchParams({ ...inView(this.map.map), from, to })}`, { signal: this.#fetching.signal })
      if (!answer.ok) return
      const page = new DOMParser().parseFromString(await answer.text(), "text/html")
      const photos = page.querySelector("photo-grid, #nothing")
      const isSame = photos?.dataset.scope && photos.dataset.scope === this.here.querySelector("photo-grid")?.dataset.scope
      if (photos && !isSame) this.here.replaceChildren(document.adoptNode(photos))
    } catch (problem) {
      if (!(problem instanceof TypeError) && problem.name !== "AbortError") throw problem
    } finally {
      this.here.removeAttribute("aria-busy")
    }
  }

  /** Photos of one spot: shown beside the map; a single one by itself. */
  #open(event) {
    if (event.detail.count === 1) return
    event.preventDefault()
    this.#choose("tab-here")
  }

  #click(event) {
    const tab = event.target.closest("[role=tab]")
    if (tab) return this.#choose(tab.id)
    const place = event.target.closest("[data-place]")
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return undefined
    event.preventDefault()
    this.map.showAll(JSON.parse(place.dataset.place))
    this.#choose("tab-here")
    return undefined
  }

  #key(event) {
    const here = this.tabs.indexOf(event.target)
    if (here < 0 || !["ArrowLeft", "ArrowRight"].includes(event.key)) return
    const next = this.tabs[(here + (event.key === "ArrowRight" ? 1 : -1) + this.tabs.length) % this.tabs.length]
    this.#choose(next.id)
    next.focus()
  }

  #choose(id, isSeen = true) {
    for (const tab of this.tabs) {
      tab.setAttribute("aria-selected", String(tab.id === id))
      tab.tabIndex = tab.id === id ? 0 : -1
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab.id !== id
    }
    if (!isSeen) return
    scrollTo({ top: 0 })
    this.#moved()
  }
}

customElements.define("places-page", PlacesPage)
