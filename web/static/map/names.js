import L from "../vendor/leaflet/leaflet.js"
import { ask, inView } from "./ask.js"

const TOWNS_FROM = 4.5 // zoom
const COUNTRIES_TO = 7
const APART = { country: 8, town: 22 } // pixels between names
const PICTURE = 28 // pixels, from the middle of a picture to its edge
const WAIT = 200 // ms that a map stands still before towns are asked for

/** Names of countries, in the page's language, and of the largest towns in view; as many as have room. */
export class Names {
  #countries = []
  #towns = []
  #shown = new Map()
  #pictures = []
  #pen = document.createElement("canvas").getContext("2d")
  #timer
  #asking

  constructor(map) {
    this.map = map
    map.createPane("names").classList.add("map-names")
  }

  setCountries(shapes) {
    this.#countries = shapes.map(country).filter(Boolean).sort((one, other) => other.size - one.size)
    if (this.isOn) this.#arrange()
  }

  start() {
    this.isOn = true
    this.map.on("moveend zoomend", () => this.#moved())
    this.map.on("clusters", ({ at }) => {
      this.#pictures = at
      this.#arrange()
    })
    this.#moved()
  }

  #moved() {
    if (!this.map._loaded || !this.map.getPane("mapPane")) return
    this.#arrange()
    clearTimeout(this.#timer)
    this.#asking?.abort()
    if (this.map.getZoom() >= TOWNS_FROM) this.#timer = setTimeout(() => this.#ask(), WAIT)
  }

  async #ask() {
    if (!this.map.getPane("mapPane")) return
    this.#asking = new AbortController()
    const found = await ask("/api/v1/map/names", inView(this.map), this.#asking.signal)
    if (!found) return
    this.#towns = found.items
    this.#arrange()
  }

  /** Largest first; what would touch a picture, or a name that is there already, has no room. */
  #arrange() {
    if (!this.map.getPane("mapPane")) return // the map has been taken away
    const zoom = this.map.getZoom()
    const taken = this.#pictures.map((at) => {
      const { x, y } = this.map.latLngToContainerPoint(at)
      return { left: x - PICTURE, right: x + PICTURE, top: y - PICTURE, bottom: y + PICTURE }
    })
    const kept = new Map()
    const put = (kind, name, at, most = Infinity) => {
      const { x, y } = this.map.latLngToContainerPoint(at)
      const { x: right, y: bottom } = this.map.getSize()
      const width = this.#width(kind, name) + APART[kind], height = 20 + APART[kind]
      if (width > most || x < 0 || y < 0 || x > right || y > bottom) return
      const box = { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 }
      if (taken.some((other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top)) return
      taken.push(box)
      const key = `${kind} ${name} ${at[0]}`
      kept.set(key, this.#shown.get(key) ?? this.#add(kind, name, at))
    }
    const perDegree = (256 * 2 ** zoom) / 360
    if (zoom < COUNTRIES_TO) for (const { name, at, width } of this.#countries) put("country", name, at, width * perDegree * 1.1)
    if (zoom >= TOWNS_FROM) for (const { name, latitude, longitude } of this.#towns) put("town", name, [latitude, longitude])
    for (const [key, marker] of this.#shown) if (!kept.has(key)) marker.remove()
    this.#shown = kept
  }

  #width(kind, name) {
    const style = getComputedStyle(this.map.getContainer())
    this.#pen.font = `${kind === "country" ? 600 : 400} 12px ${style.fontFamily}`
    return this.#pen.measureText(name).width + (kind === "country" ? name.length : 0)
  }

  #add(kind, name, at) {
    const html = Object.assign(document.createElement("span"), { textContent: name })
    const icon = L.divIcon({ className: `map-name is-${kind}`, html, iconSize: null })
    return L.marker(at, { icon, interactive: false, keyboard: false, pane: "names" }).addTo(this.map)
  }
}

const { lang } = document.documentElement
const regions = new Intl.DisplayNames(lang, { type: "region", fallback: "none" })

/** A country's name as the page's language has it; the map's own, English one where that knows none. */
function nameOf({ id, properties }) {
  try {
    const { region } = new Intl.Locale(`und-${id}`) // the map has numbers (250), which are aliases of codes (FR)
    return (/^[A-Z]{2}$/.test(region) && regions.of(region)) || properties.name
  } catch {
    return properties.name
  }
}

/** Where a country's name stands: in the middle of its largest part. */
function country(shape) {
  if (!shape.geometry || !shape.properties.name) return undefined
  const { type, coordinates } = shape.geometry
  let largest
  for (const [ring] of type === "Polygon" ? [coordinates] : coordinates) {
    const middle = centre(ring)
    if (!largest || middle.size > largest.size) largest = middle
  }
  return { name: nameOf(shape), at: largest.at, size: largest.size, width: largest.width }
}

/** The centre of a ring by the shoelace formula, its area in square degrees, and how wide it is. */
function centre(ring) {
  let area = 0, x = 0, y = 0, west = Infinity, east = -Infinity
  for (let i = 0; i < ring.length - 1; i++) {
    const [x0, y0] = ring[i], [x1, y1] = ring[i + 1]
    const cross = x0 * y1 - x1 * y0
    area += cross
    x += (x0 + x1) * cross
    y += (y0 + y1) * cross
    west = Math.min(west, x0)
    east = Math.max(east, x0)
  }
  return { at: area ? [y / (3 * area), x / (3 * area)] : [ring[0][1], ring[0][0]], size: Math.abs(area) / 2, width: east - west }
}
