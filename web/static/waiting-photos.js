/** Photos that visitors sent: y takes the one that has the focus, or else the first, n refuses it. */
class WaitingPhotos extends HTMLElement {
  connectedCallback() {
    document.addEventListener("keydown", this.#key)
    this.addEventListener("error", (event) => event.target.closest(".frame")?.classList.add("is-unseen"), { capture: true })
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#key)
  }

  #key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog, [popover]")) return
    const act = { y: "accept", n: "refuse" }[event.key]
    const card = document.activeElement?.closest("[data-waiting]") ?? this.querySelector("[data-waiting]")
    if (!act || !card || !this.contains(card)) return
    card.querySelector(`[value=${act}]`).click()
    event.preventDefault()
  }
}
customElements.define("waiting-photos", WaitingPhotos)
