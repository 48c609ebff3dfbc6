import { fetchArticle } from "./article.js"

const KEPT = 40

/** What the server says about photos: their <article class="viewed">, each fetched once and kept for a while. */
export class Articles {
  #known = new Map() // address -> promise of an article

  /** tail: what the address carries of the list that the photo stands in. Rejects with a TypeError when nobody answers. */
  get(id, tail) {
    const address = `/fragments/photo/${id}${tail}`
    if (!this.#known.has(address)) {
      if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value)
      const coming = fetchArticle(address)
      this.#known.set(address, coming)
      coming.then(
        (article) => article.dataset.status === "processing" && this.#known.delete(address), // it will have more to say soon
        () => this.#known.delete(address),
      )
    }
    return this.#known.get(address)
  }

  /** Somebody changed what is said about photos. */
  forget() {
    this.#known.clear()
  }
}
