import { glide, hold } from "./motion.js"

const KEPT = "information"
const mapStyle = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("../map/map.css", import.meta.url) })

/** The panel beside the photo, or the sheet over its lower part; each of its fields is saved when somebody leaves it. */
export class Information {
  #viewer

  constructor(viewer) {
    this.#viewer = viewer
    viewer.addEventListener("change", (event) => event.target.closest("[data-save]") && event.target.form.requestSubmit())
    viewer.addEventListener("keydown", (event) => this.#typed(event))
    viewer.addEventListener("toggle", (event) => event.target.matches?.("details.edit") && this.#open(event.target), true)
    viewer.addEventListener("picked", ({ target, detail }) => this.#put(target.closest("form"), detail))
    viewer.addEventListener("refreshed", () => this.isShown && this.#improve())
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
    if (isWanted === this.isShown) return
    sessionStorage.setItem(KEPT, isWanted ? "shown" : "hidden")
    if (!isWanted && panel?.contains(document.activeElement)) this.#viewer.focus({ preventScroll: true })
    this.#set(isWanted)
    if (!isWanted || !panel) return // it comes with the photo
    const isSheet = innerWidth <= 700
    panel.style.transform = isSheet ? "translateY(100%)" : "translateX(48px)"
    glide(panel, { transform: "none" })
  }

  #set(isShown) {
    this.#viewer.classList.toggle("shows-information", isShown)
    this.#viewer.classList.remove("has-full-sheet")
    for (const each of this.#viewer.querySelectorAll('[data-act="info"][aria-expanded]')) each.ariaExpanded = isShown
    if (isShown) this.#improve()
  }

  /** What not every photo needs is loaded by the first that does. */
  #improve() {
    if (this.#panel?.querySelector("small-map")) import("../map/small-map.js")
  }

  // ------------------------------------------------------------ putting right

  async #open(details) {
    if (!details.open) return
    if (details.querySelector("place-search")) {
      if (!mapStyle.isConnected) document.head.append(mapStyle)
      await import("../map/place-search.js")
    }
    // Loading may take a while, in which somebody may have begun to write elsewhere.
    if (!details.querySelector("form")?.contains(document.activeElement)) details.querySelector("input:not([type=hidden])")?.focus()
  }

  /** Ask for the place on a map. */
  async chooseOnMap() {
    const form = this.#panel.querySelector("place-search").closest("form")
    const { pickPlace } = await import("../map/place-picker.js")
    const [latitude, longitude] = ["latitude", "longitude"].map((name) => form.elements[name].value)
    const place = await pickPlace(latitude ? { latitude: Number(latitude), longitude: Number(longitude) } : {})
    if (place) this.#put(form, place)
  }

  #put(form, { latitude, longitude }) {
    form.elements.latitude.value = latitude
    form.elements.longitude.value = longitude
    form.requestSubmit()
  }

  /** Enter saves what is typed, Esc takes it back. */
  #typed(event) {
    const field = event.target.closest("[data-save]")
    if (!field) return this.#leave(event)
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

  /** Esc closes what is open for editing, before it closes anything else. */
  #leave(event) {
    const details = event.target.closest("details.edit[open]")
    if (event.key !== "Escape" || !details) return
    event.preventDefault()
    event.stopPropagation()
    details.open = false
    details.querySelector("summary").focus()
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
