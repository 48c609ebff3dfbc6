/** A field that leaves of the list behind it only what fits the words typed. */
class ListFilter extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", () => this.#filter())
    this.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault()) // it would send the form around it
  }

  #filter() {
    const words = fold(this.querySelector("input").value).split(/\s+/).filter(Boolean)
    for (const each of this.nextElementSibling.children) {
      const said = fold(each.dataset.words ?? each.textContent)
      each.hidden = !words.every((word) => said.includes(word))
    }
  }
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()

customElements.define("list-filter", ListFilter)
