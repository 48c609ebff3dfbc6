import { shape } from "./layout.js"

const MOST_KEPT = 60 // pieces whose photos are remembered
const MOST_IDS = 20000 // in one answer
const SHARED = { day: 10, month: 7, year: 4 } // how much of a moment the photos under one heading share

/**
 * The photos of a scope in their order, fetched piece by piece. A photo's place is {piece, index}; its number counts from the newest.
 * A piece is {month, through, from, count, number, data, height, layout}: part of a large month, or several small ones; data and layout
 * are there once it was fetched and laid out. size: of a piece, the same as in web/grid.py.
 */
export class Photos {
  months = []
  pieces = []
  total = 0
  #coming = new Map() // piece number -> {abort, promise}
  #used = []

  constructor(scope, size) {
    this.scope = scope
    this.size = size
  }

  /** Fetch what months there are. */
  async open() {
    const { items } = await ask(`/api/v1/timeline/buckets?scope=${this.scope}`)
    let number = 0, piece
    for (const { month, count, said } of items) {
      if (!piece || piece.count + count > this.size) piece = this.#add(month, 0, number)
      this.months.push({ month, count, said, number, piece: piece.at, index: piece.count })
      piece.through = month
      piece.count += Math.min(count, this.size)
      for (let from = this.size; from < count; from += this.size) {
        piece = this.#add(month, from, number + from)
        piece.count = Math.min(this.size, count - from)
      }
      if (count > this.size) piece = undefined
      number += count
    }
    this.total = number
    return this
  }

  #add(month, from, number) {
    const piece = { at: this.pieces.length, month, through: month, from, count: 0, number, data: null, height: 0, layout: null }
    this.pieces.push(piece)
    return piece
  }

  /** The place of a photo that is so many-th in its month. */
  placeIn(month, index) {
    const found = this.months.find((each) => each.month === month)
    if (!found) return { piece: 0, index: 0 }
    const inside = found.index + Math.min(Math.max(index, 0), found.count - 1)
    return { piece: found.piece + Math.floor(inside / this.size), index: inside % this.size }
  }

  /** The place of the photo with this number, counted from the newest. */
  placeOf(number) {
    const wanted = Math.min(Math.max(Math.floor(number), 0), this.total - 1)
    let low = 0, high = this.pieces.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.pieces[middle].number <= wanted) low = middle
      else high = middle - 1
    }
    return { piece: low, index: wanted - (this.pieces[low]?.number ?? 0) }
  }

  numberOf({ piece, index }) {
    return this.pieces[piece].number + index
  }

  /** Where a photo stands, among those that were fetched. */
  find(id) {
    for (const at of this.#used) {
      const index = this.pieces[at].data.ids.indexOf(id)
      if (index >= 0) return { piece: at, index }
    }
    return undefined
  }

  /** Where a photo stands, wherever that is; nothing when it is not in the scope. */
  async where(query) {
    const id = Number(query.photo_id)
    const known = id && this.find(id)
    if (known) return known
    const answer = await fetch(`/api/v1/timeline/where?${new URLSearchParams({ scope: this.scope, ...query })}`)
    if (!answer.ok) return undefined
    const { month, index } = await answer.json()
    return this.placeIn(month, index)
  }

  idAt({ piece, index }) {
    return this.pieces[piece]?.data?.ids[index]
  }

  /** The place so many photos further on; nothing beyond the ends. */
  beside(place, steps) {
    const number = this.numberOf(place) + steps
    return number < 0 || number >= this.total ? undefined : this.placeOf(number)
  }

  /** The ids of the photos from one number to another, whether they were fetched or not. */
  async ids(first, last) {
    const found = []
    for (const { month, number, count } of this.months) {
      const from = Math.max(first - number, 0), to = Math.min(last - number, count - 1)
      for (let start = from; start <= to; start += MOST_IDS) {
        const size = Math.min(MOST_IDS, to - start + 1)
        const inOne = this.#known(month, start, size)
        found.push(...(inOne ?? (await this.#ids(month, start, size))))
      }
    }
    return found
  }

  #known(month, start, size) {
    const { piece, index } = this.placeIn(month, start)
    const data = this.pieces[piece].data
    return data && index + size <= data.ids.length ? data.ids.slice(index, index + size) : undefined
  }

  async #ids(month, from, size) {
    const { photo_id } = await ask(`/api/v1/timeline/buckets/${month}?${new URLSearchParams({ scope: this.scope, from, size, columns: "photo_id" })}`)
    return photo_id
  }

  /** Fetch a piece, unless it is there or on its way. isPassing: for somebody who may have scrolled past before it comes. */
  load(at, isPassing = false) {
    const piece = this.pieces[at]
    if (piece.data) return Promise.resolve(piece)
    if (!this.#coming.has(at)) {
      const abort = new AbortController()
      const promise = this.#fetch(piece, abort.signal).finally(() => this.#coming.get(at)?.promise === promise && this.#coming.delete(at))
      this.#coming.set(at, { abort, promise, isPassing: true })
    }
    const coming = this.#coming.get(at)
    coming.isPassing &&= isPassing
    return coming.promise
  }

  isComing(at) {
    return this.#coming.has(at)
  }

  /** What is on its way but not between these pieces is not waited for any longer. */
  drop(first, last) {
    for (const [at, { abort, isPassing }] of this.#coming) {
      if (!isPassing || (at >= first && at <= last)) continue
      this.#coming.delete(at)
      abort.abort()
    }
  }

  async #fetch(piece, signal) {
    const query = new URLSearchParams({ scope: this.scope, from: piece.from, size: piece.count, through: piece.through })
    const found = await ask(`/api/v1/timeline/buckets/${piece.month}?${query}`, signal)
    piece.data = {
      ids: found.photo_id,
      keys: found.key,
      types: found.type,
      states: found.status,
      taken: found.taken_at,
      at: found.ordered_at,
      ratios: Float32Array.from(found.ratio, shape),
      durations: found.duration,
      favourites: found.is_favourite,
      placeholders: found.placeholder,
      days: new Map(found.days.map((each) => [each.day, each])),
      above: found.above,
      below: found.below,
    }
    this.#use(piece.at)
    return piece
  }

  #use(at) {
    this.#used.push(at)
    if (this.#used.length <= MOST_KEPT) return
    const far = this.#used.reduce((a, b) => (Math.abs(a - at) > Math.abs(b - at) ? a : b))
    this.#used.splice(this.#used.indexOf(far), 1)
    this.pieces[far].data = this.pieces[far].layout = null // its height stays known
  }

  /** The photos of a piece under their headings: {key, first, last, isBegun, goesOn}. */
  groups(at, grouping) {
    const { data, month } = this.pieces[at]
    const last = data.at.length - 1
    if (last < 0) return []
    if (!month.includes("-")) return [{ key: "", first: 0, last, isBegun: true, goesOn: at + 1 < this.pieces.length }] // arranged by hand
    const shared = SHARED[grouping]
    const found = []
    data.at.forEach((moment, index) => {
      const key = moment.slice(0, shared)
      if (found.at(-1)?.key === key) found.at(-1).last = index
      else found.push({ key, first: index, last: index, isBegun: false, goesOn: false })
    })
    // Right outside is the same month, or the next one, which shares a year at most.
    const outside = (moment, beside) => moment ?? (shared < month.length ? beside : undefined) ?? ""
    found[0].isBegun = outside(data.above, this.pieces[at - 1]?.through).slice(0, shared) === found[0].key
    found.at(-1).goesOn = outside(data.below, this.pieces[at + 1]?.month).slice(0, shared) === found.at(-1).key
    return found
  }
}

/** The answer to a question, as what its JSON says. Throws when there is none. */
async function ask(address, signal) {
  const answer = await fetch(address, { signal, priority: "high" })
  if (!answer.ok) throw new Error(String(answer.status))
  return answer.json()
}
