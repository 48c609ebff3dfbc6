/** A part of a page that is fetched again every few seconds while somebody looks at it. */
class FreshPart extends HTMLElement {
  #timer

  connectedCallback() {
    this.#timer = setInterval(() => document.visibilityState === "visible" && this.#fetch(), 3000)
  }

  disconnectedCallback() {
    clearInterval(this.#timer)
  }

  async #fetch() {
    try {
      const answer = await fetch(this.dataset.src)
      if (!answer.ok) return
      const page = new DOMParser().parseFromString(await answer.text(), "text/html")
      const fresh = page.getElementById(this.id)
      if (fresh.innerHTML !== this.innerHTML) this.replaceChildren(...fresh.childNodes)
    } catch {
      return // the program is being started again; the next time will tell
    }
  }
}

customElements.define("fresh-part", FreshPart)
