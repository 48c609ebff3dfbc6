import { _ } from "./words.js"

const LONG_ENOUGH = 8000 // ms

/** Say briefly what was done. undo: what to call when somebody wants it back. */
export function toast(said, undo) {
  const one = document.createElement("div")
  one.className = "toast"
  one.append(said)
  if (undo) {
    const button = Object.assign(document.createElement("button"), { className: "button", textContent: _("Undo") })
    button.onclick = () => (one.remove(), undo())
    one.append(button)
  }
  const away = () => (one.matches(":hover, :focus-within") ? setTimeout(away, 1000) : one.remove())
  setTimeout(away, LONG_ENOUGH)
  const here = document.querySelector("dialog[open] .toasts") ?? document.getElementById("toasts")
  here.replaceChildren(one)
}
