import { welcome } from "./pictures.js"
import { _ } from "./words.js"

/** Fetches the next stretch of the timeline when its end comes near. Without script, the link inside still works. */
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
    if ("above" in this.dataset) this.#putAbove(stretch.content)
    else this.#putBelow(stretch.content)
  }

  #putBelow(stretch) {
    const tiles = stretch.querySelectorAll(".tile")
    const last = this.previousElementSibling
    const first = stretch.querySelector(".day")
    if (first && last?.dataset.day === first.dataset.day) {
      first.remove()
      last.querySelector(".tiles").append(...first.querySelector(".tiles").children)
    }
    this.replaceWith(stretch)
    welcome(tiles)
  }

  #putAbove(stretch) {
    const tiles = stretch.querySelectorAll(".tile")
    const grid = this.parentElement
    const first = this.nextElementSibling
    const inSight = [...grid.querySelectorAll(".tile")].find((tile) => tile.getBoundingClientRect().bottom > 100) ?? first
    const before = inSight.getBoundingClientRect().top
    const last = [...stretch.querySelectorAll(".day")].at(-1)
    if (last && last.dataset.day === first.dataset.day) {
      last.remove()
      first.querySelector(".tiles").prepend(...last.querySelector(".tiles").children)
    }
    this.replaceWith(stretch)
    scrollBy({ top: inSight.getBoundingClientRect().top - before, behavior: "instant" }) // what was in sight stays there
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
