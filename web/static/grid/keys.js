import { selection } from "../selection.js"

/** Keys that walk over a grid's photos and choose some, and those that make them larger or smaller. */
export class Keys {
  #ahead

  constructor(host) {
    this.host = host
    host.addEventListener("keydown", this)
    host.addEventListener("focusin", this)
    host.addEventListener("wheel", this, { passive: false })
    for (const type of ["touchstart", "touchmove", "touchend"]) host.addEventListener(type, this.#pinched, { passive: false })
    document.addEventListener("keydown", this.#anywhere)
  }

  end() {
    document.removeEventListener("keydown", this.#anywhere)
  }

  handleEvent(event) {
    if (event.type === "keydown") this.#key(event)
    else if (event.type === "wheel") this.#wheel(event)
    else this.#stop(event.target.closest(".tile"))
  }

  // ------------------------------------------------------------ walking

  async #key(event) {
    const tile = event.target.closest?.(".tile")
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return
    const id = Number(tile.id.slice(6))
    if (event.key === "x" || event.key === " ") {
      event.preventDefault()
      return this.host.picks.choose(id, event.shiftKey)
    }
    const isStep = event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End"
    if (!isStep) return
    event.preventDefault()
    event.stopPropagation()
    const next = this.host.window ? await this.#next(id, event.key) : beside(this.host, tile, event.key)
    if (!next) return
    if (event.shiftKey) {
      if (!this.host.picks.hasBegun) await this.host.picks.choose(id)
      await this.host.picks.choose(Number(next.id.slice(6)), true)
    }
    this.#stop(next)
    next.focus({ preventScroll: Boolean(this.host.window) })
  }

  /** The tile that a key leads to, in sight. */
  async #next(id, key) {
    const { window: grid } = this.host
    const { photos } = grid
    const here = await photos.where({ photo_id: id })
    if (!here) return undefined
    let place
    if (key === "Home") place = photos.placeOf(0)
    else if (key === "End") place = photos.placeOf(photos.total - 1)
    else if (key === "ArrowLeft" || key === "ArrowRight") place = photos.beside(here, key === "ArrowLeft" ? -1 : 1)
    else place = await this.#inNextRow(here, key === "ArrowDown" ? 1 : -1)
    if (!place) return undefined
    await grid.go(place, { align: "nearest" })
    return document.getElementById(`photo-${photos.idAt(place)}`)
  }

  /** The nearest photo in the row below or above. */
  async #inNextRow(here, step) {
    const { window: grid } = this.host
    const from = grid.boxOf(here)
    const middle = from.x + from.w / 2
    let row, nearest, least = Infinity
    for (let place = grid.photos.beside(here, step); place; place = grid.photos.beside(place, step)) {
      await grid.ready(place.piece)
      const box = grid.boxOf(place)
      if (!box || Math.abs(box.y - grid.boxOf(here).y) < 1) continue // still in the photo's own row
      row ??= box.y
      if (Math.abs(grid.boxOf(place).y - row) > 1) break
      const away = Math.abs(box.x + box.w / 2 - middle)
      if (away < least) [nearest, least] = [place, away]
    }
    return nearest
  }

  /** Tab leads to one tile of the grid, and past all of them. */
  #stop(tile) {
    if (!tile || !this.host.window) return
    if (this.#ahead && this.#ahead !== tile) this.#ahead.tabIndex = -1
    tile.tabIndex = 0
    this.#ahead = tile
  }

  /** Where nobody has been yet, or no longer is, Tab leads to the first photo in sight. */
  #offer() {
    if (!this.host.window || (this.#ahead?.isConnected && this.#ahead.tabIndex === 0)) return
    this.#stop(this.#inSight())
  }

  #inSight() {
    return [...this.host.querySelectorAll(".tile")].find((tile) => tile.getBoundingClientRect().top >= this.host.window.bar)
  }

  // ------------------------------------------------------------ from anywhere on the page

  #anywhere = (event) => {
    if (event.key === "Tab") return this.#offer()
    if (!this.host.checkVisibility() || document.querySelector("dialog[open], [popover]:popover-open") || event.altKey) return
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return
    const isCommand = event.ctrlKey || event.metaKey
    if (isCommand && event.key === "a") {
      event.preventDefault()
      this.host.picks.chooseAll()
    } else if (!isCommand && event.key === "Escape" && selection.size) {
      event.preventDefault()
      selection.clear()
    } else if (!isCommand && this.host.window && (event.key === "+" || event.key === "-")) {
      event.preventDefault()
      this.host.step(event.key === "+" ? 1 : -1)
    } else if (event.key === "ArrowDown" && event.target === document.body && this.host.window && !isCommand) {
      const first = this.#inSight()
      if (first && document.documentElement.matches(":focus-visible")) first.focus({ preventScroll: true })
    }
  }

  // ------------------------------------------------------------ larger and smaller

  #turned = 0

  #wheel(event) {
    if (!event.ctrlKey || !this.host.window) return
    event.preventDefault()
    this.#turned += event.deltaY
    if (Math.abs(this.#turned) < 40) return
    this.host.step(this.#turned < 0 ? 1 : -1)
    this.#turned = 0
  }

  #apart

  #pinched = (event) => {
    if (event.touches.length !== 2 || !this.host.window) {
      this.#apart = undefined
      return
    }
    const [a, b] = event.touches
    const apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)
    if (event.cancelable) event.preventDefault()
    this.#apart ??= apart
    const scale = apart / this.#apart
    if (scale > 1.35 || scale < 0.74) {
      this.host.step(scale > 1 ? 1 : -1)
      this.#apart = apart
    }
  }
}

/** The tile beside one, where all of them stand in the page. */
function beside(host, tile, key) {
  const tiles = [...host.querySelectorAll(".tile")]
  const here = tiles.indexOf(tile)
  if (key === "Home") return tiles[0]
  if (key === "End") return tiles.at(-1)
  if (key === "ArrowLeft") return tiles[here - 1]
  if (key === "ArrowRight") return tiles[here + 1]
  const from = tile.getBoundingClientRect()
  const middle = from.left + from.width / 2
  const isDown = key === "ArrowDown"
  let nearest, row, distance = Infinity
  for (const each of isDown ? tiles.slice(here + 1) : tiles.slice(0, here).reverse()) {
    const box = each.getBoundingClientRect()
    if (Math.abs(box.top - from.top) > 2 * innerHeight) break
    if (isDown ? box.top < from.bottom : box.bottom > from.top) continue // still in the tile's own row
    row ??= box
    const away = Math.abs(box.left + box.width / 2 - middle)
    if (box.top < row.bottom && box.bottom > row.top && away < distance) [nearest, distance] = [each, away]
  }
  return nearest
}
