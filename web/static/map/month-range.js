import { _, date, plural } from "../words.js"

const MOST_BARS = 240 // beyond so many months, bars are years
const MOST_EMPTY = 3 // one after the other

/**
 * <month-range data-months='{"2019-06": 12}'>: how many photos there are in which month, with two handles that choose a stretch of
 * time. Dispatches "range" with [first, last] month, or nothing in it for all of time.
 */
class MonthRange extends HTMLElement {
  #bars = []

  connectedCallback() {
    if (this.bars) return
    const counts = JSON.parse(this.dataset.months)
    const months = Object.keys(counts).sort()
    if (months.length < 2) return void (this.hidden = true)
    this.#bars = bars(counts, months)
    this.#build()
    this.set(this.dataset.from, this.dataset.to)
  }

  /** Choose a stretch; without saying so to anybody. */
  set(from, to) {
    const last = this.#bars.length - 1
    if (last < 0) return
    const at = (month) => this.#bars.findIndex((bar) => bar.to >= month)
    this.first.value = from ? Math.max(0, at(from)) : 0
    this.last.value = to && at(to) >= 0 ? at(to) : last
    this.#show()
  }

  #build() {
    const most = Math.max(...this.#bars.map(({ photos }) => photos))
    this.bars = element("div", "month-bars")
    this.bars.setAttribute("aria-hidden", "true")
    for (const { photos } of this.#bars) {
      const bar = element("i")
      bar.style.height = `${photos ? Math.max(6, 100 * Math.sqrt(photos / most)) : 0}%`
      this.bars.append(bar)
    }
    this.first = this.#handle(_("From"))
    this.last = this.#handle(_("To"))
    const handles = element("div", "month-handles")
    handles.append(this.bars, this.first, this.last)
    this.said = element("output")
    this.all = Object.assign(element("button", "plain"), { type: "button", textContent: _("All of time") })
    this.all.addEventListener("click", () => {
      this.set()
      this.#tell()
      this.first.focus()
    })
    const line = element("div", "month-line")
    line.append(this.said, this.all)
    this.append(line, handles)
  }

  #handle(name) {
    const handle = Object.assign(document.createElement("input"), { type: "range", min: 0, max: this.#bars.length - 1, step: 1 })
    handle.setAttribute("aria-label", name)
    handle.addEventListener("input", () => {
      // A handle takes the other one along instead of passing it.
      if (handle === this.first) this.last.value = Math.max(this.last.value, handle.value)
      else this.first.value = Math.min(this.first.value, handle.value)
      this.#show()
    })
    handle.addEventListener("change", () => this.#tell())
    return handle
  }

  #show() {
    const first = Number(this.first.value), last = Number(this.last.value)
    const inside = this.#bars.slice(first, last + 1)
    const [from, to] = [said(inside[0]), said(inside.at(-1))]
    const photos = inside.reduce((sum, bar) => sum + bar.photos, 0)
    this.said.textContent = `${from === to ? from : `${from} – ${to}`} · ${plural("{n} photo", "{n} photos", photos)}`
    this.first.setAttribute("aria-valuetext", from)
    this.last.setAttribute("aria-valuetext", to)
    for (const [number, bar] of [...this.bars.children].entries()) bar.classList.toggle("is-in", number >= first && number <= last)
    this.isWhole = first === 0 && last === this.#bars.length - 1
    this.all.hidden = this.isWhole
    this.first.style.zIndex = first > this.#bars.length / 2 ? 2 : 1 // both at the right end: the left one can still be taken
  }

  #tell() {
    const range = this.isWhole ? [] : [this.#bars[this.first.value].from, this.#bars[this.last.value].to]
    this.dispatchEvent(new CustomEvent("range", { detail: range, bubbles: true }))
  }
}

/** One bar for each month, or for each year where these are many. Of a long time without photos, a few empty ones stand for all. */
function bars(counts, months) {
  const found = inOrder(months.map((month) => [Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1, counts[month]]), (number) => {
    const name = `${year(Math.floor(number / 12))}-${String((number % 12) + 1).padStart(2, "0")}`
    return [name, name]
  })
  if (found.length <= MOST_BARS) return found
  const years = new Map()
  for (const month of months) years.set(Number(month.slice(0, 4)), (years.get(Number(month.slice(0, 4))) ?? 0) + counts[month])
  return inOrder([...years], (number) => [`${year(number)}-01`, `${year(number)}-12`])
}

function inOrder(pairs, name) {
  const found = []
  let next = pairs[0][0]
  for (const [number, photos] of pairs) {
    for (const empty of Array.from({ length: Math.min(number - next, MOST_EMPTY) }, (_, i) => number - Math.min(number - next, MOST_EMPTY) + i)) {
      const [from, to] = name(empty)
      found.push({ from, to, photos: 0 })
    }
    const [from, to] = name(number)
    found.push({ from, to, photos })
    next = number + 1
  }
  return found
}

const year = (number) => String(number).padStart(4, "0")

function said({ from, to }) {
  if (from !== to) return from.slice(0, 4)
  return date(new Date(Number(from.slice(0, 4)), Number(from.slice(5)) - 1, 15), { month: "short", year: "numeric" })
}

const element = (name, className = "") => Object.assign(document.createElement(name), { className })

customElements.define("month-range", MonthRange)
