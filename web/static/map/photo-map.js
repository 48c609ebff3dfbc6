import { Clusters } from "./clusters.js"
import { ask } from "./ask.js"
import { corners, show, worldMap } from "./world.js"

/**
 * <photo-map data-scope="album-12">: where a scope's photos were taken. data-at="48.1,-1.7,9" (latitude, longitude, zoom) is where it
 * begins; else all of them are in view. "moved" is dispatched when it stands still, "clusters" when the photos in view are known,
 * "open" for photos that no zooming takes apart: what is not prevented goes to the newest of them.
 */
export class PhotoMap extends HTMLElement {
  #months = []

  connectedCallback() {
    this.ready ??= this.#load()
  }

  disconnectedCallback() {
    this.ready?.then(() => !this.isConnected && this.map.remove())
  }

  async #load() {
    const element = document.createElement("div")
    this.append(element)
    const map = (this.map = await worldMap(element))
    const scope = this.dataset.scope ?? "timeline"
    this.clusters = new Clusters(map, { scope, months: this.#months, open: (cluster) => this.#open(cluster) })
    map.on("clusters", ({ photos }) => this.#tell("clusters", { photos }))
    map.on("moveend", () => this.#tell("moved"))
    const at = this.dataset.at?.split(",").map(Number)
    if (at?.length === 3 && at.every(Number.isFinite)) return show(map, { latitude: at[0], longitude: at[1], zoom: at[2] })
    show(map)
    await this.showAll({ scope }, false)
  }

  /** Go to where all photos of a scope, or of a country, region or city, were taken. */
  async showAll(query, isSeen = true) {
    const found = await ask("/api/v1/map/whole", query)
    if (found?.bounds) this.map.fitBounds(corners(found.bounds), { padding: [48, 48], maxZoom: 13, animate: isSeen })
  }

  /** Go to a place. */
  go({ latitude, longitude, zoom }) {
    this.map.flyTo([latitude, longitude], zoom, { duration: 0.8 })
  }

  get months() {
    return this.#months
  }

  set months(months) {
    this.#months = months
    if (!this.clusters) return
    this.clusters.months = months
    this.clusters.refresh()
  }

  #open(cluster) {
    const go = this.dataset.scope ? `?in=${this.dataset.scope}` : ""
    if (this.#tell("open", cluster)) location.assign(`/photo/${cluster.photo_id}${go}`)
  }

  #tell(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, cancelable: true }))
  }
}

customElements.define("photo-map", PhotoMap)
