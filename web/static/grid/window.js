import { arrange, estimate, HEADING } from "./layout.js"
import { Photos } from "./photos.js"
import { Tiles } from "./tiles.js"

// Browsers hold elements of some height only (Firefox 17.9 million pixels, Chromium twice that): a longer list is mapped onto this.
const TALLEST = 15e6
const FLYING = 8 // pixels per ms: faster, nothing is fetched for what only flies past
const SETTLES_AFTER = 110 // ms without scrolling
const NEAR = 1 // screens above and below that hold tiles
const AHEAD = 0.6 // screens above and below whose pictures are fetched

/**
 * What of a scope's photos stands in the page: those near the screen, in a canvas as high as all of them.
 *
 * A photo's top is counted from the first photo's row. The canvas scrolls with the page; `shift` is what the two differ by, so
 * that a height that turns out otherwise than estimated moves the numbers and not what somebody looks at. At rest the two are
 * made one again.
 */
export class GridWindow {
  shift = 0
  isFlying = false
  #tops = new Float64Array(1)
  #areTopsStale = true
  #tracks = new Map() // group -> its section
  #blanks = new Map() // piece number -> what stands where it is not there yet
  #perPhoto = 0 // height, as learned from pieces that were laid out
  #last = { at: 0, y: 0 }
  #frame = 0
  #timer
  #touching = false
  #isFailing = 0

  constructor(host) {
    this.host = host
    this.canvas = Object.assign(document.createElement("div"), { className: "canvas" })
    this.tiles = new Tiles(host.dataset.scope === "timeline" ? "" : `?in=${host.dataset.scope}`)
    this.photos = this.#ofScope()
  }

  #ofScope() {
    return new Photos(this.host.dataset.scope, Number(this.host.dataset.piece))
  }

  // ------------------------------------------------------------ beginning

  /** Take over the photos that the page itself holds, where they stand. place: of the first of them. */
  async begin() {
    await this.photos.open()
    if (!this.photos.total) return false
    const { month, index } = this.host.dataset
    const place = month ? this.photos.placeIn(month, Number(index)) : { piece: 0, index: 0 }
    await this.photos.load(place.piece)
    const ready = this.#nextIsNeeded(place) && place.piece + 1 < this.photos.pieces.length ? this.photos.load(place.piece + 1) : undefined
    await ready?.catch(() => {})
    this.#measure()
    const first = this.host.querySelector(".tile")
    const before = first?.getBoundingClientRect().top
    const focused = this.host.contains(document.activeElement) ? document.activeElement.id : ""
    this.tiles.adopt(this.host.querySelectorAll(".cell"))
    this.host.replaceChildren(this.canvas)
    for (const piece of this.photos.pieces) piece.height = this.#estimate(piece)
    this.#layOut(this.photos.pieces[place.piece])
    if (ready) this.#layOut(this.photos.pieces[place.piece + 1])
    this.#measure()
    const y = this.topOf(place) ?? 0
    if (before !== undefined && (place.piece || place.index)) this.#move(y - (before - this.#screenTop()))
    this.#setHeight()
    this.render(true)
    this.#reconcile(true)
    this.tiles.forget()
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true })
    this.#listen()
    return true
  }

  #nextIsNeeded({ piece, index }) {
    return this.photos.pieces[piece].count - index < 60
  }

  #listen() {
    addEventListener("scroll", this.#scrolled, { passive: true })
    addEventListener("touchstart", this.#touched, { passive: true })
    addEventListener("touchend", this.#touched, { passive: true })
    addEventListener("touchcancel", this.#touched, { passive: true })
    this.observer = new ResizeObserver(() => this.#resized())
    this.observer.observe(this.host)
    document.fonts?.ready.then(() => this.#resized())
  }

  end() {
    removeEventListener("scroll", this.#scrolled)
    for (const type of ["touchstart", "touchend", "touchcancel"]) removeEventListener(type, this.#touched)
    this.observer?.disconnect()
    clearTimeout(this.#timer)
    cancelAnimationFrame(this.#frame)
  }

  // ------------------------------------------------------------ measures

  #measure() {
    const style = getComputedStyle(this.host)
    const number = (name) => parseFloat(style.getPropertyValue(name))
    const width = this.host.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
    const look = { width, height: number("--h"), gap: number("--gap"), apart: number("--apart") }
    const isSame = this.look && Object.keys(look).every((name) => Math.abs(look[name] - this.look[name]) < 0.01)
    this.look = look
    this.grouping = ["day", "month", "year"].find((each) => this.host.classList.contains(`by-${each}`)) ?? "day"
    const bar = parseFloat(style.getPropertyValue("--stuck")) || 0
    this.bar = Number.isNaN(bar) ? 0 : bar
    if (this.canvas.isConnected) this.origin = this.canvas.getBoundingClientRect().top + scrollY
    return !isSame
  }

  /** How far below the top of the list the top of the screen is. */
  get top() {
    return scrollY - this.origin + this.shift
  }

  get length() {
    this.#sum()
    return this.#tops[this.photos.pieces.length]
  }

  get #isMapped() {
    return this.length > TALLEST
  }

  #sum() {
    if (!this.#areTopsStale) return
    const { pieces } = this.photos
    if (this.#tops.length !== pieces.length + 1) this.#tops = new Float64Array(pieces.length + 1)
    for (let i = 0; i < pieces.length; i++) this.#tops[i + 1] = this.#tops[i] + pieces[i].height
    this.#areTopsStale = false
  }

  #estimate(piece) {
    if (this.#perPhoto && piece.count > 20) return piece.count * this.#perPhoto
    return estimate(piece.count, this.look)
  }

  #pieceAt(y) {
    this.#sum()
    let low = 0, high = this.photos.pieces.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#tops[middle] <= y) low = middle
      else high = middle - 1
    }
    return low
  }

  /** The top of a photo in the list; nothing unless its piece was laid out. */
  topOf({ piece, index }) {
    this.#sum()
    const { layout } = this.photos.pieces[piece]
    return layout ? this.#tops[piece] + layout.y[Math.min(index, layout.y.length - 1)] : undefined
  }

  /** Where a photo stands in the list: {x, y, w, h}. */
  boxOf({ piece, index }) {
    const { layout } = this.photos.pieces[piece]
    return layout && { x: layout.x[index], y: this.topOf({ piece, index }), w: layout.w[index], h: layout.h[index] }
  }

  #screenTop() {
    return this.canvas.getBoundingClientRect().top + scrollY - this.origin
  }

  // ------------------------------------------------------------ laying out

  #layOut(piece) {
    if (!piece.data) return
    piece.groups = this.photos.groups(piece.at, this.grouping)
    piece.layout = arrange(piece.data.ratios, piece.groups, this.look)
    this.#setPieceHeight(piece, piece.layout.height)
    if (piece.count > 20) this.#perPhoto = this.#perPhoto * 0.8 + (piece.layout.height / piece.count) * (this.#perPhoto ? 0.2 : 1)
  }

  /** What is above the reader's eye may grow or shrink: what they look at stays. */
  #setPieceHeight(piece, height) {
    if (piece.height === height) return
    this.#sum()
    const top = this.#tops[piece.at]
    const eye = this.origin === undefined ? 0 : this.top + this.bar
    if (eye >= top + piece.height) this.shift += height - piece.height
    else if (eye > top && piece.height) this.shift += (eye - top) * (height / piece.height - 1)
    piece.height = height
    this.#areTopsStale = true
  }

  /** The photo at the top of the screen, and how far below the top it is. */
  anchor() {
    const top = this.top + this.bar
    const at = this.#pieceAt(Math.max(top, 0))
    const { layout } = this.photos.pieces[at]
    if (!layout) return undefined
    const within = top - this.#tops[at]
    let index = layout.y.findIndex((y, i) => y + layout.h[i] / 2 > within)
    if (index < 0) index = layout.y.length - 1
    return { place: { piece: at, index }, id: this.photos.idAt({ piece: at, index }), below: this.#tops[at] + layout.y[index] - this.top }
  }

  #resized() {
    if (!this.canvas.isConnected || !this.host.clientWidth) return
    const anchor = this.top > 0 ? this.anchor() : undefined
    if (!this.#measure()) return this.schedule()
    this.#arrangeAll(anchor)
  }

  /** Lay out anew, for another width, size or grouping; the photo at the top of the screen stays there. */
  rearrange() {
    const anchor = this.top > 0 ? this.anchor() : undefined
    this.#measure()
    this.#arrangeAll(anchor)
  }

  #arrangeAll(anchor) {
    this.#perPhoto = 0
    const shift = this.shift
    for (const piece of this.photos.pieces) if (piece.data) this.#layOut(piece)
    for (const piece of this.photos.pieces) if (!piece.data) piece.height = this.#estimate(piece)
    this.#areTopsStale = true
    this.shift = shift
    for (const section of this.#tracks.values()) section.remove()
    this.#tracks.clear()
    if (anchor) this.#move(this.topOf(anchor.place) - anchor.below)
    this.render(true)
    this.#reconcile(true)
  }

  /** A piece, fetched and laid out. */
  async ready(at) {
    const piece = await this.photos.load(at)
    if (!piece.layout) {
      this.#layOut(piece)
      this.render()
    }
    return piece
  }

  /** The ids of all photos that share a day, month or year. */
  async idsUnder(key) {
    const found = []
    for (const { month, number, count } of this.photos.months) {
      if (!month.startsWith(key.slice(0, 7)) && !key.startsWith(month)) continue
      if (key.length <= month.length) found.push(...(await this.photos.ids(number, number + count - 1)))
      else found.push(...(await this.#idsOfDay(key)))
    }
    return found
  }

  /** From the day's newest photo to the newest of an earlier day, however many are between them. */
  async #idsOfDay(day) {
    const earlier = new Date(Date.parse(`${day}T00:00:00Z`) - 24 * 3600 * 1000).toISOString().slice(0, 10)
    const [from, to] = await Promise.all([day, earlier].map((at) => this.photos.where({ at })))
    const [first, last] = [from, to].map((place) => this.photos.numberOf(place)).sort((a, b) => a - b)
    const ids = await this.photos.ids(first, last)
    const { data } = await this.photos.load(to.piece)
    return data.at[to.index].startsWith(day) ? ids : ids.slice(0, -1) // there may be no earlier day
  }

  /** Take what the scope holds now. chosen: photos that may have left it, which the place on the screen is not tied to. */
  async renew(anchor, chosen) {
    const fresh = await this.#ofScope().open()
    const candidates = []
    if (anchor) {
      for (let place = anchor.place; place && candidates.length < 3; place = this.photos.beside(place, 1)) {
        const id = this.photos.idAt(place)
        if (id === undefined) break
        if (!chosen.has(id)) candidates.push([id, this.topOf(place) - this.top])
      }
    }
    const number = anchor && this.photos.numberOf(anchor.place)
    let found
    for (const [id, below] of candidates) {
      const place = await fresh.where({ photo_id: id })
      if (place) found = { place, below }
      if (place) break
    }
    if (anchor && !found && fresh.total) found = { place: fresh.placeOf(number), below: anchor.below }
    const first = found ? found.place.piece : 0
    const needed = [first - 1, first, first + 1].filter((at) => fresh.pieces[at])
    await Promise.all(needed.map((at) => fresh.load(at)))
    this.photos.drop(0, -1)
    this.photos = fresh
    this.#areTopsStale = true
    for (const blank of this.#blanks.values()) blank.remove()
    this.#blanks.clear()
    for (const piece of fresh.pieces) piece.height = this.#estimate(piece)
    this.shift = 0
    for (const at of needed) this.#layOut(fresh.pieces[at])
    for (const section of this.#tracks.values()) section.remove()
    this.#tracks.clear()
    if (found) this.#move(this.topOf(found.place) - found.below)
    this.tiles.keep(() => true)
    this.render(true)
    this.#reconcile(true)
  }

  // ------------------------------------------------------------ scrolling

  #scrolled = (event) => {
    const now = event.timeStamp
    const y = scrollY
    const speed = Math.abs(y - this.#last.y) / Math.max(now - this.#last.at, 8)
    const jumped = Math.abs(y - this.#last.y)
    if (this.#isMapped && jumped > innerHeight * 20) this.#mapped(y)
    this.#last = { at: now, y }
    this.isFlying = speed > FLYING || jumped > innerHeight * 2
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#settle, SETTLES_AFTER)
    this.schedule()
  }

  #touched = (event) => {
    this.#touching = event.touches.length > 0
    if (!this.#touching) {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(this.#settle, SETTLES_AFTER * 3) // a finger lets go, and the page glides on
    }
  }

  #settle = () => {
    this.isFlying = false
    this.render()
    this.#reconcile()
    this.host.dispatchEvent(new Event("settled"))
  }

  schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      this.render()
    })
  }

  /** The scroll bar was moved by more than anybody scrolls: its place says where in the whole list. */
  #mapped(y) {
    const here = y - this.origin
    this.shift = here <= 0 ? 0 : stretched(here, TALLEST, this.length) - here
  }

  #setHeight() {
    const height = this.#isMapped ? TALLEST : Math.max(1, this.length - this.shift)
    if (Math.abs((this.height ?? 0) - height) > 0.5) this.canvas.style.height = `${(this.height = height)}px`
  }

  /** Have the screen begin at this height of the list, without anything scrolling. */
  #move(top) {
    this.shift = top - (scrollY - this.origin)
  }

  /** Make the canvas's place that of the list again, which cannot be seen. Not while somebody scrolls. */
  #reconcile(isForced = false) {
    if (this.#touching && !isForced) return
    const top = this.top
    const want = this.#isMapped && top > 0 ? stretched(top, this.length, TALLEST) : top
    const wanted = Math.max(0, this.origin + want)
    if (Math.abs(wanted - scrollY) < 1 && (this.#isMapped || Math.abs(this.shift) < 1)) return
    this.shift = this.#isMapped ? top - want : 0
    this.#setHeight()
    scrollTo({ top: wanted, behavior: "instant" })
    this.#last.y = scrollY
    if (this.#isMapped) this.shift = top - (scrollY - this.origin)
    this.render(true)
  }

  // ------------------------------------------------------------ going somewhere

  /** Go to a photo. below: how far below the top of the screen; center: in the middle of it; nearest: only as far as it takes. */
  async go(place, { below, align = "start" } = {}) {
    const { piece } = place
    await this.photos.load(piece)
    if (!this.photos.pieces[piece].layout) this.#layOut(this.photos.pieces[piece])
    const box = this.boxOf({ piece, index: Math.min(place.index, this.photos.pieces[piece].data.ids.length - 1) })
    if (!box) return
    const head = this.bar + HEADING
    const above = this.top + head, under = this.top + innerHeight - this.#footer()
    let top = box.y - (below ?? head)
    if (align === "center") top = box.y - (innerHeight - box.h + this.bar) / 2
    if (align === "nearest") {
      if (box.y >= above && box.y + box.h <= under) top = this.top
      else top = box.y < above ? box.y - head : box.y + box.h - innerHeight + this.#footer() + 4
    }
    this.jump(top)
  }

  #footer() {
    return parseFloat(getComputedStyle(document.documentElement).scrollPaddingBottom) || 0
  }

  /** Go to where the photo with this number is about, at once, without waiting for it. */
  jumpTo(number) {
    const { piece, index } = this.photos.placeOf(number)
    const { layout, height, count } = this.photos.pieces[piece]
    this.#sum()
    this.isFlying = true
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#settle, SETTLES_AFTER)
    this.jump(this.#tops[piece] + (layout ? layout.y[index] - HEADING - this.bar : (index / count) * height - this.bar))
  }

  jump(top) {
    const lowest = Math.max(0, this.length - innerHeight + 80)
    this.#move(Math.max(Math.min(top, lowest), -this.origin)) // not above the page's own top
    this.#reconcile(true)
    this.render(true)
  }

  /** The number of the photo at the top of the screen, with fractions. */
  get numberAtTop() {
    const top = Math.max(0, this.top + this.bar)
    const at = this.#pieceAt(top)
    const piece = this.photos.pieces[at]
    return piece.number + Math.min(1, (top - this.#tops[at]) / Math.max(1, piece.height)) * piece.count
  }

  // ------------------------------------------------------------ what stands in the page

  /** Put in place what is near the screen, and ask for what is missing there. */
  render(isForced = false) {
    if (!this.canvas.isConnected || !this.photos.pieces.length) return
    const screen = innerHeight
    if (this.shift && !isForced && !this.#isMapped && this.top < 0 && scrollY > this.origin) return this.#reconcile(true)
    if (this.#isMapped && !isForced && this.#isAtAnEnd(screen)) return this.#reconcile(true)
    const from = this.top - screen * NEAR, to = this.top + screen * (1 + NEAR)
    const first = this.#pieceAt(Math.max(from, 0)), last = this.#pieceAt(Math.max(to, 0))
    this.#ask(first, last, screen)
    for (let at = first; at <= last; at++) {
      const piece = this.photos.pieces[at]
      if (piece.data && !piece.layout) this.#layOut(piece)
    }
    this.#setHeight()
    this.#sum()
    this.#show(first, last, this.top, screen)
    this.host.dispatchEvent(new Event("moved"))
  }

  /** Whether the canvas ends before the list does. */
  #isAtAnEnd(screen) {
    const here = scrollY - this.origin
    const isAbove = here < screen && this.top > here + 1
    const isBelow = TALLEST - here < 3 * screen && this.length - this.top > TALLEST - here + 1
    const isOver = this.top < 0 && here > 0
    return isAbove || isBelow || isOver || (this.top > this.length - screen + 200 && here < TALLEST - screen)
  }

  #ask(first, last, screen) {
    if (this.isFlying) return
    const near = this.#pieceAt(Math.max(this.top - screen, 0)), far = this.#pieceAt(Math.max(this.top + 2 * screen, 0))
    this.photos.drop(Math.min(near, first), Math.max(far, last))
    const middle = this.#pieceAt(Math.max(this.top + screen / 2, 0))
    const wanted = []
    for (let at = near; at <= far; at++) if (!this.photos.pieces[at].data) wanted.push(at)
    wanted.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))
    for (const at of wanted) {
      if (this.photos.isComing(at)) continue
      this.photos.load(at, true).then(
        (piece) => {
          this.#isFailing = 0
          this.#layOut(piece)
          this.schedule()
          if (!this.#touching && performance.now() - this.#last.at > SETTLES_AFTER) this.#restLater()
        },
        (problem) => problem.name !== "AbortError" && this.#failed(),
      )
    }
  }

  #restLater() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#settle, SETTLES_AFTER)
  }

  /** Nobody answers: asked again, a little later each time. */
  #failed() {
    this.#isFailing = Math.min(this.#isFailing + 1, 6)
    setTimeout(() => this.schedule(), 500 * 2 ** this.#isFailing)
  }

  /** top: of the screen, read once, as reading it makes the browser work out everything that was written before. */
  #show(first, last, top, screen) {
    const from = top - screen * NEAR, to = top + screen * (1 + NEAR)
    const wanted = new Set()
    const boxes = []
    for (let at = first; at <= last; at++) this.#boxesOf(at, boxes)
    const tracks = new Set()
    const shown = []
    for (const box of boxes) {
      if (box.y + box.h < from || box.y > to) continue
      const track = this.#track(box)
      tracks.add(box.id)
      const cells = []
      for (const { at, first: begin, last: end } of box.parts) {
        const { data, layout } = this.photos.pieces[at]
        const base = this.#tops[at]
        for (let index = begin; index <= end; index++) {
          const y = base + layout.y[index]
          if (y + layout.h[index] < from || y > to) continue
          wanted.add(data.ids[index])
          cells.push([at, index, layout.x[index] - box.x, y - box.y, y])
        }
      }
      shown.push([track, cells])
    }
    this.tiles.keep((id) => wanted.has(id))
    for (const [track, cells] of shown) this.#fill(track, cells, top, screen)
    for (const [id, track] of this.#tracks) {
      if (tracks.has(id) || track.contains(document.activeElement)) continue
      track.remove()
      this.#tracks.delete(id)
    }
    this.#order(boxes, tracks)
    this.#fillBlanks(first, last)
  }

  /** The groups of a piece; one that began in the piece above goes on as the same box. */
  #boxesOf(at, boxes) {
    const { layout, data } = this.photos.pieces[at]
    if (!layout) return
    const top = this.#tops[at]
    for (const group of layout.boxes) {
      const part = { at, first: group.first, last: group.last }
      const before = boxes.at(-1)
      if (group.isBegun && before?.key === group.key && before.parts.at(-1).at === at - 1) {
        before.h = top + group.y + group.h - before.y
        before.parts.push(part)
        continue
      }
      const room = group.isBegun ? HEADING : 0 // the heading hangs over the piece above, which is not there yet
      const id = boxes.some((each) => each.id === group.key) ? `${group.key}/${at}` : group.key
      boxes.push({ id, key: group.key, x: group.x, y: top + group.y - room, w: group.w, h: group.h + room, parts: [part], day: data.days.get(group.key) })
    }
  }

  #track(box) {
    let track = this.#tracks.get(box.id)
    if (!track) {
      track = document.createElement("section")
      track.className = "day"
      track.dataset.key = box.key
      track.append(this.#heading(box))
      this.#tracks.set(box.id, track)
      this.canvas.append(track)
    }
    set(track, "left", box.x)
    set(track, "top", box.y - this.shift)
    set(track, "width", box.w)
    set(track, "height", box.h)
    return track
  }

  #heading(box) {
    const heading = document.createElement("h2")
    const month = this.photos.months.find((each) => each.month === box.key)
    const said = document.createElement("span")
    said.textContent = box.day?.said ?? month?.said ?? box.key
    heading.append(said)
    if (box.day?.place) heading.append(" ", Object.assign(document.createElement("span"), { className: "quiet", textContent: `· ${box.day.place}` }))
    heading.title = heading.ariaLabel = heading.textContent // without what the tick in it says
    this.host.picks?.addDayTick(heading, said.textContent)
    return heading
  }

  #fill(track, cells, above, screen) {
    let next = track.firstChild.nextSibling
    for (const [at, index, x, y, top] of cells) {
      const { data, layout } = this.photos.pieces[at]
      const cell = this.tiles.show(data, index)
      set(cell, "left", x)
      set(cell, "top", y)
      set(cell, "width", layout.w[index])
      set(cell, "height", layout.h[index])
      if (cell === next) next = next.nextSibling
      else track.insertBefore(cell, next)
      this.host.picks?.mark(cell, data.ids[index])
      const isNear = top < above + screen * (1 + AHEAD) && top + layout.h[index] > above - screen * AHEAD
      if (!this.isFlying && isNear) this.tiles.picture(cell, data.keys[index])
    }
  }

  /** Sections stand in the page in the order in which they are read. */
  #order(boxes, shown) {
    let next = this.canvas.firstChild
    for (const { id } of boxes) {
      if (!shown.has(id)) continue
      const track = this.#tracks.get(id)
      while (next && next !== track && next.className === "blank") next = next.nextSibling
      if (track === next) next = next.nextSibling
      else this.canvas.insertBefore(track, next)
    }
  }

  #fillBlanks(first, last) {
    for (const [at, blank] of this.#blanks) {
      if (at >= first && at <= last && !this.photos.pieces[at].layout) continue
      blank.remove()
      this.#blanks.delete(at)
    }
    for (let at = first; at <= last; at++) {
      const piece = this.photos.pieces[at]
      if (piece.layout) continue
      let blank = this.#blanks.get(at)
      if (!blank) {
        blank = Object.assign(document.createElement("div"), { className: "blank" })
        this.#blanks.set(at, blank)
        this.canvas.append(blank)
      }
      set(blank, "top", this.#tops[at] - this.shift)
      set(blank, "height", Math.max(0, piece.height - this.look.gap))
    }
  }
}

/**
 * Where a height of one canvas lies in another. Near both ends they are the same, so that scrolling comes to the ends as it does
 * everywhere; in between the one is a picture of the other.
 */
function stretched(y, from, to) {
  const ends = TALLEST / 10
  if (y <= ends) return y
  if (y >= from - ends) return to - (from - y)
  return ends + ((y - ends) * (to - 2 * ends)) / (from - 2 * ends)
}

/** Set a length, unless it is that already: writing one makes the browser work even then. */
function set(element, name, value) {
  const known = (element.lengths ??= {})
  if (known[name] === value) return
  known[name] = value
  element.style[name] = `${value}px`
}
