import { _ } from "./words.js"

// What was searched for lately: known to this browser alone, for whoever is signed in, until they sign out.

const MOST = 12
const KEY = `searches ${document.documentElement.dataset.user ?? ""}`

/** The latest searches, the last one first. */
export function recent() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? []
  } catch {
    return []
  }
}

/** Remember a search that found something. */
export function remember(query) {
  if (query) localStorage.setItem(KEY, JSON.stringify([query, ...recent().filter((each) => each !== query)].slice(0, MOST)))
}

document.addEventListener("submit", (event) => event.target.matches('[action="/logout"]') && localStorage.removeItem(KEY), true)

/** The latest searches as links, in its own place on the page. */
class RecentSearches extends HTMLElement {
  connectedCallback() {
    this.hidden = !recent().length
    this.querySelector("ul").replaceChildren(...recent().map((query) => {
      const link = Object.assign(document.createElement("a"), { className: "chip", textContent: query, href: `/search?${new URLSearchParams({ q: query })}` })
      const item = document.createElement("li")
      item.append(link)
      return item
    }))
    this.querySelector("button").onclick = () => {
      localStorage.removeItem(KEY)
      this.hidden = true
    }
  }
}

customElements.define("recent-searches", RecentSearches)

const found = document.querySelector("[data-found]")
if (found) remember(found.dataset.found)

export const RECENT = _("searched before")
