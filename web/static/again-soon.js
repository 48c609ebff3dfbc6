import { welcome } from "./pictures.js"

const PAUSE = 2000 // ms
let tries = 5

/** Stands in a result in which something is missing until a model has been started: searches again, while nobody has turned to a photo. */
class AgainSoon extends HTMLElement {
  #timer

  connectedCallback() {
    if (tries > 0) this.#timer = setTimeout(() => this.#again(), PAUSE)
  }

  disconnectedCallback() {
    clearTimeout(this.#timer)
  }

  async #again() {
    const found = this.closest(".found")
    const isLookedAt = () => scrollY > 0 || found.contains(document.activeElement) || document.querySelector("dialog[open]")
    if (isLookedAt()) return // the link to search again stays
    tries -= 1
    try {
      const answer = await fetch(location.href)
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".found")
      if (!fresh || isLookedAt() || !this.isConnected) return
      found.replaceWith(fresh)
      welcome(fresh.querySelectorAll(".tile"))
    } catch {
      return // nobody answers: what is there stays
    }
  }
}

customElements.define("again-soon", AgainSoon)
