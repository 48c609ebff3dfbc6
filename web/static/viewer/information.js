import { glide, hold } from "./motion.js"

const KEPT = "information"

/** The panel beside the photo, or the sheet over its lower part; each of its fields is saved when somebody leaves it. */
export class Information {
  #viewer

  constructor(viewer) {
    this.#viewer = viewer
    viewer.addEventListener("change", (event) => event.target.closest("[data-save]") && event.target.form.requestSubmit())
    viewer.addEventListener("keydown", (event) => this.#typed(event))
    viewer.addEventListener("pointerdown", (event) => event.target.closest(".information > header") && this.#pull(event))
  }

  get isShown() {
    return this.#viewer.classList.contains("shows-information")
  }

  get #panel() {
    return this.#viewer.querySelector(".information")
  }

  /** Another photo is here: whether the panel stands beside it is remembered. */
  show() {
    this.#set(sessionStorage.getItem(KEPT) === "shown")
  }

  toggle(isWanted = !this.isShown) {
    const panel = this.#panel
    if (!panel || isWanted === this.isShown) return
    sessionStorage.setItem(KEPT, isWanted ? "shown" : "hidden")
    if (!isWanted && panel.contains(document.activeElement)) this.#viewer.focus({ preventScroll: true })
    this.#set(isWanted)
    if (!isWanted) return
    const isSheet = innerWidth <= 700
    panel.style.transform = isSheet ? "translateY(100%)" : "translateX(48px)"
    glide(panel, { transform: "none" })
  }

  #set(isShown) {
    this.#viewer.classList.toggle("shows-information", isShown)
    this.#viewer.classList.remove("has-full-sheet")
    for (const each of this.#viewer.querySelectorAll('[data-act="info"][aria-expanded]')) each.ariaExpanded = isShown
  }

  /** Enter saves what is typed, Esc takes it back. */
  #typed(event) {
    const field = event.target.closest("[data-save]")
    if (!field) return
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault()
      field.blur()
    } else if (event.key === "Escape") {
      event.preventDefault()
      event.stopPropagation()
      if (field.tagName === "SELECT") field.form.reset()
      else field.value = field.defaultValue
      field.blur()
    }
  }

  /** The sheet follows the finger: up to the whole screen, down until it closes. */
  #pull(down) {
    if (innerWidth > 700 || down.target.closest("button")) return
    const panel = this.#panel
    const header = down.target.closest("header")
    const isFull = this.#viewer.classList.contains("has-full-sheet")
    let y = 0
    hold(panel)
    header.setPointerCapture(down.pointerId)
    const move = (event) => {
      y = event.clientY - down.clientY
      panel.style.transform = `translateY(${isFull ? Math.max(y, 0) : Math.max(y, -40)}px)`
    }
    const up = (event) => {
      header.removeEventListener("pointermove", move)
      if (event.type === "pointerup" && y > 80 && !isFull) {
        panel.style.transform = ""
        return this.toggle(false)
      }
      const top = panel.getBoundingClientRect().top
      if (y < -30) this.#viewer.classList.add("has-full-sheet")
      else if (y > 80) this.#viewer.classList.remove("has-full-sheet")
      panel.style.transform = "none"
      panel.style.transform = `translateY(${top - panel.getBoundingClientRect().top}px)` // it goes on from where it was let go
      glide(panel, { transform: "none" })
    }
    header.addEventListener("pointermove", move)
    header.addEventListener("pointerup", up, { once: true })
    header.addEventListener("pointercancel", up, { once: true })
  }
}
