const KEPT = "slideshow-seconds"

/** Photos by themselves, one after the other. turn: leads to the next one and says whether there was one. */
export class Slideshow {
  #turn
  #changed
  #timer
  #lock
  #isOn = false

  constructor(turn, changed) {
    this.#turn = turn
    this.#changed = changed
  }

  get isOn() {
    return this.#isOn
  }

  get seconds() {
    return Number(localStorage.getItem(KEPT)) || 5
  }

  set seconds(number) {
    localStorage.setItem(KEPT, number)
    if (this.#isOn) this.#wait()
  }

  start() {
    this.#isOn = true
    this.#stayAwake()
    this.#changed()
    this.#wait()
  }

  stop() {
    if (!this.#isOn) return
    this.#isOn = false
    clearTimeout(this.#timer)
    this.#lock?.release().catch(() => {})
    this.#lock = undefined
    this.#changed()
  }

  /** It waits on this photo; shows() goes on. */
  pause() {
    clearTimeout(this.#timer)
  }

  /** Another photo is shown, by whatever hand: its time begins. A video has as long as it lasts. */
  shows(video) {
    if (!this.#isOn) return
    clearTimeout(this.#timer)
    if (!video) return this.#wait()
    video.muted = true
    video.addEventListener("ended", () => this.#isOn && this.#next(), { once: true })
    video.play().catch(() => this.#wait())
  }

  #wait() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#next(), this.seconds * 1000)
  }

  async #next() {
    if (document.visibilityState === "hidden") return this.#wait()
    if (!this.#lock) this.#stayAwake()
    if (!(await this.#turn())) this.stop()
  }

  /** The screen stays on where a browser allows that: only on https and on this machine itself. */
  async #stayAwake() {
    try {
      this.#lock = await navigator.wakeLock?.request("screen")
      this.#lock?.addEventListener("release", () => (this.#lock = undefined))
      if (!this.#isOn) this.#lock?.release()
    } catch {
      this.#lock = undefined
    }
  }
}
