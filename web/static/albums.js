import { refresh } from "./acts.js"

const PAUSE = 150 // ms without a key until the list is narrowed down

/** The field that narrows the list of albums down while somebody types. Without script, Enter does it. */
class AlbumFilter extends HTMLElement {
  #timer

  connectedCallback() {
    const form = this.querySelector("form")
    form.addEventListener("input", () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#narrow(form), PAUSE)
    })
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      this.#narrow(form)
    })
  }

  #narrow(form) {
    clearTimeout(this.#timer)
    history.replaceState(history.state, "", `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`)
    refresh(["albums", "album-sorts"])
  }
}

/** Fetches the next albums when the end of the list comes near. Without script, the link inside still works. */
class MoreAlbums extends HTMLElement {
  #end = new IntersectionObserver((all) => all.some((each) => each.isIntersecting) && this.#load(), { rootMargin: "1000px" })

  connectedCallback() {
    this.#end.observe(this)
  }

  disconnectedCallback() {
    this.#end.disconnect()
  }

  async #load() {
    this.#end.disconnect()
    try {
      const answer = await fetch(this.querySelector("a").href)
      if (!answer.ok) return
      const page = new DOMParser().parseFromString(await answer.text(), "text/html")
      this.previousElementSibling.append(...page.querySelectorAll("#albums .album-cards > li"))
      const more = page.querySelector("more-albums")
      more ? this.replaceWith(document.adoptNode(more)) : this.remove()
    } catch {
      return // the link stays
    }
  }
}

/** A line that is edited where it stands: what was typed is kept when somebody leaves it or presses Enter, and not with Escape. */
class EditHere extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input:not([type=hidden]), textarea")
    field.addEventListener("change", () => (field.checkValidity() ? field.form.requestSubmit() : (field.value = field.defaultValue)))
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") field.value = field.defaultValue
      else if (event.key !== "Enter" || (field.localName === "textarea" && event.shiftKey)) return
      event.preventDefault()
      field.blur()
    })
  }
}

customElements.define("album-filter", AlbumFilter)
customElements.define("more-albums", MoreAlbums)
customElements.define("edit-here", EditHere)

// A menu opens under its button.
document.addEventListener("toggle", ({ target, newState }) => {
  if (!target.classList?.contains("album-menu") || newState !== "open") return
  const { left, bottom } = document.querySelector(`[popovertarget=${target.id}]`).getBoundingClientRect()
  const { width, height } = target.getBoundingClientRect()
  target.style.right = "auto"
  target.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`
  target.style.top = `${Math.max(8, Math.min(bottom + 4, innerHeight - height - 8))}px`
}, true)

// A menu goes when what it opens comes.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".album-menu [popovertarget]")
  if (!button) return
  event.preventDefault()
  button.closest("[popover]").hidePopover()
  document.getElementById(button.getAttribute("popovertarget")).showPopover()
})

// What changed in the head of an album may have changed which photos there are, and their order; and the other way round.
document.addEventListener("refreshed", ({ target }) => {
  if (target.id !== "album-head") return
  refresh(["album-contributors"])
  const grid = document.querySelector("photo-grid")
  if ((held() === 0) === Boolean(grid)) refresh(["album-photos"]) // the first photo has come, or the last one gone
  else grid?.renew?.()
})

document.addEventListener("begun", ({ target }) => {
  if (held() !== undefined && held() !== target.total) refresh(["album-head"])
})

/** How many photos the head of the album says there are. */
function held() {
  const said = document.querySelector("#album-head [data-holds]")
  return said ? Number(said.dataset.holds) : undefined
}
