import { _ } from "../words.js"

/**
 * <small-map data-lat="48.1" data-lon="-1.7">: where that is, as a picture that leads to the large map. Loads the map once it is
 * shown. A link inside stands in for it without script.
 */
class SmallMap extends HTMLElement {
  static observedAttributes = ["data-lat", "data-lon"]
  #watcher = new IntersectionObserver(([entry]) => entry.isIntersecting && this.#load())

  connectedCallback() {
    this.#watcher.observe(this)
  }

  disconnectedCallback() {
    this.#watcher.disconnect()
    this.map?.remove()
    this.map = undefined
  }

  attributeChangedCallback() {
    this.#place()
  }

  async #load() {
    this.#watcher.disconnect()
    if (this.map) return
    const { worldMap, L } = await import("./world.js")
    if (!this.isConnected || this.map) return
    this.link = document.createElement("a")
    this.link.setAttribute("aria-label", _("Show on the map"))
    this.#lead()
    const frame = document.createElement("div")
    frame.setAttribute("aria-hidden", "true")
    frame.inert = true
    this.replaceChildren(frame, this.link)
    const map = await worldMap(frame, { isStill: true })
    if (!this.isConnected) return map.remove()
    this.map = map
    this.pin = L.marker([0, 0], { icon: L.divIcon({ className: "map-pin", iconSize: [28, 28], iconAnchor: [14, 26] }), interactive: false, keyboard: false })
    this.#place()
    this.pin.addTo(map)
  }

  #place() {
    if (!this.map) return
    const { lat, lon, zoom = "6" } = this.dataset
    this.#lead()
    this.pin.setLatLng([lat, lon])
    this.map.setView([lat, lon], Math.max(Number(zoom), this.map.getMinZoom()), { animate: false })
  }

  #lead() {
    const { lat, lon } = this.dataset
    this.link.href = `/places?at=${Number(lat).toFixed(5)},${Number(lon).toFixed(5)},13&show=photos` // with the photos taken near here
  }
}

customElements.define("small-map", SmallMap)
