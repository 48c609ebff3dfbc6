import { open } from "./photo-viewer.js"
import { welcome } from "./pictures.js"

/** The timeline's photos: opens them in place, and lets arrow keys walk over them. */
class PhotoGrid extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this)
    this.addEventListener("keydown", this)
    this.addEventListener("refreshed", () => welcome(this.querySelectorAll(".tile")))
  }

  handleEvent(event) {
    const tile = event.target.closest?.(".tile")
    if (!tile || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    if (event.type === "click") {
      event.preventDefault()
      open(tile)
    } else if (event.key.startsWith("Arrow")) {
      const next = this.#beside(tile, event.key)
      if (!next) return
      event.preventDefault()
      next.focus()
    }
  }

  #beside(tile, key) {
    const tiles = [...this.querySelectorAll(".tile")]
    const here = tiles.indexOf(tile)
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
}

customElements.define("photo-grid", PhotoGrid)
