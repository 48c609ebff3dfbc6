import { Gestures } from "./gestures.js"
import { glide, hold, isStill } from "./motion.js"
import * as moving from "./moving.js"
import { Zoom } from "./zoom.js"

const GAP = 16 // pixels of black between two photos
const FAR = 0.3 // of the stage's width, from which a swipe turns
const FAST = 0.35 // pixels per ms, from which it turns however short it was
const DOWN = 110 // pixels a photo is pulled until it closes
const UP = 60

/**
 * What fingers, wheel and keys do to the picture: turn to its neighbours, enlarge and move it, pull it down to close.
 *
 * The viewer answers `beside(act)` with the article on that side when it is there, and is told `arrive(act)`, `close()`,
 * `openInformation()`, `tapped(kind)`.
 */
export class Stage {
  #viewer
  #stage
  #way // what the movement under way does
  #last
  #beside // {act, slide}
  zoom = new Zoom(() => this.#enlarged())
  sphere

  constructor(viewer) {
    this.#viewer = viewer
    new Gestures(viewer, {
      takesMouse: () => this.sphere || this.zoom.isLarger,
      grip: () => this.#grip(),
      drag: (moved) => this.#drag(moved),
      drop: (moved) => this.#drop(moved),
      pinch: ({ times, at, x, y }) => {
        if (this.sphere) return this.sphere.by(times)
        this.zoom.move(x, y)
        this.zoom.by(times, at, true)
      },
      spread: () => this.zoom.settle(),
      tap: (_, kind) => viewer.tapped(kind),
      twice: (point) => (this.sphere ? this.sphere.by(1.6) : this.zoom.toggle(point)),
      hold: () => this.#play(),
      letGo: () => this.#stage && moving.stop(this.#stage),
    })
    viewer.addEventListener("wheel", (event) => this.#wheel(event), { passive: false })
  }

  /** The stage of the article that is shown now. */
  show(stage) {
    this.sphere?.end()
    this.sphere = undefined
    this.#stage = stage
    this.#beside = this.#way = undefined
    this.zoom.hold(stage)
    if (stage?.dataset.panorama && sessionStorage.getItem("flat") !== "yes") this.lookAround()
  }

  get slide() {
    return this.#stage?.querySelector(".slide:not(.is-beside)")
  }

  /** Larger or smaller, by keys. */
  step(direction) {
    if (this.sphere) this.sphere.by(1.25 ** direction)
    else this.zoom.step(direction)
  }

  reset() {
    if (this.sphere) this.sphere.reset()
    else this.zoom.reset()
  }

  // ------------------------------------------------------------ a picture of everything around

  /** From the middle of the sphere, where the browser can draw it; the flat picture stays otherwise. */
  async lookAround() {
    const stage = this.#stage
    const picture = stage.querySelector(".slide .picture")
    const { Sphere, isPossible } = await import("./sphere.js")
    if (!isPossible()) return this.#saidAround(stage, false)
    if (!picture.complete) await new Promise((done) => picture.addEventListener("load", done, { once: true }))
    if (stage !== this.#stage || this.sphere || !picture.naturalWidth) return
    const sphere = (this.sphere = new Sphere(picture, JSON.parse(stage.dataset.panorama)))
    sphere.canvas.tabIndex = 0
    sphere.canvas.role = "img"
    sphere.canvas.ariaLabel = picture.alt
    sphere.canvas.addEventListener("keydown", (event) => this.#lookByKeys(event))
    this.slide.append(sphere.canvas)
    this.#saidAround(stage, true)
    if (!picture.dataset.sharper) return
    const sharper = new Image()
    sharper.src = picture.dataset.sharper
    await sharper.decode().catch(() => {})
    if (sphere === this.sphere && sharper.naturalWidth) sphere.show(sharper)
  }

  /** Between looking around and the flat picture. */
  toggleAround() {
    sessionStorage.setItem("flat", this.sphere ? "yes" : "no")
    if (!this.sphere) return this.lookAround()
    this.sphere.end()
    this.sphere = undefined
    this.#saidAround(this.#stage, false)
  }

  #saidAround(stage, isOn) {
    stage.closest(".viewed")?.querySelector('[data-act="around"]')?.setAttribute("aria-pressed", isOn)
  }

  #lookByKeys(event) {
    const way = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key]
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    this.sphere.turn(...way)
  }

  // ------------------------------------------------------------ movements

  #grip() {
    this.#last = { x: 0, y: 0 }
    this.#way = undefined
    this.zoom.grip()
    for (const each of this.#stage?.querySelectorAll(".slide") ?? []) hold(each)
  }

  #drag({ x, y, kind }) {
    this.#way ??= this.#wayOf(x, y, kind)
    if (this.#way === "around") this.sphere?.turn(x - this.#last.x, y - this.#last.y)
    else if (this.#way === "move") this.zoom.move(x - this.#last.x, y - this.#last.y)
    else if (this.#way === "turn") this.#carry(x)
    else if (this.#way === "pull") this.#pull(x, y)
    this.#last = { x, y }
  }

  #wayOf(x, y, kind) {
    const isAcross = Math.abs(x) > Math.abs(y)
    if (this.sphere) return "around"
    if (this.zoom.isLarger) return isAcross && kind !== "mouse" && this.zoom.isAtEdge(Math.sign(x)) ? "turn" : "move"
    if (kind === "mouse") return "nothing"
    return isAcross ? "turn" : y > 0 ? "pull" : "lift"
  }

  #drop({ x, y, speed, kind, isOver }) {
    const way = this.#way
    this.#way = undefined
    if (way === "move") this.zoom.settle(isStill() || kind === "mouse" ? undefined : speed)
    else if (way === "turn") this.#swiped(x, speed.x, isOver)
    else if (way === "pull") this.#pulled(y, speed.y, isOver)
    else if (way === "lift" && y < -UP) this.#viewer.openInformation()
  }

  /** The photo follows the finger, its neighbour behind it; where there is none it gives way only a little. */
  #carry(x) {
    const act = x < 0 ? "older" : "newer"
    if (this.#beside?.act !== act) {
      this.#beside?.slide.remove()
      const slide = this.#viewer.beside(act)?.querySelector(".slide")
      this.#beside = slide && { act, slide }
      if (slide) {
        slide.classList.add("is-beside")
        this.#stage.append(slide)
      }
    }
    const way = this.#beside ? x : x / 3
    this.slide.style.transform = `translateX(${way}px)`
    if (this.#beside) this.#beside.slide.style.transform = `translateX(${way + this.#side(act)}px)`
  }

  #side(act) {
    return (act === "older" ? 1 : -1) * (this.#stage.clientWidth + GAP)
  }

  async #swiped(x, speed, isOver) {
    const stage = this.#stage
    const beside = this.#beside
    const isFar = Math.abs(x) > stage.clientWidth * FAR || (Math.abs(speed) > FAST && Math.sign(speed) === Math.sign(x))
    if (!beside || !isFar || isOver) {
      if (beside) glide(beside.slide, { transform: `translateX(${this.#side(beside.act)}px)` }).then(() => this.#way || this.#leave(beside))
      glide(this.slide, { transform: "translateX(0px)" })
      return
    }
    await Promise.all([
      glide(this.slide, { transform: `translateX(${-this.#side(beside.act)}px)` }),
      glide(beside.slide, { transform: "translateX(0px)" }),
    ])
    if (stage !== this.#stage || !stage.isConnected) return
    beside.slide.classList.remove("is-beside")
    beside.slide.style.transform = ""
    this.#beside = undefined
    this.#viewer.arrive(beside.act, beside.slide)
  }

  #leave(beside) {
    if (this.#beside !== beside) return
    beside.slide.remove()
    this.#beside = undefined
  }

  #pull(x, y) {
    const down = Math.max(y, 0)
    this.slide.style.transform = `translate(${x}px, ${down}px) scale(${1 - Math.min(down / 2000, 0.3)})`
    this.#viewer.dim(1 - Math.min(down / 400, 0.8))
  }

  #pulled(y, speed, isOver) {
    if (!isOver && (y > DOWN || (y > 20 && speed > 2 * FAST))) return this.#viewer.close()
    glide(this.slide, { transform: "translate(0px, 0px) scale(1)" })
    this.#viewer.dim(1)
  }

  #wheel(event) {
    if (!event.target.closest(".stage")) return
    event.preventDefault()
    const lines = event.deltaMode === 1 ? 16 : 1
    const times = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0025))
    if (this.sphere) this.sphere.by(times)
    else this.zoom.by(times, { x: event.clientX, y: event.clientY })
  }

  // ------------------------------------------------------------ what follows from it

  #play() {
    const live = this.#viewer.querySelector('a[data-act="live"]')
    if (live && this.#stage) moving.play(this.#stage, live.href)
  }

  /** Where the picture is larger than there are pixels, a sharper one is fetched, once. */
  #enlarged() {
    this.#viewer.classList.toggle("is-larger", this.zoom.isLarger)
    const picture = this.zoom.pane?.querySelector(".picture")
    if (!picture?.dataset.sharper || picture.dataset.asked || !this.zoom.isLarger || !picture.naturalWidth) return
    if (this.zoom.wanted <= Math.max(picture.naturalWidth, picture.naturalHeight)) return
    picture.dataset.asked = "yes"
    const sharper = new Image()
    sharper.src = picture.dataset.sharper
    sharper.decode().then(() => (picture.src = sharper.src), () => {}) // the one that is there is good enough then
  }
}
