/** A part of a page that is fetched when it comes in sight. Without script there is a link to a page with the same. */
class LaterPart extends HTMLElement {
  #sight = new IntersectionObserver((all) => all.some((each) => each.isIntersecting) && this.#load())

  connectedCallback() {
    this.#sight.observe(this)
  }

  disconnectedCallback() {
    this.#sight.disconnect()
  }

  async #load() {
    this.#sight.disconnect()
    try {
      const answer = await fetch(this.dataset.src)
      if (!answer.ok) return
      const content = document.createElement("template")
      content.innerHTML = await answer.text()
      this.replaceChildren(content.content)
    } catch {
      return // the link stays
    }
  }
}

customElements.define("later-part", LaterPart)
