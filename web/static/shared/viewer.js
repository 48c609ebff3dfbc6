import { fetchArticle } from "../viewer/article.js"
import { fly } from "../viewer/flight.js"
import { isStill } from "../viewer/motion.js"
import * as moving from "../viewer/moving.js"
import { Slideshow } from "../viewer/slideshow.js"
import { Stage } from "../viewer/stage.js"

const QUIET_AFTER = 2000 // ms without a movement until the controls fade
const KEPT = 40 // articles
const KEYS = {
  ArrowLeft: "newer", ArrowRight: "older", " ": "play", "+": "larger", "=": "larger", "-": "smaller", z: "zoom", 0: "fit",
  i: "info", f: "whole", s: "slideshow", d: "download", Escape: "close",
}

/**
 * One photo of a link, edge to edge: on a page of its own what the server sent, over the page of the link what it fetches. What it shows
 * and how it moves is the app's own stage; what it knows of a photo is what the link says.
 */
class SharedViewer extends HTMLElement {
  #articles = new Map() // key -> promise of an article
  #beside = {}
  #stage = new Stage(this)
  #slideshow = new Slideshow(() => this.turn("older", true), () => this.#saySlideshow())
  #isPaused = false
  #timer

  connectedCallback() {
    this.tabIndex = -1
    for (const type of ["click", "pointermove", "change"]) this.addEventListener(type, this)
    document.addEventListener("keydown", this.#keys)
    if (!this.viewed) return
    this.wanted = this.viewed.dataset.photo
    this.#settle()
    if (location.hash === "#slideshow") this.start()
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#keys)
    this.#slideshow.stop()
  }

  get viewed() {
    return this.querySelector(".viewed")
  }

  get over() {
    return this.closest("dialog")
  }

  get stage() {
    return this.#stage
  }

  #get(address) {
    const key = address.split("/").pop()
    if (!this.#articles.has(key)) {
      if (this.#articles.size >= KEPT) this.#articles.delete(this.#articles.keys().next().value)
      const coming = fetchArticle(address.replace("/photo/", "/viewed/"))
      this.#articles.set(key, coming)
      coming.catch(() => this.#articles.delete(key))
    }
    return this.#articles.get(key)
  }

  /** Show the photo of this address. quick: a picture of it that is there already; until: what is waited for before it changes. */
  async show(address, quick, until) {
    const key = address.split("/").pop()
    this.wanted = key
    let article
    if (quick) this.#put(sketch(quick))
    try {
      article = await this.#get(address)
    } catch {
      if (this.wanted === key) location.assign(address) // the page of its own says what is wrong
      return
    }
    await until
    if (this.wanted === key) this.#showArticle(made(article, quick))
  }

  empty() {
    this.#leave()
    this.#slideshow.stop()
    this.#stage.show()
    this.wanted = undefined
    this.#beside = {}
    this.replaceChildren()
  }

  start() {
    this.#isPaused = false
    this.#slideshow.start()
    this.#slideshow.shows(this.querySelector(".slide > video"))
  }

  #put(...content) {
    this.replaceChildren(...content)
  }

  #leave() {
    moving.remember(this.viewed)
    this.querySelector(".slide > video")?.pause()
  }

  #showArticle(article) {
    begin(article)
    this.#leave()
    const act = this.contains(document.activeElement) ? document.activeElement.closest("[data-act]")?.dataset.act : undefined
    this.#put(article)
    const again = act && this.querySelector(`[data-act="${act}"]`)
    ;(again?.checkVisibility() ? again : this).focus({ preventScroll: true })
    this.#settle()
  }

  #settle() {
    const { viewed } = this
    document.title = viewed.dataset.title
    const video = viewed.querySelector(".slide > video")
    if (video) {
      moving.whenUnplayable(video, () => {
        viewed.querySelector("[data-unplayable]").hidden = false
        video.remove()
      })
      moving.goOn(viewed)
      video.preload = "metadata"
    }
    const picture = viewed.querySelector(".slide .picture")
    if (picture && !picture.complete) {
      picture.classList.add("is-coming")
      for (const type of ["load", "error"]) picture.addEventListener(type, () => picture.classList.remove("is-coming"), { once: true })
    }
    this.#information()
    this.#stage.show(viewed.querySelector(".stage"))
    if (!this.#isPaused) this.#slideshow.shows(video)
    this.#saySlideshow()
    this.#prepare(viewed)
    this.wake()
  }

  /** Fetch the neighbours, so that they are there when somebody turns. Their pictures wait for the one that is looked at. */
  #prepare(viewed) {
    this.#beside = {}
    const picture = viewed.querySelector(".slide .picture")
    const isHere = !picture || picture.complete || new Promise((done) => ["load", "error"].forEach((type) => picture.addEventListener(type, done, { once: true })))
    for (const act of ["older", "newer"]) {
      const link = viewed.querySelector(`a.turn.${act}:not([hidden])`)
      if (link) this.#get(link.href).then((article) => viewed === this.viewed && this.#keep(act, later(article), isHere), () => {})
    }
  }

  async #keep(act, article, isHere) {
    this.#beside[act] = article
    await isHere
    if (this.#beside[act] === article) begin(article)
  }

  // ------------------------------------------------------------ what the stage asks and tells

  beside(act) {
    return this.#beside[act]
  }

  arrive(act, slide) {
    const article = this.#beside[act]
    this.#go(this.viewed.querySelector(`a.turn.${act}`))
    article.querySelector(".stage").prepend(slide)
    this.#showArticle(article)
  }

  tapped(kind) {
    if (kind === "mouse") return
    if (this.classList.contains("shows-information")) this.#information(false)
    else if (this.classList.contains("is-quiet")) this.wake()
    else this.#rest()
  }

  openInformation() {
    this.#information(true)
  }

  dim(share) {
    ;(this.over ?? this).style.setProperty("--dim", share)
    this.classList.toggle("is-pulled", share < 1)
  }

  // ------------------------------------------------------------ what people do

  handleEvent(event) {
    if (event.type === "pointermove") return event.pointerType === "mouse" && this.wake()
    if (event.type === "change") return event.target.name === "slideshow-seconds" && this.#pace(Number(event.target.value))
    const act = event.target.closest("[data-act]")?.dataset.act
    if (!act || act === "download" || event.ctrlKey || event.metaKey || event.shiftKey) return undefined
    event.preventDefault()
    return this.do(act)
  }

  #pace(seconds) {
    this.#slideshow.seconds = seconds
    this.#isPaused = false
    this.#saySlideshow()
  }

  #keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !this.viewed || (this.over && !this.over.open)) return
    const act = KEYS[event.key]
    const isTyping = event.target.matches?.("select, input")
    const isPressing = event.key === " " && event.target.closest?.("a, button, video")
    const isSeeking = event.key.startsWith("Arrow") && event.target.closest?.("video")
    if (!act || isTyping || isPressing || isSeeking || (act === "close" && document.fullscreenElement)) return
    event.preventDefault()
    this.wake()
    this.do(act)
  }

  do(act) {
    const isRunning = this.#slideshow.isOn
    if (act === "newer" || act === "older") this.turn(act)
    else if (act === "info") this.#information(!this.classList.contains("shows-information"))
    else if (act === "whole") document.fullscreenElement ? document.exitFullscreen() : (this.over ?? this).requestFullscreen?.().catch(() => {})
    else if (act === "live") moving.press(this.querySelector(".stage"), this.querySelector('a[data-act="live"]').href)
    else if (act === "around") this.#stage.toggleAround()
    else if (act === "larger") this.#stage.step(1)
    else if (act === "smaller") this.#stage.step(-1)
    else if (act === "zoom") this.#stage.zoom.toggle()
    else if (act === "fit") this.#stage.reset()
    else if (act === "download") this.querySelector('a[data-act="download"]')?.click()
    else if (act === "slideshow") isRunning ? this.#end() : this.start()
    else if (act === "pause" || act === "resume") this.#pause(act === "pause")
    else if (act === "play") isRunning ? this.#pause(!this.#isPaused) : this.#play()
    else if (act === "close") isRunning ? this.#end() : this.close()
  }

  #end() {
    this.#isPaused = false
    this.#slideshow.stop()
  }

  #pause(isPaused) {
    this.#isPaused = isPaused
    if (isPaused) this.#slideshow.pause()
    else this.#slideshow.shows(this.querySelector(".slide > video"))
    this.#saySlideshow()
  }

  #play() {
    const video = this.querySelector(".slide > video")
    if (!video) this.turn("older")
    else if (video.paused) video.play().catch(() => {})
    else video.pause()
  }

  /** To the photo beside this one, which takes its place; says whether there is one. isSlow: it fades over. */
  async turn(act, isSlow) {
    const link = this.querySelector(`a.turn.${act}:not([hidden])`)
    if (!link || !this.isConnected || (this.over && !this.over.open)) return false
    const before = isSlow && !isStill() && this.viewed.querySelector(".slide .picture")?.cloneNode()
    this.#go(link)
    const ready = this.#beside[act]
    if (ready?.dataset.photo === this.wanted) {
      begin(ready)
      const picture = isSlow && ready.querySelector(".slide .picture")
      if (picture) await Promise.race([picture.decode().catch(() => {}), new Promise((done) => setTimeout(done, 3000))])
      if (ready.dataset.photo === this.wanted) this.#showArticle(ready)
    } else await this.show(link.href)
    if (before && this.viewed) fadeOut(before, this.viewed.querySelector(".stage"))
    return true
  }

  #go(link) {
    this.wanted = link.href.split("/").pop()
    history.replaceState({ photo: link.href }, "", link.href)
  }

  close() {
    if (this.over) history.back()
    else location.assign(this.querySelector('[data-act="close"]').href)
  }

  // ------------------------------------------------------------ controls

  #information(isShown = sessionStorage.getItem("information") === "shown") {
    if (isShown !== (sessionStorage.getItem("information") === "shown")) sessionStorage.setItem("information", isShown ? "shown" : "hidden")
    this.classList.toggle("shows-information", isShown)
    this.querySelector('a[data-act="info"]')?.setAttribute("aria-expanded", isShown)
  }

  #saySlideshow() {
    const isOn = this.#slideshow.isOn
    this.classList.toggle("plays-slideshow", isOn)
    const bar = this.querySelector(".slideshow")
    if (!bar) return
    bar.hidden = !isOn
    bar.querySelector("select").value = this.#slideshow.seconds
    bar.querySelector('[data-act="pause"]').hidden = this.#isPaused
    bar.querySelector('[data-act="resume"]').hidden = !this.#isPaused
  }

  wake() {
    this.classList.remove("is-quiet")
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#rest(), QUIET_AFTER)
  }

  #rest() {
    const video = this.querySelector(".slide > video")
    if (this.classList.contains("shows-information") || (video?.paused && !this.#slideshow.isOn) || this.querySelector("select:focus")) return
    this.classList.add("is-quiet")
  }
}

/** An article of our own, whose pictures the browser begins to fetch. */
function made(article, quick = quickOf(article.dataset.photo)) {
  const copy = document.importNode(article, true)
  if (quick) copy.querySelector("img.quick")?.setAttribute("src", quick.currentSrc || quick.src)
  return copy
}

/** The same, which shows what is there already and fetches nothing before begin(). */
function later(article) {
  const still = article.cloneNode(true) // its document fetches nothing
  for (const each of still.querySelectorAll(".slide .picture[src]")) {
    each.dataset.later = each.getAttribute("src")
    each.removeAttribute("src")
  }
  return made(still)
}

function begin(article) {
  const picture = article.querySelector(".slide .picture[data-later]")
  if (!picture) return
  picture.src = picture.dataset.later
  delete picture.dataset.later
}

function quickOf(key) {
  const picture = document.getElementById(key)?.querySelector(".picture")
  return picture?.naturalWidth ? picture : undefined
}

/** What is shown until the photo has come: the picture of its tile. */
function sketch(quick) {
  const [stage, inner, slide, pane] = ["viewed", "stage", "slide", "pane"].map((className) => Object.assign(document.createElement("div"), { className }))
  pane.append(Object.assign(new Image(), { className: "picture", alt: "", src: quick.currentSrc || quick.src }))
  slide.append(pane)
  inner.append(slide)
  stage.append(inner)
  stage.dataset.title = document.title
  return stage
}

function fadeOut(picture, stage) {
  picture.alt = ""
  picture.classList.add("is-leaving")
  stage.append(picture)
  picture.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 600, easing: "ease-out" }).finished.finally(() => picture.remove())
}

customElements.define("shared-viewer", SharedViewer)

// ---------------------------------------------------------------- over the page of the link

let dialog, title, photos

async function overlay() {
  if (dialog) return dialog
  await styled(photos.dataset.viewer)
  dialog = document.createElement("dialog")
  dialog.className = "viewer-over"
  dialog.setAttribute("aria-label", photos.dataset.label)
  dialog.append(Object.assign(document.createElement("shared-viewer"), { className: "viewer" }))
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault() // closing is a step back in the history, whatever asked for it
    dialog.firstChild.do("close")
  })
  document.body.append(dialog)
  return dialog
}

const styled = (href) => new Promise((done) => {
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: done, onerror: done })
  document.head.append(style)
})

/** Open the photo of a tile over the page that shows it. */
export async function open(tile, on, isSlideshow) {
  photos = on
  title ??= document.title
  await overlay()
  history.pushState({ photo: tile.href }, "", tile.href)
  await show(tile.href, tile)
  if (isSlideshow) dialog.firstChild.start()
}

async function show(address, tile) {
  const quick = tile && quickOf(tile.id)
  let flight
  if (!dialog.open) {
    document.documentElement.style.overflow = "hidden"
    dialog.firstChild.dim(1)
    dialog.showModal()
    if (quick) flight = new Promise((done) => queueMicrotask(() => fly(dialog, dialog.querySelector(".slide"), tile, quick, true).then(done)))
  }
  await dialog.firstChild.show(address, quick, flight)
}

async function hide() {
  if (!dialog?.open) return
  const viewer = dialog.firstChild
  const tile = await tileOf(viewer.viewed?.dataset.photo ?? viewer.wanted)
  if (document.fullscreenElement) document.exitFullscreen()
  const picture = viewer.querySelector(".slide:not(.is-beside) :is(.picture, .quick, video)")
  if (tile && picture && !isStill()) {
    dialog.classList.add("is-closing")
    viewer.dim(0)
    await fly(dialog, picture.closest(".slide"), tile, picture, false)
    dialog.classList.remove("is-closing")
  }
  dialog.close()
  viewer.empty()
  viewer.dim(1)
  document.documentElement.style.overflow = ""
  document.title = title
  tile?.focus({ preventScroll: true })
}

/** The tile a photo goes back into, in sight. One far below the end of the page is not fetched for it. */
async function tileOf(key) {
  if (!document.getElementById(key)) await photos.more()
  const tile = document.getElementById(key)
  const box = tile?.getBoundingClientRect()
  if (box && (box.bottom < 60 || box.top > innerHeight - 60)) tile.scrollIntoView({ block: "center", behavior: "instant" })
  return tile
}

addEventListener("popstate", ({ state }) => {
  if (!photos) return location.reload()
  return state?.photo ? show(state.photo) : hide()
})
