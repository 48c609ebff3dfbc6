/** Questions to be answered with two keys: y and n answer the one that has the focus, or else the first. */
class YesOrNo extends HTMLElement {
  connectedCallback() {
    document.addEventListener("keydown", this.#key)
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#key)
  }

  #key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog, [popover]")) return
    const answer = { y: "yes", n: "no" }[event.key]
    const question = document.activeElement?.closest("[data-question]") ?? this.querySelector("[data-question]")
    if (!answer || !question || !this.contains(question)) return
    event.preventDefault()
    question.querySelector(`[value=${answer}]`).click()
  }
}

customElements.define("yes-or-no", YesOrNo)
