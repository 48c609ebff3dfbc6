import { toast } from "../toast.js"
import { _ } from "../words.js"

/** The menu that says how the grid shows photos, and goes to a date. */
class GridTools extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", ({ target }) => {
      if (target.name === "grouping") this.#grid?.show({ grouping: target.value })
      if (target.name === "density") this.#grid?.show({ density: Number(target.value) })
    })
    this.addEventListener("submit", (event) => {
      event.preventDefault()
      this.#go(event.target.elements.at?.value)
    })
    this.querySelector("[popover]").addEventListener("toggle", ({ newState }) => newState === "open" && this.#say())
  }

  get #grid() {
    return document.querySelector("photo-grid[data-scope]")
  }

  /** Keys may have changed it meanwhile. */
  #say() {
    const { density, grouping } = this.#grid ?? {}
    for (const input of this.querySelectorAll("input[type=radio]")) input.checked = input.value === String(input.name === "density" ? density : grouping)
  }

  async #go(day) {
    if (!day) return
    this.querySelector("[popover]").hidePopover()
    if (!(await this.#grid?.goTo(day).catch(() => undefined))) toast(_("There are no photos here."))
  }
}

customElements.define("grid-tools", GridTools)
