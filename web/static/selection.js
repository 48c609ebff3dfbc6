// Which photos are chosen, on whatever page with a grid. Those who show it listen: the grid's ticks, the bar that acts on it.

class Selection extends EventTarget {
  #ids = new Set()

  get size() {
    return this.#ids.size
  }

  get ids() {
    return [...this.#ids]
  }

  has(id) {
    return this.#ids.has(id)
  }

  /** Choose photos, or no longer. */
  set(ids, isChosen = true) {
    for (const id of ids) isChosen ? this.#ids.add(id) : this.#ids.delete(id)
    this.#tell()
  }

  toggle(id) {
    this.set([id], !this.has(id))
    return this.has(id)
  }

  clear() {
    if (!this.#ids.size) return
    this.#ids.clear()
    this.#tell()
  }

  #tell() {
    this.dispatchEvent(new Event("change"))
  }
}

export const selection = new Selection()
