const STILL = 8 // pixels a finger may tremble and still tap
const TWICE = 260 // ms between the two taps of a double tap
const HELD = 350 // ms a finger rests before it holds
const RECENT = 80 // ms at the end of a movement that say how fast it was

/**
 * Tells apart what fingers and the mouse do on the stage inside an element: grip, then drag and drop, or pinch and spread; tap and
 * twice; hold and letGo. Points are in pixels of the window. What has controls of its own (a video, a link) is left alone.
 */
export class Gestures {
  #on
  #element
  #fingers = new Map() // pointer id -> {x, y}
  #drag // {from, last, trail} of one finger that has moved
  #pinch // {apart, middle} of two
  #tapped // {at, x, y, timer}
  #holding
  #isHeld = false

  constructor(element, on) {
    this.#element = element
    this.#on = on
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) element.addEventListener(type, this)
    element.addEventListener("dragstart", (event) => event.preventDefault()) // pictures are moved, not dragged elsewhere
    element.addEventListener("contextmenu", (event) => this.#isHeld && event.preventDefault())
  }

  handleEvent(event) {
    if (event.type === "pointerdown") this.#down(event)
    else if (this.#fingers.has(event.pointerId)) event.type === "pointermove" ? this.#move(event) : this.#up(event)
  }

  #down(event) {
    if (event.button > 0 || !event.target.closest(".stage") || event.target.closest("a, button, input, video[controls], .failure")) return
    if (this.#fingers.size >= 2) return
    if (event.pointerType === "mouse" && event.detail > 1) event.preventDefault() // no text is selected by a double click
    this.#fingers.set(event.pointerId, pointOf(event))
    if (event.pointerType !== "mouse" || this.#on.takesMouse?.()) this.#element.setPointerCapture(event.pointerId)
    clearTimeout(this.#holding)
    if (this.#fingers.size === 2) {
      this.#letGo()
      if (this.#drag?.last) this.#on.drop?.({ x: 0, y: 0, speed: { x: 0, y: 0 }, isOver: true })
      this.#drag = undefined
      this.#pinch = this.#spread()
      this.#on.grip?.()
      return
    }
    this.#drag = { from: pointOf(event), kind: event.pointerType, trail: [] }
    this.#holding = setTimeout(() => {
      this.#isHeld = true
      this.#on.hold?.(this.#drag.from, event)
    }, HELD)
  }

  #move(event) {
    this.#fingers.set(event.pointerId, pointOf(event))
    if (this.#pinch) return this.#pinching()
    if (!this.#drag) return
    const { from, trail, kind } = this.#drag
    const x = event.clientX - from.x
    const y = event.clientY - from.y
    if (!this.#drag.last && Math.hypot(x, y) < STILL) return
    clearTimeout(this.#holding)
    if (this.#isHeld) return
    if (!this.#drag.last) this.#on.grip?.()
    trail.push({ x: event.clientX, y: event.clientY, at: event.timeStamp })
    while (trail.length > 2 && trail[0].at < event.timeStamp - RECENT) trail.shift()
    this.#drag.last = { x, y }
    this.#on.drag?.({ x, y, from, kind })
  }

  #up(event) {
    const cancelled = event.type === "pointercancel"
    this.#fingers.delete(event.pointerId)
    clearTimeout(this.#holding)
    if (this.#pinch) {
      this.#pinch = undefined
      this.#on.spread?.()
      this.#drag = undefined // the finger that stays does nothing until it is lifted too
      return
    }
    const drag = this.#drag
    this.#drag = undefined
    if (this.#isHeld) return this.#letGo()
    if (!drag) return
    if (drag.last) this.#on.drop?.({ ...(cancelled ? { x: 0, y: 0 } : drag.last), speed: speedOf(drag.trail, event.timeStamp), kind: drag.kind, isOver: cancelled })
    else if (!cancelled) this.#tap(event)
  }

  #letGo() {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#on.letGo?.()
  }

  /** A tap counts once no second one has followed. */
  #tap(event) {
    const point = pointOf(event)
    const before = this.#tapped
    if (before && event.timeStamp - before.at < TWICE && Math.hypot(point.x - before.x, point.y - before.y) < 40) {
      clearTimeout(before.timer)
      this.#tapped = undefined
      this.#on.twice?.(point)
      return
    }
    const { pointerType } = event
    const timer = setTimeout(() => {
      this.#tapped = undefined
      this.#on.tap?.(point, pointerType)
    }, TWICE)
    this.#tapped = { ...point, at: event.timeStamp, timer }
  }

  #spread() {
    const [a, b] = [...this.#fingers.values()]
    return { apart: Math.max(Math.hypot(a.x - b.x, a.y - b.y), 1), middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } }
  }

  #pinching() {
    const now = this.#spread()
    const before = this.#pinch
    this.#pinch = now
    this.#on.pinch?.({
      times: now.apart / before.apart,
      at: now.middle,
      x: now.middle.x - before.middle.x,
      y: now.middle.y - before.middle.y,
    })
  }
}

const pointOf = (event) => ({ x: event.clientX, y: event.clientY })

/** Pixels per ms over the last moments of a movement. */
function speedOf(trail, until) {
  const [first, last] = [trail[0], trail.at(-1)]
  const time = Math.max(until - first.at, 1)
  return time > 2 * RECENT ? { x: 0, y: 0 } : { x: (last.x - first.x) / time, y: (last.y - first.y) / time }
}
