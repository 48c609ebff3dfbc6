import { refresh } from "./acts.js"
import { open as openKeys } from "./keys.js"

const QUIET_AFTER = 2000 // ms without a movement until the controls fade
const SWIPE = 60 // pixels a finger has to go

/**
 * One photo, edge to edge. On a page of its own it holds what the server sent; over the grid it fetches that.
 * Turning to another photo replaces its content and the address; the photos on both sides are fetched ahead.
 */
class PhotoViewer extends HTMLElement {
  #known = new Map() // photo id -> promise of its <article>
  #timer
  #finger

  connectedCallback() {
    this.tabIndex = -1
    for (const type of ["click", "pointermove", "pointerdown", "pointerup", "pointercancel", "keydown", "dblclick", "pointerover", "focusin"])
      this.addEventListener(type, this)
    this.addEventListener("refreshed", () => {
      this.#known.clear() // somebody changed what is said about a photo
      this.hasChanged = true
    })
    this.addEventListener("wheel", (event) => event.target.closest(".information") || event.preventDefault(), { passive: false })
    document.addEventListener("keydown", this.#keys)
    if (this.viewed) this.#settle()
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#keys)
    clearTimeout(this.#timer)
  }

  get viewed() {
    return this.querySelector(".viewed")
  }

  get overGrid() {
    return this.closest("dialog")
  }

  /** Show the photo of this id. quick: a picture of it that is there already. */
  async show(id, quick) {
    this.wanted = id
    if (quick && !this.#known.has(id)) this.replaceChildren(await this.#sketch(quick))
    const act = document.activeElement?.closest?.("[data-act]")?.dataset.act
    let article
    try {
      article = await this.#fetch(id)
    } catch (problem) {
      this.#known.delete(id)
      if (this.wanted !== id) return
      if (problem instanceof TypeError) this.#offerRetry(id, quick) // nobody answered
      else location.assign(addressOf(id)) // the page of its own says what is wrong
      return
    }
    if (article.dataset.status === "processing") this.#known.delete(id) // it will have more to say soon
    if (this.wanted !== id) return // somebody has gone on meanwhile
    article = article.cloneNode(true)
    if (quick) article.querySelector("img.quick")?.setAttribute("src", quick.src)
    this.replaceChildren(article)
    const again = act && this.querySelector(`[data-act="${act}"]`)
    ;(again || this).focus({ preventScroll: true })
    this.#settle()
  }

  /** The content is in place: wire it, and fetch what will be asked for next. */
  #settle() {
    const { viewed } = this
    document.title = viewed.dataset.title
    this.classList.toggle("shows-information", sessionStorage.getItem("information") === "shown")
    this.#boxes()
    this.#lines()
    const video = viewed.querySelector("video")
    whenUnplayable(video, () => {
      viewed.querySelector("[data-unplayable]").hidden = false
      video.remove()
    })
    const picture = viewed.querySelector(".stage .picture")
    if (picture && !picture.complete) {
      picture.style.opacity = 0
      picture.addEventListener("load", () => (picture.style.opacity = 1), { once: true })
    }
    if (this.#grid) this.#orderByGrid().then(() => viewed === this.viewed && this.#fetchAhead())
    else this.#fetchAhead()
    this.#wake()
  }

  #fetchAhead() {
    for (const link of this.querySelectorAll("a.turn:not([hidden])")) {
      const id = idIn(link)
      this.#fetch(id).then(warm, () => this.#known.delete(id))
    }
  }

  #fetch(id) {
    if (!this.#known.has(id)) {
      if (this.#known.size > 30) this.#known.delete(this.#known.keys().next().value)
      this.#known.set(id, fetchArticle(id, this.overGrid ? asked() : location.search))
    }
    return this.#known.get(id)
  }

  /** Something to look at until the photo's own content is here. */
  async #sketch(quick) {
    const stage = document.createElement("div")
    stage.className = "stage"
    const picture = new Image()
    picture.className = "quick"
    picture.src = quick.src
    picture.alt = ""
    stage.append(picture)
    return stage
  }

  #offerRetry(id, quick) {
    const failure = document.createElement("div")
    failure.className = "failure"
    const retry = document.createElement("button")
    retry.className = "button"
    retry.textContent = "Try again"
    retry.onclick = () => this.show(id, quick)
    failure.append("photolib does not answer at the moment.", retry)
    const stage = document.createElement("div")
    stage.className = "stage"
    stage.append(failure)
    this.replaceChildren(stage)
    retry.focus()
  }

  // ------------------------------------------------------------ what people do

  handleEvent(event) {
    if (event.type === "click") this.#click(event)
    else if (event.type === "pointermove") this.#drag(event)
    else if (event.type === "pointerdown") this.#touch(event)
    else if (event.type === "pointerup" || event.type === "pointercancel") this.#release(event)
    else if (event.type === "dblclick" && event.target.closest(".stage") && !event.target.closest("video")) this.#whole()
    if (event.type === "keydown") this.#wake()
    if (event.type === "pointerover" || event.type === "focusin") this.#mean(event.target.closest("[data-face]")?.dataset.face)
  }

  #click(event) {
    const act = event.target.closest("[data-act]")?.dataset.act
    if (!act || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    if (act === "visit") this.#visit(event.target.closest("a"))
    else this.#do(act)
  }

  #keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.isConnected) return
    if (this.overGrid && !this.overGrid.open) return
    if (event.target.closest?.("dialog") && !this.contains(event.target) && event.target !== this.overGrid) return
    const act = { ArrowLeft: "newer", ArrowRight: "older", i: "info", f: "whole", p: "boxes", t: "lines", Escape: "close", " ": "play", "?": "keys" }[event.key]
    const isTyping = event.target.matches?.("input, textarea, select")
    const isPressing = event.key === " " && event.target.closest?.("a, button, video, summary")
    const isSeeking = event.key.startsWith("Arrow") && event.target.closest?.("video")
    if (!act || isTyping || isPressing || isSeeking) return
    if (act === "close" && (document.fullscreenElement || this.querySelector("[popover]:popover-open"))) return // Esc leaves the full screen first
    event.preventDefault()
    event.stopPropagation()
    this.#do(act)
  }

  #do(act) {
    if (act === "newer" || act === "older") this.#turn(act)
    else if (act === "info") this.#information()
    else if (act === "whole") this.#whole()
    else if (act === "boxes") this.#boxes(!this.classList.contains("shows-boxes"))
    else if (act === "lines") this.#lines(this.classList.contains("hides-lines"))
    else if (act === "live") this.#live()
    else if (act === "play") this.#play()
    else if (act === "keys") openKeys()
    else if (act === "close") this.#close()
  }

  /** The grid below, when it has an order of its own, such as the best match first, and not that of the timeline. */
  get #grid() {
    return this.overGrid && document.querySelector("photo-grid[data-own-order]")
  }

  /** The tiles on both sides of a photo; fetches more of them before the last one is reached. */
  async #tilesBeside(id, tries = 3) {
    const tiles = [...this.#grid.querySelectorAll(".tile")]
    const here = tiles.findIndex((tile) => tile.id === `photo-${id}`)
    const more = here < 0 || here > tiles.length - 10 ? this.#grid.querySelector("more-photos")?.load() : undefined
    if (here < 0 && !(more && tries)) return {} // it was opened from another one and does not stand in the grid
    if (here < 0 || here === tiles.length - 1) await more
    if (here < 0 && this.#grid) return this.#tilesBeside(id, tries - 1)
    return { newer: tiles[here - 1], older: tiles[here + 1] ?? this.#grid?.querySelectorAll(".tile")[here + 1] }
  }

  async #orderByGrid() {
    const { viewed } = this
    const beside = await this.#tilesBeside(viewed.dataset.photo)
    for (const link of viewed.querySelectorAll("a.turn")) {
      const tile = beside[link.dataset.act]
      link.hidden = !tile
      if (tile) link.href = tile.getAttribute("href")
      link.ariaLabel = link.dataset.act === "newer" ? "Photo before" : "Next photo"
    }
  }

  async #turn(act) {
    const link = this.#grid ? (await this.#tilesBeside(this.wanted))[act] : this.querySelector(`a.turn.${act}:not([hidden])`)
    if (!link || !this.isConnected) return
    history.replaceState({ photo: idIn(link) }, "", link.getAttribute("href"))
    this.show(idIn(link))
  }

  /** A photo that is neither of the neighbours: Back leads to the one before. */
  #visit(link) {
    history.pushState({ photo: idIn(link) }, "", link.getAttribute("href"))
    this.show(idIn(link))
  }

  #information() {
    const isShown = this.classList.toggle("shows-information")
    sessionStorage.setItem("information", isShown ? "shown" : "hidden")
    if (!isShown && this.contains(document.activeElement)) this.focus()
  }

  #whole() {
    if (document.fullscreenElement) document.exitFullscreen()
    else (this.overGrid ?? this).requestFullscreen?.()
  }

  /** Frames around faces: whether they are shown is remembered like the information is. */
  #boxes(areShown = sessionStorage.getItem("boxes") === "shown") {
    this.classList.toggle("shows-boxes", areShown)
    sessionStorage.setItem("boxes", areShown ? "shown" : "hidden")
    this.querySelector('[data-act="boxes"]')?.setAttribute("aria-pressed", areShown)
  }

  /** Frames around the text that a search was for: shown until somebody does not want them. */
  #lines(areShown = sessionStorage.getItem("lines") !== "hidden") {
    this.classList.toggle("hides-lines", !areShown)
    sessionStorage.setItem("lines", areShown ? "shown" : "hidden")
    this.querySelector('[data-act="lines"]')?.setAttribute("aria-pressed", areShown)
  }

  /** The frame of the face that is pointed at in the information. */
  #mean(face) {
    for (const box of this.querySelectorAll("[data-box]")) box.classList.toggle("is-meant", box.dataset.box === face)
  }

  #play() {
    const video = this.querySelector("video")
    if (!video) this.#turn("older")
    else if (video.paused) video.play()
    else video.pause()
  }

  /** The moving part of a live photo plays once over the still picture. */
  #live() {
    const stage = this.querySelector(".stage")
    if (stage.querySelector(".moving")) return
    const video = document.createElement("video")
    video.className = "moving"
    video.src = this.querySelector('[data-act="live"]').href
    video.playsInline = true
    video.onended = () => video.remove()
    whenUnplayable(video, () => video.remove())
    stage.append(video)
    video.play().catch(() => video.remove())
  }

  #close() {
    if (this.overGrid) history.back()
    else this.querySelector('[data-act="close"]') && location.assign(this.querySelector('[data-act="close"]').href)
  }

  // ------------------------------------------------------------ fingers, and controls that fade

  #touch(event) {
    if (event.pointerType !== "touch" || !event.target.closest(".stage") || event.target.closest("video")) return
    this.#finger = event.isPrimary && visualViewport.scale === 1 ? { x: event.clientX, y: event.clientY } : undefined
  }

  #drag(event) {
    if (event.pointerType === "mouse") this.#wake()
    if (event.pointerType === "mouse" && event.target.closest('[data-act="live"]')) this.#live()
    if (!this.#finger || !event.isPrimary) return
    const x = event.clientX - this.#finger.x
    const y = event.clientY - this.#finger.y
    this.querySelector(".stage").style.transform = Math.abs(x) > Math.abs(y) ? `translateX(${x}px)` : `translateY(${Math.max(0, y)}px)`
  }

  #release(event) {
    if (!this.#finger) return
    const x = event.clientX - this.#finger.x
    const y = event.clientY - this.#finger.y
    this.#finger = undefined
    const stage = this.querySelector(".stage")
    stage.style.transform = ""
    if (event.type === "pointercancel") return
    if (Math.abs(x) > SWIPE && Math.abs(x) > Math.abs(y)) this.#turn(x > 0 ? "newer" : "older")
    else if (y > SWIPE && y > Math.abs(x)) this.#close()
    else if (Math.hypot(x, y) < 10) this.classList.contains("is-quiet") ? this.#wake() : this.#rest()
  }

  #wake() {
    this.classList.remove("is-quiet")
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#rest(), QUIET_AFTER)
  }

  #rest() {
    clearTimeout(this.#timer)
    this.classList.add("is-quiet")
  }
}

/** A browser that lacks a codec says so, or plays the sound to a black picture. */
function whenUnplayable(video, then) {
  video?.addEventListener("error", then)
  video?.addEventListener("loadedmetadata", () => video.videoWidth || then())
}

const idIn = (link) => link.pathname.split("/").at(-1)
const addressOf = (id) => document.getElementById(`photo-${id}`)?.getAttribute("href") ?? `/photo/${id}`

/** What was searched for on the page below, so that the photo can show where it says that. */
function asked() {
  const query = new URLSearchParams(location.search).get("q")
  return query ? `?${new URLSearchParams({ asked: query })}` : ""
}

async function fetchArticle(id, tail) {
  const answer = await fetch(`/fragments/photo/${id}${tail}`)
  if (!answer.ok) throw new Error(answer.status)
  const text = document.createElement("template")
  text.innerHTML = await answer.text()
  return text.content.querySelector(".viewed")
}

/** Have the browser fetch an article's picture before it is shown. */
function warm(article) {
  const picture = article.querySelector(".stage .picture")
  if (picture && !navigator.connection?.saveData) new Image().src = picture.getAttribute("src")
}

customElements.define("photo-viewer", PhotoViewer)

// ------------------------------------------------------------ over the grid

let dialog

function overlay() {
  if (dialog) return dialog
  dialog = document.createElement("dialog")
  dialog.className = "viewer-over"
  dialog.setAttribute("aria-label", "Photo")
  const viewer = document.createElement("photo-viewer")
  viewer.className = "viewer"
  const toasts = document.createElement("div")
  toasts.className = "toasts"
  toasts.role = "status"
  dialog.append(viewer, toasts)
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault() // closing is a step back in the history, whatever asked for it
    history.back()
  })
  document.body.append(dialog)
  return dialog
}

const pageTitle = document.title

function show(id, quick) {
  const over = overlay()
  if (!over.open) {
    const bar = innerWidth - document.documentElement.clientWidth
    document.documentElement.style.overflow = "hidden"
    document.body.style.paddingRight = `${bar}px` // the grid keeps its width while its scroll bar is away
    over.showModal()
  }
  over.firstChild.show(id, quick)
}

function hide() {
  if (!dialog?.open) return
  const tile = document.getElementById(`photo-${dialog.firstChild.viewed?.dataset.photo}`)
  if (document.fullscreenElement) document.exitFullscreen()
  dialog.close()
  dialog.firstChild.replaceChildren()
  document.documentElement.style.overflow = ""
  document.body.style.paddingRight = ""
  document.title = pageTitle
  if (tile) {
    tile.focus({ preventScroll: true })
    tile.scrollIntoView({ block: "nearest", behavior: "instant" })
  }
  if (dialog.firstChild.hasChanged) refresh(["person", "questions", "photos"]) // whose page it lies over may show others now
  dialog.firstChild.hasChanged = false
}

/** Open the photo of a tile over the grid. */
export function open(tile) {
  const id = tile.id.replace("photo-", "")
  history.pushState({ photo: id }, "", tile.getAttribute("href"))
  const picture = tile.querySelector(".picture")
  show(id, picture?.naturalWidth ? picture : undefined)
}

addEventListener("popstate", ({ state }) => {
  const id = state?.photo ?? location.pathname.match(/^\/photo\/(\d+)$/)?.[1]
  const alone = document.querySelector("main photo-viewer")
  if (alone) id ? alone.show(id) : location.reload() // back to a page that was left behind by reloading
  else if (!document.querySelector("photo-grid")) return
  else if (id) show(id)
  else hide()
})
