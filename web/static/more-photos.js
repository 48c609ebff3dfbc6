import { welcome } from "./pictures.js"
import { _ } from "./words.js"

/** Fetches the next photos of what was found when the end comes near. Without script, the link inside still works. */
class MorePhotos extends HTMLElement {
  // Somebody who scrolls fast gets there and past within one batch of entries, so the first is not the last word.
  #end = new IntersectionObserver((all) => all.some((each) => each.isIntersecting) && this.load(), { rootMargin: "1500px" })
  #loading

  connectedCallback() {
    this.#end.observe(this)
  }

  disconnectedCallback() {
    this.#end.disconnect()
  }

  /** Fetch them now; once, however often it is asked. */
  load() {
    return (this.#loading ??= this.#load())
  }

  async #load() {
    this.#end.disconnect()
    this.setAttribute("aria-busy", "true")
    let text
    try {
      const answer = await fetch(this.dataset.src, { priority: "high" }) // before the pictures that wait
      if (!answer.ok) throw new Error(answer.status)
      text = await answer.text()
    } catch {
      this.#offerRetry()
      return
    }
    const stretch = document.createElement("template")
    stretch.innerHTML = text
    const tiles = stretch.content.querySelectorAll(".tile")
    const last = this.previousElementSibling
    const first = stretch.content.querySelector(".day")
    if (first && last?.dataset.day === first.dataset.day) {
      first.remove()
      last.querySelector(".tiles").append(...first.querySelector(".tiles").children)
    }
    this.replaceWith(stretch.content)
    welcome(tiles)
  }

  #offerRetry() {
    this.removeAttribute("aria-busy")
    const retry = document.createElement("button")
    retry.className = "button"
    retry.textContent = _("Try again")
    retry.onclick = () => {
      this.replaceChildren()
      this.#loading = undefined
      this.load()
    }
    this.replaceChildren(_("photolib does not answer at the moment."), retry)
  }
}

customElements.define("more-photos", MorePhotos)
