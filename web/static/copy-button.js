import { toast } from "./toast.js"
import { _ } from "./words.js"

/** Copies what the element named by data-of says. Where the browser does not let pages copy, the text is selected instead. */
class CopyButton extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").onclick = () => this.#copy(document.getElementById(this.dataset.of))
  }

  async #copy(from) {
    try {
      await navigator.clipboard.writeText(from.innerText.trim())
      toast(_("Copied."))
    } catch {
      getSelection().selectAllChildren(from)
    }
  }
}
customElements.define("copy-button", CopyButton)
