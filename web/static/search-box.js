import { recent, RECENT } from "./recent-searches.js"
import { _, number } from "./words.js"

// What is said beside a suggestion; nothing where it speaks for itself.
const SAID = {
  label: _("shown on photos"), word: "", field: _("filter"), kind: "", type: "", person: _("person"), place: _("place"), album: _("album"), "shared album": _("shared album"),
  tag: _("tag"), camera: _("camera"), lens: _("lens"), date: _("date"), search: _("saved search"), recent: RECENT,
}
const PAUSE = 40 // ms without a key until suggestions are asked for

/** The field to search with: suggests while somebody types. (The combobox pattern of the ARIA practices.) */
class SearchBox extends HTMLElement {
  #input = this.querySelector("input")
  #list = document.createElement("ul")
  #asking
  #timer

  connectedCallback() {
    const id = `suggestions-${document.querySelectorAll("search-box [role=listbox]").length}`
    Object.assign(this.#list, { id, hidden: true, role: "listbox", ariaLabel: _("Suggestions") })
    this.append(this.#list)
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", id]])
      this.#input.setAttribute(name, value)
    this.#input.addEventListener("input", () => this.#ask())
    this.#input.addEventListener("keydown", (event) => this.#key(event))
    this.#input.addEventListener("blur", () => this.#close())
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault()) // the field keeps the focus
    this.#list.addEventListener("click", (event) => this.#choose(event.target.closest("[role=option]")))
    document.addEventListener("keydown", this.#slash)
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#slash)
    this.#close()
  }

  #slash = (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.target.closest?.("input, textarea, select, dialog") || !this.checkVisibility()) return
    event.preventDefault()
    this.#input.focus()
    this.#input.select()
  }

  #ask() {
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#timer = setTimeout(async () => {
      const asking = (this.#asking = new AbortController())
      let items
      try {
        const answer = await fetch(`/api/v1/search/suggestions?q=${encodeURIComponent(this.#input.value)}`, { signal: asking.signal })
        items = answer.ok ? (await answer.json()).items : []
      } catch {
        return // outdated, or nobody answers: searching works without
      }
      if (!asking.signal.aborted) this.#show(this.#input.value.trim() ? items : [...lately(), ...items])
    }, PAUSE)
  }

  #show(items) {
    this.#list.replaceChildren(...items.map((item, at) => this.#option(item, at)))
    this.#list.hidden = !items.length || document.activeElement !== this.#input
    this.#input.setAttribute("aria-expanded", String(!this.#list.hidden))
    this.#input.removeAttribute("aria-activedescendant")
  }

  #option({ text, kind, query, count, album_id }, at) {
    const option = document.createElement("li")
    Object.assign(option, { id: `${this.#list.id}-${at}`, role: "option", ariaSelected: "false" })
    option.dataset.query = query ?? text
    if (album_id) option.dataset.album = album_id
    const beside = document.createElement("span")
    beside.className = "quiet"
    beside.textContent = [SAID[kind] ?? kind, count && number(count)].filter(Boolean).join(" · ")
    option.append(Object.assign(document.createElement("span"), { textContent: text }), beside)
    return option
  }

  #close() {
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#show([])
  }

  get #chosen() {
    return this.#list.querySelector("[aria-selected=true]")
  }

  #key(event) {
    const options = [...this.#list.children]
    if (event.key === "Escape" && options.length) this.#close()
    else if (event.key === "Enter" && this.#chosen) this.#choose(this.#chosen)
    else if (event.key === "ArrowDown" && !options.length) this.#ask()
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
      const here = options.indexOf(this.#chosen)
      const step = event.key === "ArrowDown" ? 1 : here < 0 ? 0 : -1
      this.#select(options.at((here + step + options.length) % options.length), options)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  #select(option, options) {
    for (const each of options) each.ariaSelected = String(each === option)
    this.#input.setAttribute("aria-activedescendant", option.id)
    option.scrollIntoView({ block: "nearest" })
  }

  #choose(option) {
    if (!option) return
    if (option.dataset.album) return location.assign(`/albums/${option.dataset.album}`) // another's: there is nothing to search in
    this.#input.value = option.dataset.query
    if (option.dataset.query.endsWith(":")) this.#ask() // the name of a filter: its value is still to come
    else this.querySelector("form").requestSubmit()
  }
}

const lately = () => recent().slice(0, 5).map((query) => ({ text: query, kind: "recent", query }))

customElements.define("search-box", SearchBox)
