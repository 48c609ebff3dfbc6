import { iconButton } from "./icons.js"
import { ask, send } from "./send.js"
import { toast } from "./toast.js"
import { _, date, number, plural } from "./words.js"

const PAGE = 500 // photos that are fetched at a time
const HOLD = 350 // ms a finger rests on a photo until it lifts it
const FAR = 6 // pixels a mouse moves until it drags
const EDGE = 90 // pixels from the screen's edges within which dragging scrolls

/**
 * An album's photos as squares that are dragged to where they belong, one or the chosen ones together. Whoever cannot or does not want
 * to drag chooses some and moves them with buttons or keys. Every move is kept at once: which photo goes beside which.
 */
class AlbumArranger extends HTMLElement {
  #list = this.querySelector("ol")
  #bar = document.createElement("div")
  #said = document.createElement("output")
  #kept = Promise.resolve() // moves are sent one after the other, in the order they were made
  #cursor
  #coming
  #press
  #drag
  #frame
  #from // where a range that is chosen with shift begins
  #end = new IntersectionObserver((all) => all.some((each) => each.isIntersecting) && this.#more(), { rootMargin: "1500px" })

  connectedCallback() {
    const link = this.querySelector(".more a")
    this.#cursor = link ? new URL(link.href).searchParams.get("before") : undefined
    for (const item of [...this.#list.children]) item.replaceWith(this.#square(item.dataset.id, item.querySelector("img")))
    this.#number()
    this.#list.addEventListener("pointerdown", this)
    this.#list.addEventListener("click", this)
    this.#list.addEventListener("keydown", this)
    this.#list.addEventListener("focusin", ({ target }) => this.#rove(target))
    this.#list.addEventListener("contextmenu", (event) => (this.#press?.isTouch || this.#drag) && event.preventDefault())
    this.#list.addEventListener("touchmove", (event) => this.#drag && event.preventDefault(), { passive: false })
    for (const type of ["pointermove", "pointerup", "pointercancel"]) addEventListener(type, this)
    document.addEventListener("live:albums", this)
    this.#makeBar()
    this.querySelector(".more")?.remove()
    if (this.#cursor) this.#end.observe(this.appendChild(Object.assign(document.createElement("div"), { className: "more" })))
  }

  disconnectedCallback() {
    this.#end.disconnect()
    for (const type of ["pointermove", "pointerup", "pointercancel"]) removeEventListener(type, this)
    cancelAnimationFrame(this.#frame)
    document.removeEventListener("live:albums", this)
  }

  handleEvent(event) {
    if (event.type === "live:albums") this.#told(event.detail.album_ids)
    else if (event.type === "pointerdown") this.#down(event)
    else if (event.type === "pointermove") this.#move(event)
    else if (event.type === "pointerup") this.#up()
    else if (event.type === "pointercancel") this.#cancel()
    else if (event.type === "click") this.#click(event)
    else if (event.type === "keydown") this.#key(event)
  }

  get #items() {
    return [...this.#list.children]
  }

  get #chosen() {
    return this.#items.filter((item) => isChosen(item))
  }

  // ------------------------------------------------------------ squares

  #square(id, picture) {
    const item = document.createElement("li")
    const button = Object.assign(document.createElement("button"), { className: "square", type: "button", ariaPressed: "false", tabIndex: -1 })
    item.dataset.id = id
    picture.classList.add("is-here")
    button.append(picture)
    item.append(button)
    return item
  }

  /** Say where each photo stands; one of them can be reached with Tab, arrow keys lead to the others. */
  #number() {
    const all = number(Math.max(Number(this.dataset.total), this.#list.children.length))
    this.#items.forEach((item, at) => {
      item.firstChild.ariaLabel = _("{photo}, {n} of {all}", { photo: item.querySelector("img").alt, n: number(at + 1), all })
    })
    if (!this.#list.querySelector("[tabindex='0']")) this.#list.firstElementChild?.firstChild.setAttribute("tabindex", "0")
  }

  #rove(button) {
    if (!button.classList.contains("square")) return
    for (const each of this.#list.querySelectorAll("[tabindex='0']")) each.tabIndex = -1
    button.tabIndex = 0
  }

  async #more(size = PAGE) {
    if (!this.#cursor || this.#coming) return this.#coming
    this.#coming = ask(`/api/v1/photos?${new URLSearchParams({ scope: `album-${this.dataset.album}`, cursor: this.#cursor, size })}`)
    try {
      const { items, next } = await this.#coming
      const here = new Set(this.#items.map((item) => Number(item.dataset.id)))
      this.#list.append(...items.filter(({ photo_id }) => !here.has(photo_id)).map((photo) => this.#square(photo.photo_id, image(photo))))
      this.#cursor = next
      this.#number()
      if (!next) this.#end.disconnect()
    } catch (problem) {
      toast(problem.message)
    } finally {
      this.#coming = undefined
    }
  }

  /** Somebody changed the album, perhaps another one who arranges it too: shown once nothing is held, and own moves are kept. */
  #told(albums) {
    if (albums && !albums.includes(Number(this.dataset.album))) return
    this.#kept = this.#kept.then(async () => {
      if (this.#drag && this.#drag !== "done") return void setTimeout(() => this.#told(), 500)
      await this.#renew().catch((problem) => toast(problem.message))
    })
  }

  /** Fetch the order anew, as far as it is shown: after an undo, or when a move was refused. */
  async #renew() {
    const count = this.#list.children.length + (this.#cursor ? 0 : PAGE) // of an album that is shown whole, what has come, too
    const chosen = new Set(this.#chosen.map((item) => item.dataset.id))
    const known = new Map(this.#items.map((item) => [Number(item.dataset.id), item]))
    const items = []
    let cursor
    do {
      const query = new URLSearchParams({ scope: `album-${this.dataset.album}`, size: Math.min(PAGE, count - items.length), ...(cursor && { cursor }) })
      const page = await ask(`/api/v1/photos?${query}`)
      items.push(...page.items)
      cursor = page.next
    } while (cursor && items.length < count)
    this.#cursor = cursor
    this.#list.replaceChildren(...items.map((photo) => known.get(photo.photo_id) ?? this.#square(photo.photo_id, image(photo))))
    for (const item of this.#items) choose(item, chosen.has(item.dataset.id))
    this.#number()
    this.#count()
  }

  // ------------------------------------------------------------ choosing

  #click(event) {
    const item = event.target.closest("li")
    if (!item || event.detail === -1) return
    if (this.#drag === "done") return
    const items = this.#items
    if (event.shiftKey && this.#from?.isConnected) {
      const [a, b] = [items.indexOf(this.#from), items.indexOf(item)].sort((x, y) => x - y)
      for (const each of items.slice(a, b + 1)) choose(each, true)
    } else {
      choose(item, !isChosen(item))
      this.#from = item
    }
    this.#count()
  }

  #count() {
    const n = this.#chosen.length
    this.#bar.hidden = !n
    this.#said.value = n ? plural("{n} photo", "{n} photos", n, { n: number(n) }) : ""
  }

  #makeBar() {
    Object.assign(this.#bar, { className: "moving", hidden: true, role: "toolbar", ariaLabel: _("Move the chosen photos") })
    const steps = [
      ["first", _("To the start")],
      ["earlier", _("Earlier")],
      ["later", _("Later")],
      ["last", _("To the end")],
    ]
    const buttons = steps.map(([step, said]) => iconButton(step, said, () => this.#step(step)))
    const clear = iconButton("close", _("Choose none"), () => this.#clear())
    this.#bar.append(clear, this.#said, ...buttons)
    this.append(this.#bar)
  }

  #clear() {
    for (const item of this.#chosen) choose(item, false)
    this.#count()
  }

  // ------------------------------------------------------------ moving by buttons and keys

  /** Move the chosen photos, or one that has the focus. */
  #step(step, focused) {
    const chosen = this.#chosen
    const moved = chosen.length ? chosen : focused ? [focused] : []
    if (!moved.length) return
    const set = new Set(moved)
    const items = this.#items
    const rest = items.filter((item) => !set.has(item))
    const [first, last] = [items.indexOf(moved[0]), items.indexOf(moved.at(-1))]
    const areTogether = last - first === moved.length - 1
    const before = rest[Math.max(first - 1, 0)] // as many of the rest stand before the first one as its number says
    const after = rest[last - moved.length + 1] ?? rest.at(-1)
    if (!rest.length) return
    if (step === "first") this.#put(moved, { before: rest[0] })
    else if (step === "last") this.#put(moved, {})
    else if (step === "earlier" && (first || !areTogether)) this.#put(moved, { before })
    else if (step === "later" && (last < items.length - 1 || !areTogether)) this.#put(moved, { after })
    const shown = focused ?? moved[0]
    shown.scrollIntoView({ block: "nearest" })
    if (focused) focused.firstChild.focus({ preventScroll: true })
  }

  #key(event) {
    const item = event.target.closest("li")
    if (!item || event.ctrlKey || event.metaKey) return
    const step = { ArrowLeft: "earlier", ArrowRight: "later", Home: "first", End: "last" }[event.key]
    if (event.key === "Escape" && this.#drag) this.#cancel()
    else if (event.key === "Escape" && this.#chosen.length) this.#clear()
    else if (event.altKey && step) this.#step(step, item)
    else if (!event.altKey && (step || event.key === "ArrowUp" || event.key === "ArrowDown")) this.#beside(item, event.key)?.firstChild.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  #beside(item, key) {
    const items = this.#items
    const at = items.indexOf(item)
    const across = getComputedStyle(this.#list).gridTemplateColumns.split(" ").length
    return items[{ ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - across, ArrowDown: at + across, Home: 0, End: items.length - 1 }[key]]
  }

  // ------------------------------------------------------------ dragging

  #down(event) {
    const item = event.target.closest("li")
    if (this.#drag === "done") this.#drag = undefined // another press, another click
    if (!item || event.button || this.#drag) return
    const isTouch = event.pointerType === "touch"
    this.#press = { item, x: event.clientX, y: event.clientY, isTouch }
    if (isTouch) this.#press.timer = setTimeout(() => this.#lift(), HOLD)
  }

  #move(event) {
    if (this.#press) {
      const far = Math.hypot(event.clientX - this.#press.x, event.clientY - this.#press.y) > FAR
      if (far && this.#press.isTouch) this.#let() // it scrolls
      else if (far) this.#lift()
    }
    if (!this.#drag?.moved) return
    Object.assign(this.#drag, { x: event.clientX, y: event.clientY })
    this.#frame ||= requestAnimationFrame(this.#follow)
  }

  #lift() {
    const { item, x, y } = this.#press
    this.#let()
    const moved = isChosen(item) ? this.#chosen : [item]
    const hand = Object.assign(document.createElement("div"), { className: "in-hand", ariaHidden: "true" })
    hand.append(item.querySelector("img").cloneNode())
    if (moved.length > 1) hand.append(Object.assign(document.createElement("span"), { textContent: number(moved.length) }))
    document.body.append(hand)
    for (const each of moved) each.classList.add("is-lifted")
    this.classList.add("is-dragging")
    this.#drag = { moved, hand, x, y }
    navigator.vibrate?.(10)
    this.#frame ||= requestAnimationFrame(this.#follow)
  }

  #follow = () => {
    this.#frame = 0
    const drag = this.#drag
    if (!drag?.moved) return
    drag.hand.style.transform = `translate(${drag.x}px, ${drag.y}px)`
    const over = drag.y < EDGE ? drag.y - EDGE : drag.y > innerHeight - EDGE ? drag.y - innerHeight + EDGE : 0
    if (over) scrollBy({ top: over / 3, behavior: "instant" })
    this.#mark(this.#aim(drag.x, drag.y))
    if (over) this.#frame ||= requestAnimationFrame(this.#follow)
  }

  /** The photo beside which one would come that is let go here, and on which side. */
  #aim(x, y) {
    const item = document.elementFromPoint(x, y)?.closest("album-arranger li")
    if (!item || this.#drag.moved.includes(item)) return undefined
    const { left, width } = item.getBoundingClientRect()
    return { item, isBefore: x < left + width / 2 }
  }

  #mark(aim) {
    this.#drag.aim = aim
    for (const each of this.#list.querySelectorAll(".is-before, .is-behind")) each.classList.remove("is-before", "is-behind")
    aim?.item.classList.add(aim.isBefore ? "is-before" : "is-behind")
  }

  #up() {
    this.#let()
    if (!this.#drag?.moved) return
    const { moved, aim } = this.#drag
    this.#cancel()
    if (aim) this.#put(moved, aim.isBefore ? { before: aim.item } : { after: aim.item })
  }

  #cancel() {
    this.#let()
    if (!this.#drag?.moved) return
    this.#mark()
    this.#drag.hand.remove()
    for (const each of this.#drag.moved) each.classList.remove("is-lifted")
    this.classList.remove("is-dragging")
    this.#drag = "done" // the click that may follow is none
    setTimeout(() => (this.#drag = undefined), 50)
  }

  #let() {
    clearTimeout(this.#press?.timer)
    this.#press = undefined
  }

  // ------------------------------------------------------------ keeping it

  /** Put photos before or after another one, or at the end, here and in the album. */
  #put(moved, { before, after }) {
    if (before) before.before(...moved)
    else if (after) after.after(...moved)
    else this.#list.append(...moved)
    this.#number()
    const asked = { photo_ids: moved.map(idOf), ...(before && { before: idOf(before) }), ...(after && { after: idOf(after) }) }
    this.setAttribute("aria-busy", "true")
    this.#kept = this.#kept.then(() => this.#keep(asked))
  }

  async #keep(asked) {
    try {
      const done = await send(`/api/v1/albums/${this.dataset.album}/order`, asked)
      toast(done.said, () => this.#undo(done.undo))
      if (!asked.before && !asked.after && this.#cursor) await this.#renew() // the end is further down than what is shown
    } catch (problem) {
      toast(problem.message)
      await this.#renew().catch(() => {})
    } finally {
      this.removeAttribute("aria-busy")
    }
  }

  async #undo(address) {
    try {
      toast((await send(address)).said)
      await this.#renew()
    } catch (problem) {
      toast(problem.message)
    }
  }
}

const idOf = (item) => Number(item.dataset.id)
const isChosen = (item) => item.firstChild.ariaPressed === "true"

function choose(item, isSo) {
  item.firstChild.ariaPressed = String(isSo)
}

function image({ urls, taken_at }) {
  const said = date(new Date(taken_at), { dateStyle: "long" })
  return Object.assign(document.createElement("img"), { className: "picture", src: urls.thumb, alt: said, loading: "lazy", decoding: "async", draggable: false })
}

customElements.define("album-arranger", AlbumArranger)
