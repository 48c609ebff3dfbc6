const SHOWN_AFTER_SCROLL = 1500 // ms
const APART = 24 // pixels a year's words need

/** The months at the right edge. Without script they are links; with it, a finger or the mouse glides over them. */
class MonthScrubber extends HTMLElement {
  #bubble = document.createElement("div")
  #here = document.createElement("div")
  #timer

  connectedCallback() {
    this.#bubble.className = "bubble"
    this.#bubble.hidden = true
    this.#here.className = "here"
    this.append(this.#bubble, this.#here)
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave"]) this.addEventListener(type, this)
    addEventListener("scroll", this.#scrolled, { passive: true })
    addEventListener("resize", this.#thin)
    this.#thin()
    this.#mark()
  }

  disconnectedCallback() {
    removeEventListener("scroll", this.#scrolled)
    removeEventListener("resize", this.#thin)
  }

  /** Years that would lie on each other lose their words, not their place. */
  #thin = () => {
    let free = -Infinity
    for (const year of this.querySelectorAll(".year")) {
      const { top } = year.getBoundingClientRect()
      year.classList.toggle("is-crowded", top < free)
      if (top >= free) free = top + APART
    }
  }

  #scrolled = () => {
    this.classList.add("is-shown")
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#bubble.hidden && this.classList.remove("is-shown"), SHOWN_AFTER_SCROLL)
    requestAnimationFrame(() => this.#mark())
  }

  /** Where in the whole timeline the top of the screen is. */
  #mark() {
    const grid = document.elementFromPoint(innerWidth / 3, innerHeight / 3)?.closest?.(".day")
    const month = grid && this.querySelector(`[data-month="${grid.dataset.day.slice(0, 7)}"]`)
    if (!month) return
    this.#here.style.top = `${month.getBoundingClientRect().top - this.getBoundingClientRect().top}px`
  }

  #monthAt(y) {
    const box = this.getBoundingClientRect()
    const inside = Math.min(Math.max(y, box.top + 1), box.bottom - 1)
    let nearest
    for (const month of this.querySelectorAll("a")) {
      const { top } = month.getBoundingClientRect()
      if (top > inside) break
      nearest = month
    }
    return nearest
  }

  handleEvent(event) {
    const month = this.#monthAt(event.clientY)
    if (event.type === "pointerdown") {
      this.setPointerCapture(event.pointerId)
      this.classList.add("is-gliding")
    }
    const isGliding = this.classList.contains("is-gliding")
    const isOver = event.type === "pointerdown" || (event.type === "pointermove" && (isGliding || event.pointerType === "mouse"))
    this.#bubble.hidden = !isOver || !month
    if (event.type === "pointerup" || event.type === "pointercancel") this.classList.remove("is-gliding")
    if (!month) return
    const top = event.clientY - this.getBoundingClientRect().top
    this.#bubble.textContent = month.title.split(",")[0]
    this.#bubble.style.top = `${top}px`
    if (isGliding) this.#here.style.top = `${top}px`
    if (event.type === "pointerup" && isGliding) location.assign(month.href)
  }
}

customElements.define("month-scrubber", MonthScrubber)
