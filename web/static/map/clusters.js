import L from "../vendor/leaflet/leaflet.js"
import { number, plural } from "../words.js"
import { ask, inView } from "./ask.js"
import { corners } from "./world.js"

const MARGIN = 0.3 // of the map's size, asked for around it
const SIZE = 56 // pixels of a picture
const NEARER = 4 // steps of zoom that one click goes, at most

/** Photos on a map as pictures that stand for all those nearby. Whoever has the map hears "clusters" when there are new ones. */
export class Clusters {
  #shown = new Map()
  #asking

  /** open: what happens to photos that no zooming takes apart; scope: whose photos; months: [first, last]. */
  constructor(map, { scope = "", months = [], open }) {
    Object.assign(this, { map, scope, months, open })
    map.on("moveend", () => this.refresh())
  }

  async refresh() {
    this.#asking?.abort()
    this.#asking = new AbortController()
    const [from = "", to = ""] = this.months
    const query = { ...inView(this.map, MARGIN), zoom: Math.floor(this.map.getZoom()), from, to, scope: this.scope || "timeline" }
    const found = await ask("/api/v1/map", query, this.#asking.signal)
    if (found) this.#show(found.items)
  }

  #show(items) {
    const kept = new Map()
    for (const item of items) {
      const key = `${item.photo_id} ${item.count}`
      const marker = this.#shown.get(key) ?? this.#add(item)
      marker.setLatLng([item.latitude, item.longitude])
      marker.cluster = item
      kept.set(key, marker)
    }
    for (const [key, marker] of this.#shown) if (!kept.has(key)) marker.remove()
    this.#shown = kept
    const seen = this.map.getBounds()
    const inside = items.filter(({ latitude, longitude }) => seen.contains([latitude, longitude]))
    this.map.fire("clusters", { at: items.map(({ latitude, longitude }) => [latitude, longitude]), photos: inside.reduce((sum, { count }) => sum + count, 0) })
  }

  #add({ latitude, longitude, count, key }) {
    const picture = Object.assign(document.createElement("img"), { src: `/media/${key}/320`, alt: "", decoding: "async", draggable: false })
    const html = document.createElement("span")
    html.append(picture)
    if (count > 1) html.append(Object.assign(document.createElement("b"), { textContent: count < 10_000 ? number(count) : compact(count) }))
    const icon = L.divIcon({ className: "map-cluster", html, iconSize: [SIZE, SIZE] })
    const marker = L.marker([latitude, longitude], { icon, zIndexOffset: Math.min(count, 1000), riseOnHover: true }).addTo(this.map)
    const element = marker.getElement()
    element.setAttribute("aria-label", plural("{n} photo", "{n} photos", count))
    element.removeAttribute("title")
    marker.on("click", () => this.#enter(marker.cluster))
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return
      event.preventDefault()
      this.#enter(marker.cluster)
    })
    return marker
  }

  #enter(cluster) {
    const around = corners(cluster.bounds)
    const zoom = Math.min(this.map.getBoundsZoom(around, false, [SIZE, SIZE]), this.map.getZoom() + NEARER)
    const isOneSpot = around.getNorthEast().equals(around.getSouthWest(), 1e-6)
    if (cluster.count > 1 && !isOneSpot && zoom > this.map.getZoom()) this.map.flyTo(around.getCenter(), zoom, { duration: 0.6 })
    else if (cluster.count > 1 && this.map.getZoom() < this.map.getMaxZoom()) this.map.flyTo([cluster.latitude, cluster.longitude], Math.min(this.map.getZoom() + NEARER, this.map.getMaxZoom()), { duration: 0.6 })
    else this.open(cluster)
  }
}

const compact = (count) => number(count, { notation: "compact", maximumFractionDigits: 1 })
