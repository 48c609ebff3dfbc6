// What is still to be added, kept in this browser: a page that is left, or a laptop that is closed, costs nothing that was chosen.
// Files themselves are kept too, as far as room is reasonable; of larger ones only what they are.

const EACH = 256 << 20 // bytes
const ALL = 2 * 2 ** 30

export class Kept {
  #db
  #bytes = 0

  /** user: each has a list of their own. Where the browser keeps nothing (as in some private windows), nothing is kept. */
  static async open(user) {
    const kept = new Kept()
    kept.#db = await new Promise((resolve) => {
      const asked = indexedDB.open(`photolib-adding-${user}`, 1)
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("items", { keyPath: "id" })
        asked.result.createObjectStore("files")
      }
      asked.onsuccess = () => resolve(asked.result)
      asked.onerror = asked.onblocked = () => resolve(undefined)
    })
    return kept
  }

  put(items) {
    return this.#change(["items"], (items_) => items.forEach((each) => items_.put(each)))
  }

  async keepFile(id, file, handle) {
    if (handle && (await this.#change(["files"], (files) => files.put(handle, id)))) return true
    if (file.size > EACH || this.#bytes + file.size > ALL) return false
    this.#bytes += file.size
    const isKept = await this.#change(["files"], (files) => files.put(file, id))
    if (!isKept) this.#bytes -= file.size
    return isKept
  }

  dropFile(id, size = 0) {
    this.#bytes = Math.max(0, this.#bytes - size)
    return this.#change(["files"], (files) => files.delete(id))
  }

  remove(ids) {
    return this.#change(["items", "files"], (items, files) => ids.forEach((id) => (items.delete(id), files.delete(id))))
  }

  /** The file of an item: itself, or a handle that may have to be allowed again. */
  async file(id) {
    return this.#db && (await done(this.#db.transaction("files").objectStore("files").get(id)))
  }

  async all() {
    return this.#db ? done(this.#db.transaction("items").objectStore("items").getAll()) : []
  }

  /** Make the items of pages that are no more this page's own. */
  async claim(me, living) {
    const found = []
    await this.#change(["items"], (items) => {
      items.openCursor().onsuccess = ({ target: { result: cursor } }) => {
        if (!cursor) return
        if (!living.has(cursor.value.owner)) {
          found.push({ ...cursor.value, owner: me })
          cursor.update({ ...cursor.value, owner: me })
        }
        cursor.continue()
      }
    })
    return found
  }

  #change(names, change) {
    if (!this.#db) return Promise.resolve(false)
    return new Promise((resolve) => {
      try {
        const changing = this.#db.transaction(names, "readwrite")
        changing.oncomplete = () => resolve(true)
        changing.onerror = changing.onabort = () => resolve(false) // no room, or a file that is gone: it is not kept
        change(...names.map((name) => changing.objectStore(name)))
      } catch {
        resolve(false)
      }
    })
  }
}

const done = (asked) =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })
