const AT_WORK = 3000
const AT_REST = 15000

/** A part of a page that is fetched again now and then while somebody looks at it; oftener while something in it is [data-busy]. */
class FreshPart extends HTMLElement {
  #timer

  connectedCallback() {
    this.#wait()
  }

  disconnectedCallback() {
    clearTimeout(this.#timer)
  }

  #wait() {
    this.#timer = setTimeout(async () => {
      if (document.visibilityState === "visible") await this.#fetch()
      if (this.isConnected) this.#wait()
    }, this.querySelector("[data-busy]") ? AT_WORK : AT_REST)
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
