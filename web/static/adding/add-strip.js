import { _, number, plural } from "../words.js"

const MOST_ROWS = 60
const EVERY = 150 // ms between two looks of the strip at what it shows
const RATE_OVER = 8000 // ms

/** At the lower edge of whatever page is open: how far adding is, and each file with what can be done about it. */
class AddStrip extends HTMLElement {
  #queue
  #timer
  #marks = [] // [time, bytes sent], for the rate
  #rows = new Map()
  #find = (name) => this.querySelector(name)

  connectedCallback() {
    this.addEventListener("click", this)
    this.addEventListener("change", this)
  }

  set queue(queue) {
    this.#queue = queue
    queue.addEventListener("change", () => (this.#timer ??= setTimeout(() => this.#show(), EVERY)))
    this.#show()
  }

  handleEvent({ type, target }) {
    if (type === "change") {
      if (target.matches("[data-chosen-again]")) this.dispatchEvent(new CustomEvent("chosen", { detail: target, bubbles: true }))
      return
    }
    const row = target.closest("li")?.dataset.id
    const acts = {
      pause: () => this.#queue.pause(),
      "go-on": () => this.#queue.goOn(),
      unfold: () => this.#unfold(),
      away: () => this.#queue.clear(),
      allow: () => this.#queue.allow(),
      forget: () => this.#queue.leaveOutLost(),
      "cancel-all": () => this.#queue.cancelAll(),
      again: () => this.#queue.retry(row),
      cancel: () => this.#queue.cancel([row]),
    }
    for (const name of target.closest("button")?.classList ?? []) acts[name]?.()
  }

  #unfold(isOpen = this.#find("#adding-files").hidden) {
    this.#find("#adding-files").hidden = !isOpen
    this.#find(".unfold").setAttribute("aria-expanded", isOpen)
    this.#show()
  }

  #show() {
    this.#timer = undefined
    const queue = this.#queue
    const tally = queue.tally
    this.hidden = !queue.items.size && !queue.leftOut
    document.documentElement.classList.toggle("is-adding", !this.hidden)
    const isOver = queue.isOver
    const isStopped = queue.isPaused || queue.isSignedOut
    const isStuck = !isOver && tally.left === tally.lost + tally.ask
    this.#find(".said").ariaLive = isOver || isStopped || isStuck ? "polite" : "off" // not each of five hundred files
    this.#say(".said", isOver ? summary(tally) : doing(tally, queue, isStuck))
    this.#say(".pace", isOver ? more(tally) : isStopped || isStuck ? "" : this.#pace(tally))
    const bar = this.#find("header progress")
    bar.hidden = isOver
    bar.max = tally.bytes || 1
    bar.value = tally.sent
    this.#find(".pause").hidden = isOver || isStopped || isStuck
    this.#find(".go-on").hidden = isOver || !isStopped
    this.#find(".away").hidden = !isOver
    const album = [...queue.items.values()].find((item) => item.album)?.album
    const link = this.#find(".show")
    link.hidden = !isOver || !(tally.new + tally.duplicate)
    link.href = album ? `/albums/${album}` : "/recent"
    this.#find(".cancel-all").hidden = isOver
    this.#ask(tally)
    if (!this.#find("#adding-files").hidden) this.#list()
  }

  #say(name, text) {
    const place = this.#find(name)
    if (place.textContent !== text) place.textContent = text
  }

  /** Files that cannot go on by themselves: what happened, what helps. */
  #ask({ lost, ask }) {
    const place = this.#find(".ask")
    place.hidden = !lost && !ask
    const said = ask
      ? plural("{n} file was being added. Your browser asks whether photolib may go on reading it.", "{n} files were being added. Your browser asks whether photolib may go on reading them.", ask)
      : plural("{n} file was being added when this page was left. Choose it again, and it goes on where it stopped.", "{n} files were being added when this page was left. Choose them again, and they go on where they stopped.", lost)
    if (!place.hidden) place.querySelector("span").textContent = said
    this.#find(".allow").hidden = !ask
    this.#find(".choose-again").hidden = Boolean(ask)
  }

  /** 12 of 30 MB · 4.2 MB/s · about 2 minutes left */
  #pace({ bytes, sent }) {
    const now = performance.now()
    this.#marks.push([now, sent])
    while (this.#marks.length > 2 && this.#marks[0][0] < now - RATE_OVER) this.#marks.shift()
    const [then, before] = this.#marks[0]
    const rate = Math.max(0, sent - before) / Math.max(1, now - then) // bytes in a millisecond
    const said = [_("{sent} of {all}", { sent: size(sent), all: size(bytes) })]
    if (now - then > 1500 && rate) {
      said.push(_("{size} a second", { size: size(rate * 1000) }), left((bytes - sent) / rate / 1000))
    }
    return said.join(" · ")
  }

  /** What is under way and what went wrong stands above; of what is done and what waits, as much as is of use. */
  #list() {
    const order = { failed: 0, lost: 1, ask: 1, looking: 2, sending: 2, waiting: 3, done: 4 }
    const items = [...this.#queue.items.values()].sort((one, other) => order[one.state] - order[other.state])
    const shown = items.slice(0, MOST_ROWS)
    const list = this.#find(".files")
    for (const [id, row] of this.#rows) {
      if (!shown.some((item) => item.id === id)) {
        row.remove()
        this.#rows.delete(id)
      }
    }
    shown.forEach((item, at) => {
      const row = this.#rows.get(item.id) ?? this.#newRow(item)
      if (list.children[at] !== row && !row.contains(document.activeElement)) list.insertBefore(row, list.children[at] ?? null)
      row.className = `is-${item.state}`
      row.querySelector(".how").textContent = stateOf(item)
      const bar = row.querySelector("progress")
      const isLooking = item.state === "looking" && item.looked
      bar.hidden = !isLooking && (item.state !== "sending" || item.isHere)
      bar.value = (isLooking ? item.looked : item.sent) / item.size
      row.querySelector(".again").hidden = item.state !== "failed"
      row.querySelector(".cancel").hidden = item.state === "done"
    })
    const rest = items.length - shown.length
    this.#say(".rest", rest ? plural("and {n} more", "and {n} more", rest) : "")
  }

  #newRow(item) {
    const row = this.#find("template").content.firstElementChild.cloneNode(true)
    row.dataset.id = item.id
    row.querySelector(".name").textContent = item.name
    row.querySelector("progress").setAttribute("aria-label", item.name)
    for (const button of row.querySelectorAll("button")) button.setAttribute("aria-label", `${button.title}: ${item.name}`)
    this.#rows.set(item.id, row)
    return row
  }
}

function doing({ left, new: came, duplicate, failed }, queue, isStuck) {
  if (queue.isSignedOut) return _("You are signed out. Sign in again, and adding goes on.")
  const all = came + duplicate + failed + left
  const done = all - left
  if (queue.isPaused) return plural("Paused: {n} file to go", "Paused: {n} files to go", left)
  if (isStuck) return plural("{n} file waits for you", "{n} files wait for you", left)
  return _("Adding {n} of {all}", { n: number(Math.min(done + 1, all)), all: number(all) })
}

/** 12 new, 3 were here already, 1 could not be added */
function summary({ new: came, duplicate, failed }) {
  const said = []
  if (came || !(duplicate || failed)) said.push(plural("{n} new", "{n} new", came))
  if (duplicate) said.push(plural("{n} was here already", "{n} were here already", duplicate))
  if (failed) said.push(plural("{n} could not be added", "{n} could not be added", failed))
  return said.join(", ")
}

function more({ ignored, restored }) {
  const said = []
  if (restored) said.push(plural("{n} is out of the trash again", "{n} are out of the trash again", restored))
  if (ignored) said.push(plural("{n} file beside them was no photo", "{n} files beside them were no photos", ignored))
  return said.join(" · ")
}

function stateOf({ state, outcome, said, isHere, size: bytes }) {
  if (said) return said
  if (state === "done") return { new: _("Added"), duplicate: _("Was here already"), ignored: _("Read with its photo") }[outcome]
  if (state === "looking") return _("Looking whether it is here already")
  if (state === "lost") return _("Has to be chosen again")
  if (state === "ask") return _("Waits for your browser's leave")
  return isHere ? _("Was here already") : size(bytes)
}

function size(bytes) {
  const units = ["kilobyte", "megabyte", "gigabyte", "terabyte"]
  let value = bytes / 1000
  let unit = 0
  while (value >= 1000 && unit < 3) {
    value /= 1000
    unit += 1
  }
  return number(value, { style: "unit", unit: units[unit], maximumFractionDigits: unit ? 1 : 0 })
}

function left(seconds) {
  if (seconds < 60) return _("less than a minute left")
  if (seconds < 5400) return plural("about {n} minute left", "about {n} minutes left", Math.round(seconds / 60))
  return plural("about {n} hour left", "about {n} hours left", Math.round(seconds / 3600))
}

customElements.define("add-strip", AddStrip)
