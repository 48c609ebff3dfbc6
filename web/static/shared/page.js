// The page of a share link. It works without this: photos have pages of their own, and links lead to further ones. It is small, and
// fetches what looks at one photo only when somebody does.

document.documentElement.classList.add("has-script")

const LOOK = 60_000 // ms between two looks for new photos, while somebody sees the page
const AHEAD = "1500px" // of what is not in sight yet, so much is fetched
const HELD = 450, HELD_STILL = 10 // ms of a long press, and px that the finger may move

// Load and error events do not bubble, so they are caught on their way down.
document.addEventListener("load", ({ target }) => {
  if (!target.matches?.("img.picture")) return
  target.classList.add("is-here")
  const tile = target.closest(".tile")
  if (tile && !isFrugal && target.src.endsWith("/thumb")) inSight.unobserve(tile), inSight.observe(tile)
}, true)
document.addEventListener("error", ({ target }) => {
  if (!target.matches?.(".tile .picture")) return
  if (target.dataset.retried) return target.classList.add("is-here") // with its text, so that somebody learns what is missing
  target.dataset.retried = "once"
  setTimeout(() => (target.src = target.src), 3000) // it was still being worked on
}, true)

// A thumb is enough for the first look, and on a poor line for every look. Where one is stretched far, or somebody has begun to look
// around, what rests on the screen gets as sharp as it looks.
const EDGES = [320, 480, 640]
const AT_ONCE = 2.4, LATER = 1.5 // how far a picture may be stretched
const REST = 300 // ms
const isFrugal = navigator.connection?.saveData || /2g/.test(navigator.connection?.effectiveType)
let isLooking = false
const resting = new Map()

const inSight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    clearTimeout(resting.get(target))
    if (isIntersecting) resting.set(target, setTimeout(sharpen, REST, target))
  }
})

function sharpen(tile) {
  const picture = tile.querySelector(".picture")
  const natural = Math.max(picture.naturalWidth, picture.naturalHeight)
  const wanted = Math.max(tile.offsetWidth, tile.offsetHeight) * devicePixelRatio
  if (natural < 200) return // not there yet, or there is no more of it
  if (wanted / natural < (isLooking ? LATER : AT_ONCE)) return
  inSight.unobserve(tile)
  const sharper = new Image()
  sharper.src = picture.src.replace(/thumb$/, EDGES.find((each) => wanted / each < LATER) ?? EDGES.at(-1))
  sharper.decode().then(() => (picture.src = sharper.src), () => {}) // the coarse one is good enough then
}

const look = () => {
  isLooking = true
  for (const tile of resting.keys()) inSight.unobserve(tile), inSight.observe(tile)
}
if (!isFrugal) for (const type of ["scroll", "pointermove"]) addEventListener(type, look, { once: true, passive: true })

const welcome = (root) => {
  for (const each of root.querySelectorAll("img.picture")) {
    if (each.complete && each.naturalWidth) each.classList.add("is-here")
    if (!isFrugal && each.src.endsWith("/thumb")) inSight.observe(each.closest(".tile"))
  }
}

const viewer = () => import("./viewer.js")

// What shows one photo is fetched once the page rests, so that the first tap waits for nothing; it lasts as long as this version does.
const FOR_THE_VIEWER = [
  "./viewer.js", "../viewer/article.js", "../viewer/flight.js", "../viewer/motion.js", "../viewer/moving.js", "../viewer/slideshow.js",
  "../viewer/stage.js", "../viewer/gestures.js", "../viewer/zoom.js", "../viewer.css",
]
const whenIdle = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 500))
const prepareViewer = () =>
  whenIdle(() => FOR_THE_VIEWER.forEach((each) => fetch(new URL(each, import.meta.url), { priority: "low" }).catch(() => {})))
const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button)

class SharedPhotos extends HTMLElement {
  #chosen = new Set()
  #held // the finger that rests: {timer, x, y}
  #wasHeld = false
  #end = new IntersectionObserver((all) => all.some((each) => each.isIntersecting) && this.more(), { rootMargin: AHEAD })
  #loading

  connectedCallback() {
    welcome(this)
    if (document.readyState === "complete") prepareViewer()
    else addEventListener("load", prepareViewer, { once: true })
    this.addEventListener("click", (event) => this.#click(event))
    this.addEventListener("keydown", (event) => this.#key(event))
    document.querySelector("#chosen form")?.addEventListener("submit", (event) => this.#take(event))
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel", "contextmenu"]) {
      this.addEventListener(type, (event) => this.#hold(event), { passive: type !== "contextmenu" })
    }
    document.addEventListener("click", (event) => this.#around(event))
    addEventListener("keydown", (event) => event.key === "Escape" && this.isChoosing && this.choose(false))
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#look())
    setInterval(() => document.visibilityState === "visible" && this.#look(), LOOK)
    this.#watch()
  }

  get isChoosing() {
    return document.body.classList.contains("is-choosing")
  }

  get tiles() {
    return [...this.querySelectorAll(".tile")]
  }

  #watch() {
    this.#end.disconnect()
    const more = this.querySelector(".more")
    if (more) this.#end.observe(more)
  }

  /** The next photos, in place of the link that leads to them; says whether there were any. */
  more() {
    const more = this.querySelector(".more")
    if (!more) return Promise.resolve(false)
    return (this.#loading ??= this.#more(more).finally(() => (this.#loading = undefined)))
  }

  async #more(more) {
    this.#end.disconnect()
    more.setAttribute("aria-busy", "true")
    try {
      const answer = await fetch(more.querySelector("a").dataset.src, { priority: "high" })
      if (!answer.ok) throw new Error(answer.status)
      const next = document.createElement("template")
      next.innerHTML = await answer.text()
      welcome(next.content)
      more.replaceWith(next.content)
      this.#watch()
      return true
    } catch {
      more.removeAttribute("aria-busy")
      const link = more.querySelector("a")
      link.textContent = this.dataset.retry
      link.onclick = (event) => (event.preventDefault(), this.more())
      return false
    }
  }

  // ------------------------------------------------------------ looking at one

  #click(event) {
    const tile = event.target.closest(".tile")
    if (!tile || !isPlain(event)) return
    event.preventDefault()
    if (this.#wasHeld) return (this.#wasHeld = false) // the end of a long press
    if (this.isChoosing) return this.#toggle(tile)
    viewer().then(({ open }) => open(tile, this), () => location.assign(tile.href))
  }

  #around(event) {
    const { target } = event
    if (!isPlain(event)) return
    if (target.closest("[data-slideshow]")) {
      event.preventDefault()
      const first = this.querySelector(".tile")
      viewer().then(({ open }) => open(first, this, true), () => location.assign(target.closest("a").href))
    } else if (target.closest("[data-choose]")) {
      target.closest("[popover]")?.hidePopover()
      this.choose(true)
    } else if (target.closest("[data-done]")) this.choose(false)
    else if (target.closest("[data-save]")) sessionStorage.setItem(`chosen ${target.closest("a").pathname}`, [...this.#chosen].join())
  }

  // ------------------------------------------------------------ choosing some

  choose(isOn) {
    document.body.classList.toggle("is-choosing", isOn)
    for (const tile of this.tiles) {
      if (isOn) tile.setAttribute("aria-pressed", "false"), tile.setAttribute("role", "button")
      else tile.removeAttribute("aria-pressed"), tile.removeAttribute("role"), tile.classList.remove("is-chosen")
    }
    this.#chosen.clear()
    document.getElementById("chosen").hidden = !isOn
    this.#count()
    if (isOn) this.querySelector(".tile")?.focus({ preventScroll: true })
  }

  /** A long press on a phone chooses the photo under the finger. */
  #hold(event) {
    const tile = event.target.closest(".tile")
    if (event.type === "contextmenu") {
      if (this.isChoosing && event.pointerType !== "mouse") event.preventDefault()
      return
    }
    if (event.type === "pointermove" && Math.hypot(event.clientX - this.#held?.x, event.clientY - this.#held?.y) < HELD_STILL) return
    clearTimeout(this.#held?.timer)
    this.#held = undefined
    if (event.type !== "pointerdown" || event.pointerType === "mouse" || !event.isPrimary || !tile || !document.getElementById("chosen")) return
    this.#wasHeld = false
    const timer = setTimeout(() => {
      this.#wasHeld = true
      if (!this.isChoosing) this.choose(true)
      this.#toggle(tile)
      navigator.vibrate?.(10)
    }, HELD)
    this.#held = { timer, x: event.clientX, y: event.clientY }
  }

  #key(event) {
    const tile = event.target.closest(".tile")
    if (event.key !== " " || !tile || !this.isChoosing) return
    event.preventDefault() // it says it is a button now
    this.#toggle(tile)
  }

  #toggle(tile) {
    const isChosen = !this.#chosen.has(tile.id)
    this.#chosen[isChosen ? "add" : "delete"](tile.id)
    tile.classList.toggle("is-chosen", isChosen)
    tile.setAttribute("role", "button")
    tile.setAttribute("aria-pressed", isChosen)
    this.#count()
  }

  /** One photo comes as the file it is: on a phone a zip is a riddle. */
  #take(event) {
    if (this.#chosen.size !== 1) return
    event.preventDefault()
    const [key] = this.#chosen
    Object.assign(document.createElement("a"), { href: `${this.dataset.base}/download/${key}`, download: "" }).click()
  }

  #count() {
    const bar = document.getElementById("chosen")
    document.getElementById("how-many").textContent = this.dataset.chosen.replace("{n}", this.#chosen.size)
    bar.querySelector("[name=photos]").value = [...this.#chosen].join()
    bar.querySelector("form .button").disabled = !this.#chosen.size
    bar.querySelector("[data-save]").hidden = !this.#chosen.size
  }

  // ------------------------------------------------------------ what is new

  async #look() {
    if (document.querySelector(".news")) return
    const answer = await fetch(this.dataset.summary, { cache: "no-cache" }).catch(() => undefined)
    const said = answer?.ok && (await answer.json().catch(() => undefined))
    if (!said || said.version === this.dataset.version) return
    const news = Object.assign(document.createElement("button"), { className: "button news", textContent: this.dataset.news })
    news.onclick = () => location.reload()
    document.body.append(news)
  }
}

customElements.define("shared-photos", SharedPhotos)
if (document.querySelector("shared-viewer")) viewer()
