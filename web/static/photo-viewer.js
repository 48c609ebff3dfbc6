import { refresh } from "./acts.js"
import { open as openKeys } from "./keys.js"
import { Articles } from "./viewer/articles.js"
import { Deeds } from "./viewer/deeds.js"
import { Information } from "./viewer/information.js"
import { isStill } from "./viewer/motion.js"
import * as moving from "./viewer/moving.js"
import { orderByGrid, placeInGrid, quickOf, renewGrid, tilesBeside } from "./viewer/order.js"
import { Slideshow } from "./viewer/slideshow.js"
import { Stage } from "./viewer/stage.js"
import "./viewer/talk.js"
import { _, number } from "./words.js"

export { open } from "./viewer/over.js"

const QUIET_AFTER = 2000 // ms without a movement until the controls fade
const KEYS = {
  ArrowLeft: "newer", ArrowRight: "older", " ": "play", "+": "larger", "=": "larger", "-": "smaller", z: "zoom",
  i: "info", f: "whole", p: "boxes", t: "lines", s: "slideshow", l: "favourite", a: "album", e: "archive", d: "download",
  "#": "trash", Delete: "trash", Escape: "close", "?": "keys",
  0: "rate-0", 1: "rate-1", 2: "rate-2", 3: "rate-3", 4: "rate-4", 5: "rate-5",
}

/**
 * One photo, edge to edge. On a page of its own it holds what the server sent; over the grid it fetches that.
 * Turning to another photo replaces its content and the address; the photos on both sides are fetched ahead.
 */
class PhotoViewer extends HTMLElement {
  #articles = new Articles()
  #beside = {} // the articles on both sides, ready to be shown
  #stage = new Stage(this)
  #information = new Information(this)
  #deeds = new Deeds(this)
  #slideshow = new Slideshow(() => this.turn("older", true), () => this.#saySlideshow())
  #said = Object.assign(document.createElement("p"), { className: "unseen", role: "status" })
  #timer

  connectedCallback() {
    this.tabIndex = -1
    this.append(this.#said)
    for (const type of ["click", "pointermove", "keydown", "pointerover", "focusin", "change"]) this.addEventListener(type, this)
    this.addEventListener("refreshed", () => this.changed())
    document.addEventListener("keydown", this.#keys)
    if (!this.viewed) return
    this.wanted = this.viewed.dataset.photo
    this.#settle()
    if (location.hash === "#slideshow") this.#slideshow.start()
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#keys)
    clearTimeout(this.#timer)
    this.#slideshow.stop()
  }

  get viewed() {
    return this.querySelector(".viewed")
  }

  get overGrid() {
    return this.closest("dialog")
  }

  get stage() {
    return this.#stage
  }

  /** What the address carries of the list the photo stands in. */
  get tail() {
    return this.overGrid && document.querySelector("photo-grid[data-own-order]") ? asked() : location.search
  }

  /** Show the photo of this id. quick: a picture of it that is there already; until: what is waited for before it changes. */
  async show(id, quick, until) {
    id = String(id)
    this.wanted = id
    if (quick) this.#put(sketch(quick))
    let article
    try {
      article = await this.#articles.get(id, this.tail)
    } catch (problem) {
      if (this.wanted !== id) return
      if (problem instanceof TypeError) this.#offerRetry(id, quick) // nobody answered
      else location.assign(addressOf(id)) // the page of its own says what is wrong
      return
    }
    await until
    if (this.wanted !== id) return // somebody has gone on meanwhile
    this.#showArticle(this.#made(article, quick))
  }

  /** Somebody changed what is said about photos. */
  changed() {
    this.#articles.forget()
    this.#beside = {}
    this.hasChanged = true
    this.#prepare()
  }

  /** The photo has left the list it was seen in: on to the next one. */
  async leave(id) {
    this.changed()
    renewGrid()
    if (this.wanted === id && !(await this.turn("older")) && !(await this.turn("newer"))) this.close()
  }

  /** It is back. */
  takeBack(id) {
    this.changed()
    renewGrid()
    if (!this.isConnected || (this.overGrid && !this.overGrid.open)) return refresh(["person", "questions", "photos"])
    history.replaceState({ photo: id }, "", `/photo/${id}${location.search}`)
    this.show(id)
  }

  /** Nothing is shown any more. */
  empty() {
    this.#leave()
    this.#slideshow.stop()
    this.#stage.show()
    this.wanted = undefined
    this.#beside = {}
    this.#put()
  }

  #leave() {
    moving.remember(this.viewed)
    this.querySelector(".slide > video")?.pause()
  }

  #put(...content) {
    this.replaceChildren(...content, this.#said)
  }

  #showArticle(article) {
    this.#leave()
    const act = this.contains(document.activeElement) ? document.activeElement.closest("[data-act]")?.dataset.act : undefined
    this.#put(article)
    const again = this.querySelector(`[data-act="${act}"]`)
    ;(again?.checkVisibility() ? again : this).focus({ preventScroll: true })
    this.#settle()
  }

  /** An article of our own, whose pictures the browser begins to fetch. */
  #made(article, quick = quickOf(article.dataset.photo)) {
    const made = document.importNode(article, true)
    if (quick) made.querySelector("img.quick")?.setAttribute("src", quick.currentSrc || quick.src)
    return made
  }

  /** The content is in place: wire it, and fetch what will be asked for next. */
  #settle() {
    const { viewed } = this
    document.title = viewed.dataset.title
    this.#information.show(viewed)
    this.#boxes()
    this.#lines()
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
      picture.addEventListener("load", () => picture.classList.remove("is-coming"), { once: true })
      picture.addEventListener("error", () => picture.classList.remove("is-coming"), { once: true })
    }
    for (const each of viewed.querySelectorAll('[data-act="whole"]')) each.hidden = !document.fullscreenEnabled
    this.#stage.show(viewed.querySelector(".stage"))
    this.#slideshow.shows(video)
    this.#saySlideshow()
    if (localStorage.getItem("live") === "yes") this.#live()
    this.#prepare()
    this.wake()
  }

  /** Fetch the neighbours, and what follows behind them. */
  async #prepare() {
    const { viewed } = this
    if (!viewed) return
    this.#beside = {}
    await orderByGrid(viewed)
    this.#say()
    for (const act of ["older", "newer"]) this.#prepareSide(viewed, act).catch(() => {}) // it is asked for again when it is turned to
  }

  async #prepareSide(viewed, act) {
    const link = viewed.querySelector(`a.turn.${act}:not([hidden])`)
    if (!link) return
    const isFrugal = navigator.connection?.saveData
    const article = await this.#articles.get(idIn(link), this.tail)
    if (isFrugal) for (const each of article.querySelectorAll(".stage img")) each.loading = "lazy" // until it comes in sight
    if (viewed !== this.viewed) return
    this.#beside[act] = this.#made(article)
    const beyond = (await tilesBeside(idIn(link)))?.[act] ?? article.querySelector(`a.turn.${act}:not([hidden])`)
    if (!beyond || isFrugal || viewed !== this.viewed) return
    const picture = (await this.#articles.get(idIn(beyond), this.tail)).querySelector(".slide .picture")
    if (picture && viewed === this.viewed) new Image().src = picture.getAttribute("src")
  }

  // ------------------------------------------------------------ what the stage asks and tells

  /** The article on a side, when it is ready. */
  beside(act) {
    return this.#beside[act]
  }

  /** A neighbour has been swiped in: its slide is in place already. */
  arrive(act, slide) {
    const article = this.#beside[act]
    this.#go(this.viewed.querySelector(`a.turn.${act}`))
    article.querySelector(".stage").prepend(slide)
    this.#showArticle(article)
  }

  tapped(kind) {
    if (kind === "mouse") return
    if (this.#information.isShown && innerWidth <= 700) this.#information.toggle(false)
    else if (this.classList.contains("is-quiet")) this.wake()
    else this.#rest()
  }

  openInformation() {
    this.#information.toggle(true)
  }

  /** How black it is behind the photo, from 0 to 1. */
  dim(share) {
    ;(this.overGrid ?? this).style.setProperty("--dim", share)
    this.classList.toggle("is-pulled", share < 1)
  }

  // ------------------------------------------------------------ what people do

  handleEvent(event) {
    if (event.type === "click") this.#click(event)
    else if (event.type === "pointermove" && event.pointerType === "mouse") this.#hover(event)
    else if (event.type === "keydown") this.wake()
    else if (event.type === "change" && event.target.name === "slideshow-seconds") this.#slideshow.seconds = event.target.value
    else if (event.type === "change" && event.target.name === "live-by-itself") this.#liveByItself(event.target.checked)
    if (event.type === "pointerover" || event.type === "focusin") this.#mean(event.target.closest("[data-face]")?.dataset.face)
  }

  #click(event) {
    const act = event.target.closest("[data-act]")?.dataset.act
    if (!act || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    event.target.closest("[popover]")?.hidePopover()
    if (act === "visit") this.#visit(event.target.closest("a"))
    else this.do(act)
  }

  #keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !this.isConnected) return
    if (this.overGrid && !this.overGrid.open) return
    if (event.target.closest?.("dialog") && !this.contains(event.target) && event.target !== this.overGrid) return
    const act = KEYS[event.key]
    const isTyping = event.target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]")
    const isPressing = event.key === " " && event.target.closest?.("a, button, video, summary, input")
    const isSeeking = event.key.startsWith("Arrow") && event.target.closest?.("video, [role=slider]")
    if (!act || isTyping || isPressing || isSeeking) return
    if (act === "close" && (document.fullscreenElement || this.querySelector("[popover]:popover-open"))) return // Esc leaves these first
    event.preventDefault()
    event.stopPropagation()
    this.do(act)
  }

  do(act) {
    if (act === "newer" || act === "older") this.turn(act)
    else if (act === "info") this.#information.toggle()
    else if (act === "whole") this.#whole()
    else if (act === "boxes") this.#boxes(!this.classList.contains("shows-boxes"))
    else if (act === "lines") this.#lines(this.classList.contains("hides-lines"))
    else if (act === "live") this.#live(true)
    else if (act === "around") this.#stage.toggleAround()
    else if (act === "larger") this.#stage.step(1)
    else if (act === "smaller") this.#stage.step(-1)
    else if (act === "zoom") this.#stage.zoom.toggle()
    else if (act === "rate-0" && (this.#stage.zoom.isLarger || this.#stage.sphere)) this.#stage.reset()
    else if (act === "slideshow") this.#slideshow.isOn ? this.#slideshow.stop() : this.#slideshow.start()
    else if (act === "play") this.#play()
    else if (act === "keys") openKeys()
    else if (act === "on-map") this.#information.chooseOnMap()
    else if (act === "close") this.#slideshow.isOn ? this.#slideshow.stop() : this.close()
    else this.#deeds.do(act)
  }

  /** To the photo beside this one, which takes its place; says whether there is one. isSlow: it fades over. */
  async turn(act, isSlow) {
    const beside = await tilesBeside(this.wanted)
    const link = beside ? beside[act] : this.querySelector(`a.turn.${act}:not([hidden])`)
    if (!link || !this.isConnected || (this.overGrid && !this.overGrid.open)) return false
    const before = isSlow && !isStill() && this.viewed.querySelector(".slide .picture")?.cloneNode()
    this.#go(link)
    const ready = this.#beside[act]
    if (ready?.dataset.photo === this.wanted) {
      const picture = isSlow && ready.querySelector(".slide .picture")
      if (picture) await Promise.race([picture.decode().catch(() => {}), new Promise((done) => setTimeout(done, 3000))])
      if (ready.dataset.photo === this.wanted) this.#showArticle(ready)
    } else await this.show(this.wanted)
    if (before && this.viewed) fadeOut(before, this.viewed.querySelector(".stage"))
    return true
  }

  #go(link) {
    this.wanted = idIn(link)
    history.replaceState({ photo: this.wanted }, "", link.getAttribute("href"))
  }

  /** A photo that is neither of the neighbours: Back leads to the one before. */
  #visit(link) {
    history.pushState({ photo: idIn(link) }, "", link.getAttribute("href"))
    this.show(idIn(link))
  }

  #whole() {
    if (document.fullscreenElement) document.exitFullscreen()
    else (this.overGrid ?? this).requestFullscreen?.().catch(() => {})
  }

  /** Frames around faces: whether they are shown is remembered like the information is. */
  #boxes(areShown = sessionStorage.getItem("boxes") === "shown") {
    this.classList.toggle("shows-boxes", areShown)
    sessionStorage.setItem("boxes", areShown ? "shown" : "hidden")
    for (const each of this.querySelectorAll('[data-act="boxes"]')) each.setAttribute("aria-pressed", areShown)
  }

  /** Frames around the text that a search was for: shown until somebody does not want them. */
  #lines(areShown = sessionStorage.getItem("lines") !== "hidden") {
    this.classList.toggle("hides-lines", !areShown)
    sessionStorage.setItem("lines", areShown ? "shown" : "hidden")
    for (const each of this.querySelectorAll('[data-act="lines"]')) each.setAttribute("aria-pressed", areShown)
  }

  /** The frame of the face that is pointed at in the information. */
  #mean(face) {
    for (const box of this.querySelectorAll("[data-box]")) box.classList.toggle("is-meant", box.dataset.box === face)
  }

  #play() {
    const video = this.querySelector(".slide > video")
    if (this.#slideshow.isOn) this.#slideshow.stop()
    else if (!video) this.turn("older")
    else if (video.paused) video.play().catch(() => {})
    else video.pause()
  }

  /** Play the moving part of a photo, because somebody asked for that or as it is near. */
  #live(isAsked) {
    const stage = this.querySelector(".stage")
    const source = this.querySelector('a[data-act="live"]')
    if (!source) return
    if (isAsked) moving.press(stage, source.href)
    else if (!isStill()) moving.play(stage, source.href, true)
  }

  #liveByItself(isWanted) {
    localStorage.setItem("live", isWanted ? "yes" : "no")
    if (isWanted) this.#live()
  }

  #hover(event) {
    this.wake()
    if (event.target.closest('a[data-act="live"]')) this.#live()
  }

  close() {
    const back = this.querySelector('[data-act="close"]')?.href
    if (this.overGrid) history.back()
    else if (cameFromHere()) history.back()
    else if (back) location.assign(back)
  }

  #offerRetry(id, quick) {
    const failure = document.createElement("div")
    failure.className = "failure"
    const retry = document.createElement("button")
    retry.className = "button"
    retry.textContent = _("Try again")
    retry.onclick = () => this.show(id, quick)
    failure.append(_("photolib does not answer at the moment."), retry)
    const stage = document.createElement("div")
    stage.className = "stage"
    stage.append(failure)
    this.#put(stage)
    retry.focus()
  }

  // ------------------------------------------------------------ what is said, and controls that fade

  /** For who hears the page: which photo this is, and whether it is the first or the last. */
  #say() {
    const { viewed } = this
    const isFirst = viewed.querySelector("a.turn.newer")?.hidden
    const isLast = viewed.querySelector("a.turn.older")?.hidden
    const ends = isFirst && isLast ? _("The only photo") : isFirst ? _("First photo") : isLast ? _("Last photo") : ""
    const place = this.overGrid && placeInGrid(viewed.dataset.photo)
    const where = place ? _("{n} of {all}", { n: number(place.n), all: number(place.all) }) : ends
    const said = [viewed.dataset.caption, where].filter(Boolean).join(". ")
    if (this.#said.textContent !== said) this.#said.textContent = said
  }

  #saySlideshow() {
    this.classList.toggle("plays-slideshow", this.#slideshow.isOn)
    const bar = this.querySelector(".slideshow")
    if (!bar) return
    bar.hidden = !this.#slideshow.isOn
    bar.querySelector("select").value = this.#slideshow.seconds
    const live = this.querySelector('[name="live-by-itself"]')
    if (live) live.checked = localStorage.getItem("live") === "yes"
  }

  wake() {
    this.classList.remove("is-quiet")
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#rest(), QUIET_AFTER)
  }

  #rest() {
    clearTimeout(this.#timer)
    if (!this.querySelector("[popover]:popover-open")) this.classList.add("is-quiet")
    else this.wake()
  }
}

const idIn = (link) => link.getAttribute("href").match(/\/photo\/(\d+)/)[1]
const addressOf = (id) => document.getElementById(`photo-${id}`)?.getAttribute("href") ?? `/photo/${id}`

/** Whether the page before this one was ours too, so that a step back leads there, at the place where it was left. */
function cameFromHere() {
  if (history.length < 2 || !document.referrer.startsWith(location.origin + "/")) return false
  return !/^\/(login|setup|second-step|photo)\b/.test(new URL(document.referrer).pathname)
}

/** What was searched for on the page below, so that the photo can show where it says that. */
function asked() {
  const query = new URLSearchParams(location.search).get("q")
  return query ? `?${new URLSearchParams({ asked: query })}` : ""
}

/** Something to look at until the photo's own content is here. */
function sketch(quick) {
  const content = document.createElement("template")
  content.innerHTML = '<div class="stage"><div class="slide"><div class="pane"><img class="quick" alt=""></div></div></div>'
  const made = document.importNode(content.content.firstChild, true)
  made.querySelector("img").src = quick.currentSrc || quick.src
  return made
}

/** The picture before lies over its follower and fades. */
function fadeOut(picture, stage) {
  picture.ariaHidden = true
  picture.alt = ""
  picture.classList.add("is-leaving")
  stage.append(picture)
  picture.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 600, easing: "ease-out" }).finished.finally(() => picture.remove())
}

customElements.define("photo-viewer", PhotoViewer)
