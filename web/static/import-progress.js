/** Says how much is being worked on, and offers photos that came since the page was loaded instead of moving what is in sight. */
class ImportProgress extends HTMLElement {
  #most = 0

  connectedCallback() {
    this.#most = Number(this.dataset.left)
    document.addEventListener("live:progress", this.#say)
  }

  disconnectedCallback() {
    document.removeEventListener("live:progress", this.#say)
  }

  #say = ({ detail: { left, new: came, said_left, said_time, said_new } }) => {
    this.#most = left ? Math.max(this.#most, left) : 0
    this.querySelector(".working").hidden = !left
    this.querySelector("[data-said-left]").textContent = said_left
    this.querySelector("[data-said-time]").textContent = said_time
    const bar = this.querySelector("progress")
    bar.max = this.#most || 1
    bar.value = this.#most - left
    const news = this.querySelector(".news")
    news.hidden = !came
    news.textContent = said_new
    if (came && document.querySelector(".welcome")) location.reload() // nothing is in sight that could move
  }
}

customElements.define("import-progress", ImportProgress)
