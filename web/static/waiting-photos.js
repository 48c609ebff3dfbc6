import { _ } from "./words.js"

/** Photos that visitors sent: y takes the one that has the focus, or else the first, n refuses it. */
class WaitingPhotos extends HTMLElement {
  connectedCallback() {
    document.addEventListener("keydown", this.#key)
    this.addEventListener("click", (event) => this.#click(event))
    this.addEventListener("error", (event) => event.target.closest(".frame")?.classList.add("is-unseen"), { capture: true })
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#key)
  }

  /** A picture over the whole page; whatever is done next closes it. */
  #click(event) {
    const frame = event.target.closest("a.frame")
    if (!frame || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    const small = frame.querySelector("img")
    const dialog = Object.assign(document.createElement("dialog"), { className: "waiting-large" })
    dialog.setAttribute("aria-label", small.alt)
    const away = Object.assign(document.createElement("button"), { type: "button" })
    away.setAttribute("aria-label", _("Close"))
    away.append(Object.assign(new Image(), { src: small.currentSrc || small.src, alt: "" }))
    dialog.append(away)
    dialog.addEventListener("click", () => dialog.close())
    dialog.addEventListener("close", () => dialog.remove())
    document.body.append(dialog)
    dialog.showModal()
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
