import { goOn } from "./acts.js"
import { GridWindow } from "./grid/window.js"
import { addTick } from "./grid/tiles.js"
import { Keys } from "./grid/keys.js"
import { Picks } from "./grid/picks.js"
import { open } from "./photo-viewer.js"
import { welcome } from "./pictures.js"
import { selection } from "./selection.js"
import "./selection-bar.js"
import "./grid/tools.js"
import { addScrubber } from "./time-scrubber.js"

const DENSITIES = [1, 2, 3]
const REMEMBERED = 365 * 24 * 3600 // seconds

/**
 * Photos in a grid. With data-scope it holds what is near of all photos of that scope, however many; else the page's own photos.
 * Opens them in place, lets keys walk over them and people choose some.
 */
class PhotoGrid extends HTMLElement {
  async connectedCallback() {
    if (this.window || this.list) return
    this.addEventListener("click", (event) => this.#click(event))
    this.addEventListener("refreshed", () => this.#welcome())
    this.list = new OwnTiles(this)
    this.picks = new Picks(this, this.list)
    this.keys = new Keys(this)
    if (this.dataset.scope !== undefined) {
      history.scrollRestoration = "manual"
      await this.#begin()
    }
    if (!this.window) this.#welcome()
  }

  disconnectedCallback() {
    this.window?.end()
    this.picks?.end()
    this.keys?.end()
  }

  /** The tiles of the page's own get what needs script. */
  #welcome() {
    const tiles = this.querySelectorAll(".tile")
    welcome(tiles)
    for (const tile of tiles) {
      const cell = tile.closest(".cell")
      if (!cell) continue
      addTick(cell)
      this.picks.mark(cell, Number(tile.id.slice(6)))
    }
  }

  async #begin() {
    const grid = new GridWindow(this)
    try {
      if (!(await grid.begin())) return
    } catch (problem) {
      const isUnanswered = problem instanceof TypeError || problem.name === "AbortError" || /^\d{3}$/.test(problem.message)
      if (isUnanswered) return // what the page holds stays
      throw problem
    }
    this.window = grid
    this.picks.list = this.list = new ScopePhotos(grid)
    this.classList.add("is-whole")
    addScrubber(this)
    this.#remember()
    await this.#restore()
    this.dispatchEvent(new Event("begun", { bubbles: true }))
  }

  #click(event) {
    const tile = event.target.closest?.(".tile")
    if (!tile || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    open(tile)
  }

  // ------------------------------------------------------------ where somebody was

  /** The place in the list is noted with the address, so that Back and reloading lead to it. */
  #remember() {
    const note = () => {
      if (document.querySelector("dialog[open]") || !this.isConnected) return
      const anchor = this.window.top > 200 ? this.window.anchor() : undefined
      const place = anchor && { id: anchor.id, below: Math.round(anchor.below) }
      history.replaceState({ ...history.state, grid: place }, "")
    }
    this.addEventListener("settled", note)
    addEventListener("pagehide", note)
  }

  async #restore() {
    const place = history.state?.grid
    if (!place || history.state.photo) return
    const where = await this.window.photos.where({ photo_id: place.id })
    if (where) await this.window.go(where, { below: place.below })
  }

  // ------------------------------------------------------------ what others ask of it

  /** How many photos there are; none is known of a grid that holds only the page's own. */
  get total() {
    return this.window?.photos.total
  }

  /** The ids of the photos before and after one, as far as they are known: {newer, older}. */
  neighbours(id) {
    return this.list.neighbours(Number(id))
  }

  /** Bring a photo's tile into sight, wherever it is in the list; nothing when it is not in it. */
  async bring(id) {
    if (!this.window) return document.getElementById(`photo-${id}`)
    const place = await this.window.photos.where({ photo_id: id })
    if (!place) return undefined
    await this.window.go(place, { align: "nearest" })
    return document.getElementById(`photo-${id}`)
  }

  /** Go to the newest photo of a year, month or day. */
  async goTo(at) {
    const place = await this.window.photos.where({ at })
    if (place) await this.window.go(place)
    return place
  }

  /** Fetch anew what the scope holds, after something was changed; what is in sight stays where it is. done: what the page that has nothing left says. */
  async renew(done) {
    if (!this.window) return location.reload()
    const anchor = this.window.top > 0 ? this.window.anchor() : undefined
    await this.window.renew(anchor, selection)
    if (!this.total) return done ? goOn(location.href, done) : location.reload() // nothing is left: the page says so
    this.dispatchEvent(new Event("begun", { bubbles: true }))
  }

  get density() {
    return DENSITIES.find((each) => this.classList.contains(`dense-${each}`)) ?? 2
  }

  get grouping() {
    return this.window?.grouping ?? "day"
  }

  /** Show photos smaller (1), as usual (2) or larger (3), under headings of a day, month or year. Remembered by this browser. */
  show({ density = this.density, grouping = this.grouping }) {
    if (!this.window) return
    for (const each of DENSITIES) this.classList.toggle(`dense-${each}`, each === density)
    for (const each of ["day", "month", "year"]) this.classList.toggle(`by-${each}`, each === grouping)
    document.cookie = `grid=${grouping}-${density}; path=/; max-age=${REMEMBERED}; samesite=lax`
    this.window.rearrange()
  }

  /** One step denser (-1) or less (1). */
  step(by) {
    const density = Math.min(Math.max(this.density + by, DENSITIES[0]), DENSITIES.at(-1))
    if (density !== this.density) this.show({ density })
  }
}

/** The list that the page's own tiles are. */
class OwnTiles {
  constructor(host) {
    this.host = host
  }

  get #ids() {
    return [...this.host.querySelectorAll(".tile")].map((tile) => Number(tile.id.slice(6)))
  }

  get total() {
    return this.#ids.length
  }

  numberOf(id) {
    const number = this.#ids.indexOf(id)
    return number < 0 ? undefined : number
  }

  ids(first, last) {
    return this.#ids.slice(first, last + 1)
  }

  idsUnder(section) {
    return [...section.querySelectorAll(".tile")].map((tile) => Number(tile.id.slice(6)))
  }

  neighbours(id) {
    const ids = this.#ids
    const here = ids.indexOf(id)
    return here < 0 ? {} : { newer: ids[here - 1], older: ids[here + 1] }
  }
}

/** The list that a scope's photos are, fetched or not. */
class ScopePhotos {
  #numbers = new Map() // of photos that were asked for, as they may have been forgotten meanwhile

  constructor(grid) {
    this.grid = grid
  }

  get total() {
    return this.grid.photos.total
  }

  numberOf(id) {
    const place = this.grid.photos.find(id)
    if (place) this.#numbers.set(id, this.grid.photos.numberOf(place))
    return this.#numbers.get(id)
  }

  async numberOfAny(id) {
    const place = await this.grid.photos.where({ photo_id: id })
    return place && this.grid.photos.numberOf(place)
  }

  ids(first, last) {
    return this.grid.photos.ids(first, last)
  }

  /** Everything under the heading of a section, also what was not fetched. */
  async idsUnder(section) {
    return this.grid.idsUnder(section.dataset.key)
  }

  neighbours(id) {
    const place = this.grid.photos.find(id)
    if (!place) return {}
    const [newer, older] = [-1, 1].map((step) => this.grid.photos.beside(place, step)).map((each) => each && this.grid.photos.idAt(each))
    return { newer, older }
  }
}

customElements.define("photo-grid", PhotoGrid)
