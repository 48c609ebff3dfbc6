import { glide, hold } from "./motion.js"

const LEAST_MOST = 3 // every picture can be made at least so many times larger
const TWICE = 2.5 // what a double tap makes of it
const STEP = 1.5 // what a key makes of it
const SOFT = 1.2 // how far a picture may be enlarged before a sharper one is worth its bytes

/** The picture's enlargement within the stage: 1 fits. x and y are how far its middle lies from the stage's, in pixels. */
export class Zoom {
  #stage
  #pane
  #picture
  #changed
  scale = 1
  x = 0
  y = 0

  /** changed: called after each change. */
  constructor(changed) {
    this.#changed = changed
  }

  /** Take the picture of a slide; nothing when there is none that could be enlarged. */
  hold(stage) {
    this.#stage = stage
    this.#pane = stage?.querySelector(".slide:not(.is-beside) .pane")
    this.#picture = this.#pane?.querySelector(".picture")
    ;[this.scale, this.x, this.y] = [1, 0, 0]
    this.#changed()
  }

  get isPossible() {
    return Boolean(this.#pane)
  }

  get isLarger() {
    return this.scale > 1.001
  }

  get pane() {
    return this.#pane
  }

  /** Width and height of the picture as it fits the stage. */
  get fitted() {
    const { clientWidth, clientHeight } = this.#stage
    const width = Number(this.#picture?.getAttribute("width")) || this.#picture?.naturalWidth || clientWidth
    const height = Number(this.#picture?.getAttribute("height")) || this.#picture?.naturalHeight || clientHeight
    const most = this.#picture?.classList.contains("is-small") ? 1 : Infinity
    const fit = Math.min(clientWidth / width, clientHeight / height, most)
    return { width: width * fit, height: height * fit, fit }
  }

  /** A screen pixel for each of the picture's, twice over. */
  get most() {
    return Math.max(LEAST_MOST, 2 / (this.fitted.fit * devicePixelRatio))
  }

  /** Enlarge to a scale so that what lies at a point of the window stays there. */
  to(scale, point, isSoft = false) {
    if (!this.#pane) return
    const least = isSoft ? 0.5 : 1
    const next = Math.min(Math.max(scale, least), this.most * (isSoft ? 1.2 : 1))
    const { x, y } = this.#fromMiddle(point)
    this.x = x - (next / this.scale) * (x - this.x)
    this.y = y - (next / this.scale) * (y - this.y)
    this.scale = next
    if (!isSoft) this.#keepInside()
    this.#apply()
  }

  by(times, point, isSoft) {
    this.to(this.scale * times, point, isSoft)
  }

  move(x, y) {
    this.x += x
    this.y += y
    this.#apply()
  }

  /** By keys: one step larger or smaller about the middle. */
  step(direction) {
    this.#glideTo(this.scale * STEP ** direction)
  }

  /** As large as a double tap makes it at a point, or back. */
  toggle(point) {
    const most = Math.max(TWICE, this.#covering())
    this.#glideTo(this.isLarger ? 1 : Math.min(most, this.most), point)
  }

  reset() {
    this.#glideTo(1)
  }

  /** Back within its bounds after a movement of this speed (pixels per ms). */
  settle(speed = { x: 0, y: 0 }) {
    if (!this.#pane) return
    if (this.scale < 1) [this.scale, this.x, this.y] = [1, 0, 0]
    else if (this.scale > this.most) this.to(this.most)
    this.x += speed.x * 120
    this.y += speed.y * 120
    this.#keepInside()
    this.#glide()
  }

  /** Whether the picture's edge has been reached in a direction: 1 is its left one, -1 its right one. */
  isAtEdge(direction) {
    const { x } = this.#room()
    return this.x * direction >= x - 1
  }

  /** Take hold of the picture on its way. */
  grip() {
    if (this.#pane) hold(this.#pane)
  }

  /** How many pixels of a picture the screen could show of this one's longest edge; sharper ones exist up to data-sharper. */
  get wanted() {
    const { width, height } = this.fitted
    return (Math.max(width, height) * this.scale * devicePixelRatio) / SOFT
  }

  #covering() {
    const { clientWidth, clientHeight } = this.#stage
    const { width, height } = this.fitted
    return Math.max(clientWidth / width, clientHeight / height)
  }

  #fromMiddle(point) {
    const box = this.#stage.getBoundingClientRect()
    if (!point) return { x: 0, y: 0 }
    return { x: point.x - box.left - box.width / 2, y: point.y - box.top - box.height / 2 }
  }

  #room() {
    const { width, height } = this.fitted
    return {
      x: Math.max(0, (width * this.scale - this.#stage.clientWidth) / 2),
      y: Math.max(0, (height * this.scale - this.#stage.clientHeight) / 2),
    }
  }

  #keepInside() {
    const { x, y } = this.#room()
    this.x = Math.min(Math.max(this.x, -x), x)
    this.y = Math.min(Math.max(this.y, -y), y)
  }

  #glideTo(scale, point) {
    if (!this.#pane) return
    this.grip()
    const next = Math.min(Math.max(scale, 1), this.most)
    const { x, y } = this.#fromMiddle(point)
    this.x = x - (next / this.scale) * (x - this.x)
    this.y = y - (next / this.scale) * (y - this.y)
    this.scale = next
    this.#keepInside()
    this.#glide()
  }

  #glide() {
    glide(this.#pane, { transform: this.#transform() })
    this.#changed()
  }

  #apply() {
    this.#pane.style.transform = this.#transform()
    this.#changed()
  }

  #transform() {
    return `translate(${this.x}px, ${this.y}px) scale(${this.scale})`
  }
}
