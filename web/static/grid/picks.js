import { icon } from "../icons.js"
import { selection } from "../selection.js"
import { silence } from "../send.js"
import { toast } from "../toast.js"
import { _ } from "../words.js"

const HOLD = 450 // ms a finger rests until it chooses
const EDGE = 80 // pixels from the screen's edges within which dragging scrolls

/**
 * How photos of a grid are chosen: by ticks, with shift from one to another, by dragging, by a long press, a whole day by its heading.
 * list: the grid's photos in their order: numberOf(id), ids(first, last) and idAt(number), all of which may be promises but the first.
 */
export class Picks {
  #from // the photo that a range begins with
  #drag
  #hold
  #frame

  constructor(host, list) {
    this.host = host
    this.list = list
    for (const type of ["click", "pointerdown", "contextmenu", "dragstart"]) host.addEventListener(type, this, true)
    for (const type of ["pointermove", "pointerup", "pointercancel"]) addEventListener(type, this)
    this.host.addEventListener("touchmove", this.#still, { passive: false })
    selection.addEventListener("change", this.#changed)
  }

  end() {
    for (const type of ["click", "pointerdown", "contextmenu", "dragstart"]) this.host.removeEventListener(type, this, true)
    for (const type of ["pointermove", "pointerup", "pointercancel"]) removeEventListener(type, this)
    this.host.removeEventListener("touchmove", this.#still)
    selection.removeEventListener("change", this.#changed)
  }

  /** Whether there is a photo that a range would begin with. */
  get hasBegun() {
    return this.#from !== undefined
  }

  // ------------------------------------------------------------ how it looks

  /** Show whether a photo is chosen. */
  mark(cell, id) {
    const isChosen = selection.has(id)
    if (cell.classList.contains("is-chosen") === isChosen) return
    cell.classList.toggle("is-chosen", isChosen)
    const tick = cell.querySelector(".tick")
    if (tick) tick.ariaChecked = String(isChosen)
  }

  addDayTick(heading, said) {
    const tick = document.createElement("button")
    Object.assign(tick, { className: "day-tick", type: "button", ariaLabel: _("Select everything of {day}", { day: said }) })
    tick.append(icon("check"))
    heading.prepend(tick)
  }

  #changed = () => {
    this.host.classList.toggle("is-choosing", selection.size > 0)
    for (const cell of this.host.querySelectorAll(".cell")) this.mark(cell, idOf(cell))
    if (!selection.size) this.#from = undefined
  }

  // ------------------------------------------------------------ what people do

  handleEvent(event) {
    if (event.type === "click") this.#click(event)
    else if (event.type === "pointerdown") this.#press(event)
    else if (event.type === "pointermove") this.#move(event)
    else if (event.type === "dragstart") event.preventDefault()
    else if (event.type === "contextmenu") this.#menu(event)
    else this.#release()
  }

  /** Choose a photo, or all from the one chosen before to this one. */
  async choose(id, isRange) {
    if (!isRange || this.#from === undefined) {
      const isChosen = selection.toggle(id)
      this.#from = isChosen ? id : undefined
      return
    }
    const ids = await this.between(this.#from, id)
    selection.set(ids)
  }

  async between(one, other) {
    const [a, b] = [this.list.numberOf(one) ?? (await this.list.numberOfAny?.(one)), this.list.numberOf(other)]
    if (a === undefined || b === undefined) return [other]
    try {
      return await this.list.ids(Math.min(a, b), Math.max(a, b))
    } catch {
      toast(silence())
      return [other]
    }
  }

  async chooseAll() {
    try {
      selection.set(await this.list.ids(0, this.list.total - 1))
    } catch {
      toast(silence())
    }
  }

  async #chooseDay(section) {
    const ids = await this.list.idsUnder(section)
    selection.set(ids, !ids.every((id) => selection.has(id)))
  }

  #click(event) {
    const dayTick = event.target.closest?.(".day-tick")
    const cell = event.target.closest?.(".cell")
    if (dayTick) {
      stop(event)
      this.#chooseDay(dayTick.closest("section"))
    } else if (cell && this.#drag === "done") {
      stop(event) // the end of a drag is no click
    } else if (cell && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const isTick = event.target.closest(".tick")
      if (!isTick && !selection.size) return
      stop(event)
      this.choose(idOf(cell), event.shiftKey)
    }
    this.#drag = undefined
  }

  #press(event) {
    const cell = event.target.closest?.(".cell")
    if (!cell || event.button) return
    this.#drag = undefined
    if (event.pointerType === "touch") {
      const { clientX, clientY } = event
      this.#hold = { x: clientX, y: clientY, timer: setTimeout(() => this.#begin(cell, clientX, clientY, true), HOLD) }
    } else if (event.target.closest(".tick") && !event.shiftKey) {
      this.#hold = { x: event.clientX, y: event.clientY, cell }
      event.preventDefault() // no text is selected
    }
  }

  #begin(cell, x, y, isTouch) {
    const id = idOf(cell)
    this.#drag = { from: id, isChosen: isTouch || !selection.has(id), before: new Set(selection.ids), x, y, now: id }
    this.#hold = undefined
    this.#from = id
    selection.set([id], this.#drag.isChosen)
    navigator.vibrate?.(10)
  }

  #move(event) {
    if (this.#hold) {
      const far = Math.hypot(event.clientX - this.#hold.x, event.clientY - this.#hold.y) > 8
      if (far && this.#hold.cell) this.#begin(this.#hold.cell, event.clientX, event.clientY)
      else if (far) this.#let()
    }
    if (typeof this.#drag !== "object") return
    Object.assign(this.#drag, { x: event.clientX, y: event.clientY })
    this.#frame ||= requestAnimationFrame(this.#follow)
  }

  /** Everything from where the drag began to where it is now; scrolls at the edges. */
  #follow = async () => {
    this.#frame = 0
    const drag = this.#drag
    if (typeof drag !== "object") return
    const over = drag.y < EDGE ? drag.y - EDGE : drag.y > innerHeight - EDGE ? drag.y - innerHeight + EDGE : 0
    if (over) scrollBy({ top: over / 3, behavior: "instant" })
    const cell = document.elementFromPoint(drag.x, drag.y)?.closest(".cell")
    if (cell && this.host.contains(cell) && idOf(cell) !== drag.now) {
      drag.now = idOf(cell)
      const ids = await this.between(drag.from, drag.now)
      if (this.#drag !== drag) return
      for (const id of drag.reached ?? []) if (!ids.includes(id) && !drag.before.has(id) === drag.isChosen) selection.set([id], !drag.isChosen)
      drag.reached = ids
      selection.set(ids, drag.isChosen)
    }
    if (over) this.#frame ||= requestAnimationFrame(this.#follow)
  }

  #release() {
    this.#let()
    if (typeof this.#drag === "object") {
      this.#drag = "done"
      setTimeout(() => (this.#drag = undefined), 50) // the click comes at once, if it comes
    }
  }

  #let() {
    clearTimeout(this.#hold?.timer)
    this.#hold = undefined
  }

  /** While a finger chooses, it does not scroll. */
  #still = (event) => {
    if (typeof this.#drag === "object" && event.cancelable) event.preventDefault()
  }

  /** A long press on a phone asks for the menu of a link, which stands in the way. */
  #menu(event) {
    if (event.pointerType === "touch" || typeof this.#drag === "object" || this.#hold?.timer) event.preventDefault()
  }
}

const idOf = (cell) => Number(cell.querySelector(".tile").id.slice(6))

function stop(event) {
  event.preventDefault()
  event.stopPropagation()
}
