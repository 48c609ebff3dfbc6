import { _ } from "../words.js"
import { hash } from "./hashing.js"
import { Kept } from "./kept.js"
import { isSidecar, mayBeTaken } from "./picked.js"
import { Problem, ask, giveUp, send } from "./sending.js"

const AT_ONCE = 3
const PAUSES = [300, 1000, 2000, 5000, 10_000, 30_000] // ms until the next try
const ANSWERS = 250 // ms that other pages have to say that they live
const FLAG = "photolib-adding"

/** An item's state: waiting, looking (has been here before?), sending, done, failed; lost: the file has to be chosen again; ask: the
 * browser wants to be asked whether it may be read again. */
const OVER = new Set(["done", "failed"])
const STUCK = new Set(["lost", "ask"])

/** The files being added in this browser. Says "change" whenever something about them is different. */
export class Queue extends EventTarget {
  items = new Map()
  isPaused = false
  leftOut = 0
  isSignedOut = false
  #kept
  #me = crypto.randomUUID?.() ?? `${Math.random()}${Math.random()}`.replaceAll("0.", "")
  #others = new BroadcastChannel(FLAG)
  #running = new Map() // id -> AbortController
  #safe = new Set() // ids of files that outlast this page

  constructor(user) {
    super()
    this.#kept = Kept.open(user)
    this.#others.onmessage = ({ data }) => data.asks && this.items.size && this.#others.postMessage({ lives: this.#me })
    addEventListener("online", () => this.#wake?.())
    addEventListener("pagehide", () => this.#stop())
    addEventListener("pageshow", ({ persisted }) => persisted && this.items.size && location.reload()) // another page went on with them
    addEventListener("beforeunload", (event) => this.wouldLose && event.preventDefault())
  }

  /** Whether any page may have left something behind. */
  static get hasWork() {
    return localStorage.getItem(FLAG) !== null
  }

  /** Whether leaving this page means to choose files again. */
  get wouldLose() {
    return this.#all().some((item) => item.file && !OVER.has(item.state) && !this.#safe.has(item.id))
  }

  get isOver() {
    return this.#all().every((item) => OVER.has(item.state))
  }

  get tally() {
    const found = { new: 0, duplicate: 0, ignored: this.leftOut, failed: 0, restored: 0, lost: 0, ask: 0, left: 0, bytes: 0, sent: 0, last: undefined }
    for (const item of this.items.values()) {
      found.bytes += item.size
      found.sent += OVER.has(item.state) ? item.size : item.sent
      if (item.state === "done") found[item.outcome] += 1
      else if (item.state === "failed") found.failed += 1
      else found.left += 1
      if (STUCK.has(item.state)) found[item.state] += 1
      if (item.restored) found.restored += 1
    }
    return found
  }

  /** Files a person chose, as picked.js gives them. Those that wait to be chosen again go on where they stopped. */
  async add(picked, album = undefined) {
    const kept = await this.#kept
    if (this.isOver) await this.clear()
    const taken = picked.filter(({ file }) => mayBeTaken(file))
    this.leftOut += picked.length - taken.length
    taken.sort((one, other) => isSidecar(other.file) - isSidecar(one.file)) // so that photos find what speaks about them
    const lost = new Map(this.#all().filter((item) => item.state === "lost").map((item) => [print(item), item]))
    const fresh = []
    for (const { file, folder, handle } of taken) {
      const known = lost.get(print(file))
      const item = known ?? {
        id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, owner: this.#me, name: file.name, size: file.size, type: file.type,
        lastModified: file.lastModified, folder, album, state: "waiting", sent: 0,
      }
      item.state = "waiting"
      item.file = file
      item.handle = handle
      this.items.set(item.id, item)
      fresh.push(item)
    }
    if (fresh.length) localStorage.setItem(FLAG, "1")
    await kept.put(fresh.map(plain))
    this.#keepFiles(fresh)
    this.#changed()
    this.#pump()
  }

  /** What pages before this one left behind. */
  async recover() {
    const kept = await this.#kept
    const living = await this.#living()
    for (const item of await kept.claim(this.#me, living)) {
      item.file = undefined
      if (!OVER.has(item.state)) Object.assign(item, await this.#found(item))
      this.items.set(item.id, item)
    }
    if (!(await kept.all()).length) localStorage.removeItem(FLAG)
    this.#changed()
    this.#pump()
  }

  /** After a click, files that the browser wants to be asked about may be read again. */
  async allow() {
    for (const item of this.#all().filter((each) => each.state === "ask")) {
      if ((await item.handle.requestPermission({ mode: "read" })) === "granted") {
        Object.assign(item, await this.#found(item))
      }
    }
    this.#changed()
    this.#pump()
  }

  pause() {
    this.isPaused = true
    this.#stop()
    this.#changed()
  }

  goOn() {
    this.isPaused = this.isSignedOut = false
    this.#wake?.()
    this.#changed()
    this.#pump()
  }

  retry(id) {
    const item = this.items.get(id)
    Object.assign(item, { state: item.file ? "waiting" : "lost", said: undefined, path: undefined, sha256: undefined, sent: 0 })
    this.#changed()
    this.#pump()
  }

  async cancel(ids) {
    for (const id of ids) {
      const item = this.items.get(id)
      this.#running.get(id)?.abort(new Problem("never", ""))
      if (item.path && !OVER.has(item.state)) giveUp(item.path)
      this.items.delete(id)
    }
    await (await this.#kept).remove(ids)
    if (this.isOver) this.#finish()
    this.#changed()
  }

  cancelAll() {
    return this.cancel(this.#all().filter((item) => !OVER.has(item.state)).map((item) => item.id))
  }

  leaveOutLost() {
    return this.cancel(this.#all().filter((item) => STUCK.has(item.state)).map((item) => item.id))
  }

  /** Forget what is over. */
  async clear() {
    const over = this.#all().filter((item) => OVER.has(item.state)).map((item) => item.id)
    over.forEach((id) => this.items.delete(id))
    this.leftOut = 0
    await (await this.#kept).remove(over)
    this.#changed()
  }

  // ------------------------------------------------------------ inside

  #all() {
    return [...this.items.values()]
  }

  #changed() {
    this.dispatchEvent(new Event("change"))
  }

  #pump() {
    for (const item of this.#all()) {
      if (this.isPaused || this.isSignedOut || this.#running.size >= AT_ONCE) return
      if (item.state === "waiting" && !this.#running.has(item.id)) this.#run(item)
    }
  }

  async #run(item) {
    const control = new AbortController()
    this.#running.set(item.id, control)
    try {
      await this.#whole(item, control.signal)
    } catch (problem) {
      if (!control.signal.aborted) this.#failed(item, problem)
      else if (!OVER.has(item.state)) item.state = "waiting"
    }
    this.#running.delete(item.id)
    if (this.items.has(item.id)) await this.#keep(item)
    this.#changed()
    if (this.isOver) this.#finish()
    this.#pump()
  }

  /** All the way of one file, tried again for as long as that makes sense. */
  async #whole(item, signal) {
    for (let tries = 0, anew = 0; ; tries += 1) {
      try {
        return await this.#way(item, signal)
      } catch (problem) {
        if (signal.aborted || !(problem instanceof Problem)) throw problem
        if (problem.what === "sign in") this.#signedOut()
        if (problem.what === "anew" && anew++ < 2) item.path = item.upload = undefined
        else if (problem.what !== "later") throw problem
        else {
          item.said = problem.message
          this.#changed()
          await this.#rest(PAUSES[Math.min(tries, PAUSES.length - 1)], signal)
        }
      }
    }
  }

  async #way(item, signal) {
    if (!item.sha256 && !item.path) {
      item.state = "looking"
      this.#changed()
      item.sha256 = await hash(item.file, (read) => {
        item.looked = read
        this.#changed()
      })
      signal.throwIfAborted()
    }
    if (!item.path) {
      const said = await ask("/api/v1/photos/upload-url", {
        filename: item.name, content_type: item.type, size_bytes: item.size, sha256: item.sha256, last_modified: item.lastModified, folder: item.folder,
      }, signal)
      item.upload = said.upload_id
      item.path = new URL(said.upload_url).pathname
      item.isHere = said.duplicate_of !== undefined
      await this.#keep(item)
    }
    item.state = "sending"
    if (!item.isHere) {
      await send(item.file, item.path, (sent) => {
        item.sent = sent
        item.said = undefined
        this.#changed()
      }, signal)
    }
    const filed = await ask("/api/v1/photos", { upload_id: item.upload, album_id: item.album }, signal)
    Object.assign(item, { state: "done", outcome: filed.outcome, restored: filed.was_in_trash, sent: item.size, said: undefined, file: undefined })
    const kept = await this.#kept
    await kept.dropFile(item.id, item.size)
    this.#safe.delete(item.id)
  }

  #failed(item, problem) {
    item.state = "failed"
    item.said = problem instanceof Problem ? problem.message : _("This file could not be read. Perhaps it was moved or deleted.")
  }

  #signedOut() {
    this.isSignedOut = true
    this.#stop()
    this.#changed()
  }

  #finish() {
    this.#kept.then(async (kept) => {
      await kept.remove([...this.items.keys()])
      if (!(await kept.all()).length) localStorage.removeItem(FLAG)
    })
  }

  #stop() {
    for (const control of this.#running.values()) control.abort(new Problem("later", ""))
  }

  #wake

  #rest(time, signal) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, time)
      this.#wake = () => (clearTimeout(timer), resolve())
      signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true })
    })
  }

  async #keep(item) {
    await (await this.#kept).put([plain(item)])
  }

  async #keepFiles(items) {
    const kept = await this.#kept
    for (const item of items) {
      if (item.file && !OVER.has(item.state) && (await kept.keepFile(item.id, item.file, item.handle))) this.#safe.add(item.id)
    }
  }

  /** The file of an item that an earlier page left behind, and so its state. */
  async #found(item) {
    try {
      let file = await (await this.#kept).file(item.id)
      let handle
      if (file && !(file instanceof File)) {
        handle = file
        if ((await handle.queryPermission({ mode: "read" })) !== "granted") return { state: "ask", handle }
        file = await handle.getFile()
      }
      if (file && file.size === item.size) {
        this.#safe.add(item.id)
        return { state: "waiting", file, handle }
      }
    } catch {
      // moved or deleted, or a browser that does not give it back
    }
    return { state: "lost" }
  }

  #living() {
    return new Promise((resolve) => {
      const living = new Set()
      const asking = new BroadcastChannel(FLAG)
      asking.onmessage = ({ data }) => data.lives && living.add(data.lives)
      asking.postMessage({ asks: this.#me })
      setTimeout(() => (asking.close(), resolve(living)), ANSWERS)
    })
  }
}

const print = ({ name, size, lastModified }) => `${name} ${size} ${lastModified}`

/** What can be kept of an item. */
function plain({ file, handle, looked, ...item }) {
  return OVER.has(item.state) ? item : { ...item, state: "waiting" }
}
