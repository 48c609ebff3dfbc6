import { _, date } from "./words.js"

const SHOWN_AFTER_SCROLL = 1500 // ms
const APART = 24 // pixels a year's word needs
const STEP = 0.1 // of a month's photos and more: what Page Up and Page Down go by

/** Time along the right edge, a year as long as its photos are many. The mouse, a finger or keys glide over it, and the grid follows. */
class TimeScrubber extends HTMLElement {
  #bubble = made("bubble")
  #here = made("here")
  #years = made("years")
  #timer
  #frame = 0
  #to
  #isGliding = false

  /** Follow a grid. */
  follow(grid) {
    this.grid = grid
    this.className = "scrubber"
    this.tabIndex = 0
    this.role = "slider"
    this.ariaLabel = _("Date")
    this.setAttribute("aria-orientation", "vertical")
    this.#bubble.hidden = true
    this.replaceChildren(this.#years, this.#here, this.#bubble)
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave", "keydown"]) this.addEventListener(type, this)
    grid.addEventListener("moved", () => this.#mark())
    grid.addEventListener("begun", () => this.#draw())
    addEventListener("scroll", () => this.#appear(), { passive: true })
    addEventListener("resize", () => this.#draw())
    this.#draw()
  }

  get #photos() {
    return this.grid.window.photos
  }

  /** Years where their newest photos are; those that would lie on each other lose their words, not their place. */
  #draw() {
    const { months, total } = this.#photos
    const height = this.#years.clientHeight
    this.hidden = !months[0]?.said || this.grid.window.length < 2.5 * innerHeight
    this.ariaValueMin = "0"
    this.ariaValueMax = String(total)
    const marks = []
    let free = -Infinity, year
    for (const { month, number } of months) {
      if (month.slice(0, 4) === year) continue
      year = month.slice(0, 4)
      const top = (number / total) * height
      const mark = Object.assign(document.createElement("span"), { textContent: year, className: "year" })
      mark.classList.toggle("is-crowded", top < free)
      if (top >= free) free = top + APART
      mark.style.top = `${top}px`
      marks.push(mark)
    }
    this.#years.replaceChildren(...marks)
    this.#mark()
  }

  #appear() {
    this.classList.add("is-shown")
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#isGliding || this.classList.remove("is-shown"), SHOWN_AFTER_SCROLL)
  }

  #mark() {
    if (this.#isGliding) return
    this.#place(this.grid.window.numberAtTop)
  }

  #place(number) {
    this.#here.style.setProperty("--share", number / Math.max(1, this.#photos.total))
    const said = this.#saidAt(number)
    if (this.#said === said) return
    this.#said = said
    this.ariaValueNow = String(Math.round(number))
    this.ariaValueText = said
  }

  #said

  /** The month of the photo with this number, and its year. */
  #saidAt(number) {
    return this.#monthAt(number)?.said ?? ""
  }

  #monthAt(number) {
    const { months } = this.#photos
    let low = 0, high = months.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (months[middle].number <= number) low = middle
      else high = middle - 1
    }
    return months[low]
  }

  /** Within a month of thousands the day is said too, as far as it is known. */
  #bubbleAt(number) {
    const { photos } = this.grid.window
    const place = photos.placeOf(number)
    const at = photos.pieces[place.piece]?.data?.at[place.index]
    const month = this.#monthAt(number)
    if (!at || !month || month.count < photos.total / 3) return month?.said ?? ""
    return date(new Date(`${at.slice(0, 10)}T12:00:00`), { day: "numeric", month: "long", year: "numeric" })
  }

  #numberAt(y) {
    const box = this.#years.getBoundingClientRect()
    return Math.min(Math.max((y - box.top) / box.height, 0), 1) * this.#photos.total
  }

  handleEvent(event) {
    if (event.type === "keydown") return this.#key(event)
    const number = this.#numberAt(event.clientY)
    if (event.type === "pointerdown" && !event.button) {
      event.preventDefault()
      this.setPointerCapture(event.pointerId)
      this.#isGliding = true
      this.classList.add("is-gliding", "is-shown")
    }
    const isOver = event.type === "pointerdown" || (event.type === "pointermove" && (this.#isGliding || event.pointerType === "mouse"))
    if (event.type === "pointerup" || event.type === "pointercancel") {
      this.#isGliding = false
      this.classList.remove("is-gliding")
      this.#appear()
    }
    this.#bubble.hidden = !isOver
    if (!isOver) return
    this.#bubble.textContent = this.#bubbleAt(number)
    this.#bubble.style.top = `${event.clientY - this.getBoundingClientRect().top}px`
    if (!this.#isGliding) return
    this.#place(number)
    this.#to = number
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      this.grid.window.jumpTo(Math.min(this.#to, this.#photos.total - 1))
    })
  }

  /** Arrows go by months, Page Up and Down by a tenth of everything. */
  #key(event) {
    const { months, total } = this.#photos
    const number = this.grid.window.numberAtTop
    const here = months.indexOf(this.#monthAt(number))
    const to = {
      ArrowDown: () => months[here + 1]?.number, ArrowUp: () => (number - months[here].number > 1 ? months[here].number : months[here - 1]?.number),
      ArrowRight: () => months[here + 1]?.number, ArrowLeft: () => months[here - 1]?.number,
      PageDown: () => Math.min(number + total * STEP, total - 1), PageUp: () => Math.max(number - total * STEP, 0),
      Home: () => 0, End: () => total - 1,
    }[event.key]?.()
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    this.grid.window.jumpTo(to)
    this.#appear()
  }
}

function made(name) {
  const element = document.createElement("div")
  element.className = name
  return element
}

customElements.define("time-scrubber", TimeScrubber)

/** Put a scrubber beside a grid that holds what is near of a long list. */
export function addScrubber(grid) {
  if (grid.scrubber) return
  grid.scrubber = document.createElement("time-scrubber")
  grid.after(grid.scrubber)
  grid.scrubber.follow(grid)
}
