import { _ } from "../words.js"
import { ask } from "./ask.js"

const WAIT = 120 // ms without a key

/** <place-search>: a field that finds places by name. Dispatches "picked" with the one that was chosen. */
class PlaceSearch extends HTMLElement {
  #items = []
  #active = -1
  #timer
  #asking

  connectedCallback() {
    if (this.input) return
    const id = `places-${Math.random().toString(36).slice(2, 8)}`
    const label = _("Search for a place")
    this.input = Object.assign(document.createElement("input"), { type: "search", placeholder: label, autocomplete: "off", spellcheck: false, enterKeyHint: "search", className: "field" })
    const about = { role: "combobox", "aria-label": label, "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list" }
    for (const [name, value] of Object.entries(about)) this.input.setAttribute(name, value)
    this.list = Object.assign(document.createElement("ul"), { id, hidden: true })
    this.list.setAttribute("role", "listbox")
    this.list.setAttribute("aria-label", _("Places"))
    this.append(this.input, this.list)
    this.input.addEventListener("input", () => this.#soon())
    this.input.addEventListener("keydown", (event) => this.#key(event))
    this.input.addEventListener("blur", () => setTimeout(() => this.#close(), 150))
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()) // the field keeps the focus
    this.list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]")
      if (option) this.#pick([...this.list.children].indexOf(option))
    })
  }

  clear() {
    this.input.value = ""
    this.#close()
  }

  #soon() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#find(), WAIT)
  }

  async #find() {
    const q = this.input.value.trim()
    this.#asking?.abort()
    if (!q) return this.#close()
    this.#asking = new AbortController()
    const at = position(q)
    const asking = this.#asking
    this.input.setAttribute("aria-busy", "true")
    const found = at ? { items: [at] } : await ask("/api/v1/map/search", { q }, asking.signal)
    if (asking === this.#asking) this.input.removeAttribute("aria-busy")
    if (!found || asking !== this.#asking) return undefined
    this.#items = found.items
    this.#active = -1
    this.list.replaceChildren(...found.items.map((each, number) => option(each, `${this.list.id}-${number}`)))
    if (!found.items.length) this.list.append(Object.assign(document.createElement("li"), { className: "quiet", textContent: _("No place of this name is known here.") }))
    this.list.hidden = false
    this.input.setAttribute("aria-expanded", "true")
    return found.items
  }

  async #key(event) {
    const { key } = event
    if (key === "Escape" && !this.list.hidden) {
      event.stopPropagation()
      event.preventDefault()
      this.#close()
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault()
      if (!this.#items.length) return
      this.#active = (this.#active + (key === "ArrowDown" ? 1 : -1) + this.#items.length) % this.#items.length
      for (const [number, each] of [...this.list.children].entries()) each.setAttribute("aria-selected", String(number === this.#active))
      this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.#active}`)
    } else if (key === "Enter") {
      event.preventDefault()
      clearTimeout(this.#timer)
      if (this.#active < 0) await this.#find()
      this.#pick(Math.max(this.#active, 0))
    }
  }

  #pick(number) {
    const found = this.#items[number]
    if (!found) return
    this.input.value = found.name
    this.#close()
    this.dispatchEvent(new CustomEvent("picked", { detail: found, bubbles: true }))
  }

  #close() {
    this.list.hidden = true
    this.#active = -1
    this.input.setAttribute("aria-expanded", "false")
    this.input.removeAttribute("aria-activedescendant")
  }
}

/** "48.1147, -1.6794": a latitude and a longitude, if that is what somebody wrote. */
function position(text) {
  const numbers = text.match(/^(-?\d{1,2}(?:\.\d+)?)[,;\s]+(-?\d{1,3}(?:\.\d+)?)$/)?.slice(1).map(Number)
  if (!numbers || Math.abs(numbers[0]) > 90 || Math.abs(numbers[1]) > 180) return undefined
  return { name: numbers.join(", "), within: _("these coordinates"), latitude: numbers[0], longitude: numbers[1], zoom: 14 }
}

function option({ name, within }, id) {
  const item = Object.assign(document.createElement("li"), { id })
  item.setAttribute("role", "option")
  item.setAttribute("aria-selected", "false")
  item.append(name, " ", Object.assign(document.createElement("span"), { className: "quiet", textContent: within }))
  return item
}

customElements.define("place-search", PlaceSearch)
