import L from "../vendor/leaflet/leaflet.js"
import topojson from "../vendor/topojson-client/topojson-client.js"
import { _ } from "../words.js"
import { ask } from "./ask.js"
import { Names } from "./names.js"

export { L }

const STYLES = [new URL("../vendor/leaflet/leaflet.css", import.meta.url), new URL("./map.css", import.meta.url)]
const COARSE = new URL("../vendor/world-atlas/countries-110m.json", import.meta.url)
const FINE = new URL("../vendor/world-atlas/countries-50m.json", import.meta.url)
const WORLD = L.latLngBounds([-85, -180], [85, 180])
const NEAREST = 18
const SEAMS = 0.75 // pixels of a border

/**
 * A map of the world that asks nobody but photolib: countries as shapes, drawn in the page's colours, with their names and those
 * of towns. Where a tile server was set up, its pictures lie over the shapes. isStill: a picture of a place, not to be moved.
 */
export async function worldMap(element, { isStill = false } = {}) {
  await Promise.all([...STYLES.map(style), sized(element)])
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches
  const moves = !isStill
  const map = L.map(element, {
    zoomControl: false, attributionControl: false, maxBounds: WORLD, maxBoundsViscosity: 1, maxZoom: NEAREST, zoomSnap: 0.25,
    wheelPxPerZoomLevel: 120, zoomAnimation: !isCalm, fadeAnimation: !isCalm, markerZoomAnimation: !isCalm, inertia: !isCalm,
    dragging: moves, touchZoom: moves, scrollWheelZoom: moves, doubleClickZoom: moves, boxZoom: moves, keyboard: false,
  })
  fitMinimum(map)
  map.on("resize", () => fitMinimum(map))
  const watcher = new ResizeObserver(() => (isGone(map) ? watcher.disconnect() : map.invalidateSize({ pan: false })))
  watcher.observe(element)
  const credit = L.control.attribution({ prefix: false })
  if (moves) credit.addAttribution("Natural Earth · GeoNames").addTo(map) // what stands still is a way to a map that says so
  if (moves) {
    L.control.zoom({ position: "bottomright", zoomInTitle: _("Nearer"), zoomOutTitle: _("Farther") }).addTo(map)
    addKeys(map, element)
    element.setAttribute("role", "application")
    element.setAttribute("aria-label", _("Map. Arrow keys move it, plus and minus change how near it is."))
  }
  const countries = new Countries(map)
  const names = new Names(map)
  countries.ready = countries.draw(COARSE).then((shapes) => names.setCountries(shapes))
  countries.ready
    .then(() => (isStill && map.getZoom() < 3 ? undefined : countries.draw(FINE)))
    .then((shapes) => shapes && names.setCountries(shapes))
  const { address, attribution } = await tiles()
  if (address) L.tileLayer(address, { maxZoom: NEAREST, className: "map-tiles" }).addTo(map)
  if (attribution) credit.addTo(map).addAttribution(Object.assign(document.createElement("span"), { textContent: attribution }).innerHTML)
  if (!address) countries.ready.then(() => names.start())
  return map
}

const isGone = (map) => !map.getPane("mapPane")

const STEP = 96 // pixels
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }

/** Arrows move the map, plus and minus go nearer and farther; nobody else hears of these keys. */
function addKeys(map, element) {
  element.tabIndex = 0
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (ARROWS[event.key]) map.panBy(ARROWS[event.key])
    else if (event.key === "+" || event.key === "=") map.zoomIn()
    else if (event.key === "-") map.zoomOut()
    else return
    event.preventDefault()
    event.stopPropagation()
  })
}

/** Where somebody was looking, or the whole world. */
export function show(map, { latitude, longitude, zoom } = {}) {
  if (latitude === undefined) map.setView([25, 10], map.getMinZoom(), { animate: false })
  else map.setView([latitude, longitude], Math.max(zoom, map.getMinZoom()), { animate: false })
}

export const corners = ({ south, west, north, east }) => L.latLngBounds([south, west], [north, east < west ? east + 360 : east])

/** The shapes of all countries, in the colours of the page; drawn again when those change. */
class Countries {
  #renderer = L.canvas({ padding: 0.3 })
  #layer

  constructor(map) {
    this.map = map
    const repaint = () => this.#layer?.setStyle(this.#style())
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint)
    new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] })
  }

  async draw(address) {
    const shapes = await atlas(address)
    if (isGone(this.map)) return shapes.features // whoever asked for it has gone on meanwhile
    const layer = L.geoJSON(shapes, { renderer: this.#renderer, interactive: false, style: () => this.#style() }).addTo(this.map)
    this.#layer?.remove()
    this.#layer = layer
    return shapes.features
  }

  #style() {
    const { color, borderTopColor } = getComputedStyle(this.map.getContainer())
    return { fillColor: color, fillOpacity: 1, color: borderTopColor, weight: SEAMS, opacity: 1 }
  }
}

const known = new Map()

/** A file of shapes, read once for all maps of a page. */
function atlas(address) {
  if (!known.has(address)) {
    known.set(address, fetch(address).then((answer) => answer.json()).then((world) => flat(topojson.feature(world, world.objects.countries))))
  }
  return known.get(address)
}

/** Shapes for a flat map: those across the date line lie on both of its ends, and the one around a pole reaches down to the edge. */
function flat(shapes) {
  for (const { geometry } of shapes.features) {
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates
    geometry.type = "MultiPolygon"
    geometry.coordinates = polygons.flatMap((rings) => {
      const whole = rings.map(unrolled)
      const longitudes = whole[0].map(([longitude]) => longitude)
      const copies = [whole]
      if (Math.max(...longitudes) > 180) copies.push(whole.map((ring) => ring.map(([x, y]) => [x - 360, y])))
      if (Math.min(...longitudes) < -180) copies.push(whole.map((ring) => ring.map(([x, y]) => [x + 360, y])))
      return copies
    })
  }
  return shapes
}

/** A ring without a jump from one end of the world to the other. */
function unrolled(ring) {
  let turn = 0, before = ring[0][0]
  const found = ring.map(([x, y]) => {
    turn -= Math.round((x - before) / 360) * 360
    before = x
    return [x + turn, y]
  })
  if (Math.abs(turn) === 360) found.push([found.at(-1)[0], -90], [found[0][0], -90], found[0])
  return found
}

let server

const tiles = () => (server ??= ask("/api/v1/map/tiles").then((found) => found ?? {}))

function style(address) {
  const { href } = address
  let link = document.querySelector(`link[href="${href}"], link[href="${address.pathname}"]`)
  if (link?.sheet) return undefined
  if (!link) {
    link = Object.assign(document.createElement("link"), { rel: "stylesheet", href })
    document.head.append(link)
  }
  return new Promise((done) => {
    link.addEventListener("load", done, { once: true })
    link.addEventListener("error", done, { once: true })
  })
}

/** When an element is there to be seen: a map needs to know how large it is. */
function sized(element) {
  return new Promise((done) => {
    const watcher = new ResizeObserver(([{ contentRect }]) => {
      if (!contentRect.width || !contentRect.height) return
      watcher.disconnect()
      done()
    })
    watcher.observe(element)
  })
}

/** Never farther away than where the world fills the map. */
function fitMinimum(map) {
  const { x, y } = map.getSize()
  map.setMinZoom(Math.ceil(4 * Math.log2(Math.max(x, y, 256) / 256)) / 4)
}
