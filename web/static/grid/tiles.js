import { icon } from "../icons.js"
import { welcome } from "../pictures.js"
import { _, date } from "../words.js"

// The tiles of a grid that holds only what is near: made once, and used again for other photos.

const MOST_SPARE = 400

/** The round tick in a tile's corner. It is for the mouse and for screen readers; keys have x. */
export function addTick(cell) {
  if (cell.querySelector(".tick")) return
  const tick = document.createElement("button")
  Object.assign(tick, { className: "tick", type: "button", tabIndex: -1, role: "checkbox", ariaChecked: "false", ariaLabel: _("Select") })
  tick.append(icon("check"))
  cell.append(tick)
}

export class Tiles {
  #spare = []
  #cells = new Map() // photo id -> cell
  #kept = new Map() // photo id -> cell of the page's own, until it is asked for

  constructor(tail) {
    this.tail = tail
  }

  /** Cells that stand in the page already are used for their photos, pictures and all. */
  adopt(cells) {
    for (const cell of cells) this.#kept.set(Number(cell.querySelector(".tile").id.slice(6)), cell)
  }

  get(id) {
    return this.#cells.get(id)
  }

  get all() {
    return this.#cells
  }

  /** The cell for a photo of a piece. */
  show(data, index) {
    const id = data.ids[index]
    let cell = this.#cells.get(id)
    if (cell) return cell
    cell = this.#kept.get(id)
    if (cell) {
      this.#kept.delete(id)
      cell.className = "cell"
      complete(cell)
    } else {
      cell = this.#spare.pop() ?? made()
      this.#fill(cell, data, index)
    }
    this.#cells.set(id, cell)
    return cell
  }

  /** What is not wanted any more is put aside for others; its picture is not fetched any further. */
  keep(isWanted) {
    for (const [id, cell] of this.#cells) {
      if (isWanted(id) || cell.contains(document.activeElement)) continue
      this.#cells.delete(id)
      cell.remove()
      const picture = cell.querySelector(".picture")
      picture.removeAttribute("src") // cancels what is still on its way
      picture.classList.remove("is-here")
      delete picture.dataset.retried
      if (this.#spare.length < MOST_SPARE) this.#spare.push(cell)
    }
  }

  forget() {
    this.#kept.clear()
  }

  /** Begin to fetch the picture of a tile that stays. */
  picture(cell, key) {
    const picture = cell.querySelector(".picture")
    if (picture.hasAttribute("src")) return
    picture.src = `/media/${key}/thumb`
    welcome([cell.querySelector(".tile")])
  }

  #fill(cell, data, index) {
    const [tile, tick] = cell.children
    const [blur, picture, mark] = tile.children
    const id = data.ids[index]
    tile.id = `photo-${id}`
    tile.href = `/photo/${id}${this.tail}`
    tile.className = data.states[index] === "processing" ? "tile is-processing" : "tile"
    tile.tabIndex = -1
    const placeholder = data.placeholders[index]
    if (placeholder) blur.src = placeholder
    else blur.removeAttribute("src")
    blur.hidden = !placeholder
    picture.alt = caption(data.types[index], data.durations[index], data.taken[index])
    mark.replaceChildren(...marks(data.types[index], data.durations[index]))
    mark.hidden = !mark.firstChild
    tick.ariaChecked = "false"
  }
}

function made() {
  const cell = document.createElement("div")
  cell.className = "cell"
  const tile = document.createElement("a")
  const blur = Object.assign(new Image(), { className: "blur", alt: "", decoding: "async" })
  const picture = Object.assign(new Image(), { className: "picture", decoding: "async", draggable: false })
  const mark = document.createElement("span")
  mark.className = "mark"
  tile.append(blur, picture, mark)
  tile.draggable = false
  cell.append(tile)
  addTick(cell)
  return cell
}

/** A cell of the page's own gets the parts that those made here have. */
function complete(cell) {
  const tile = cell.querySelector(".tile")
  if (!tile.querySelector(".blur")) tile.prepend(Object.assign(new Image(), { className: "blur", alt: "", hidden: true }))
  if (!tile.querySelector(".mark")) tile.append(Object.assign(document.createElement("span"), { className: "mark", hidden: true }))
  tile.querySelector(".picture").loading = "eager" // from here on the grid says what is fetched
  tile.draggable = false
  tile.tabIndex = -1
  for (const each of [...cell.childNodes, ...tile.childNodes]) if (each.nodeType === Node.TEXT_NODE) each.remove()
  addTick(cell)
}

function marks(type, seconds) {
  if (type === "video") return [seconds ? `${length(seconds)} ` : "", icon("play")]
  if (type === "live" || type === "motion") return [icon("live")]
  return type === "raw" ? ["RAW"] : []
}

/** 0:07, 12:40, 1:02:03 */
function length(seconds) {
  const whole = Math.round(seconds)
  const two = (number) => String(number).padStart(2, "0")
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

const days = new Map()

/** What somebody who cannot see a tile is told about it. */
function caption(type, seconds, taken) {
  const kind = { video: _("Video"), live: _("Live photo"), motion: _("Motion photo") }[type] ?? _("Photo")
  const day = taken.slice(0, 10)
  if (!days.has(day)) days.set(day, date(new Date(`${day}T12:00:00`), { weekday: "long", year: "numeric", month: "long", day: "numeric" }))
  return [type === "video" && seconds ? _("{kind}, {length} long", { kind, length: length(seconds) }) : kind, days.get(day), taken.slice(11, 16)].join(", ")
}
