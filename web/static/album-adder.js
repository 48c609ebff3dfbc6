import { goOn } from "./acts.js"
import { selection } from "./selection.js"
import { post } from "./send.js"
import { number, plural } from "./words.js"

/** Photos of the timeline are chosen for an album: a tap chooses, the button adds what is chosen. */
class AlbumAdder extends HTMLElement {
  connectedCallback() {
    document.body.classList.add("adding-to-album") // where the bar that acts on a selection would stand in the way
    // Before the grid opens the photo: here, to choose is what people came for.
    this.addEventListener("click", (event) => this.#click(event), true)
    selection.addEventListener("change", this.#changed)
    this.#button.onclick = () => this.#add()
    this.#changed()
  }

  disconnectedCallback() {
    document.body.classList.remove("adding-to-album")
    selection.removeEventListener("change", this.#changed)
  }

  get #button() {
    return this.querySelector("[data-add]")
  }

  #click(event) {
    const tile = event.target.closest?.(".tile")
    if (!tile || selection.size || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    event.preventDefault()
    event.stopPropagation()
    tile.closest(".cell").querySelector(".tick")?.click()
  }

  #changed = () => {
    const n = selection.size
    this.#button.disabled = !n
    const said = this.querySelector("[data-said]")
    said.textContent = n ? plural("{n} photo chosen", "{n} photos chosen", n, { n: number(n) }) : said.dataset.idle
  }

  async #add() {
    this.#button.disabled = true
    const done = await post(`/api/v1/albums/${this.dataset.album}/photos`, { photo_ids: selection.ids })
    if (!done) return void (this.#button.disabled = false)
    selection.clear()
    goOn(`/albums/${this.dataset.album}`, { said: done.said, undo: done.undo, parts: ["album-head"] })
  }
}

customElements.define("album-adder", AlbumAdder)
