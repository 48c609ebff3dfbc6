const AT_WORK = 2000
const AT_REST = 15000

/** Says how much is being worked on, and offers photos that came since the page was loaded instead of moving what is in sight. */
class ImportProgress extends HTMLElement {
  #timer
  #most = 0

  connectedCallback() {
    this.#most = Number(this.dataset.left)
    this.#wait(this.#most ? AT_WORK : AT_REST)
    document.addEventListener("visibilitychange", this.#look)
  }

  disconnectedCallback() {
    clearTimeout(this.#timer)
    document.removeEventListener("visibilitychange", this.#look)
  }

  #wait(time) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#look, time)
  }

  #look = async () => {
    clearTimeout(this.#timer)
    if (document.visibilityState !== "visible") return // looks again when somebody does
    let left = 0
    try {
      const answer = await fetch(`/api/v1/progress?since=${this.dataset.since}`)
      if (answer.ok) left = this.#say(await answer.json())
    } catch {
      left = 0
    }
    this.#wait(left ? AT_WORK : AT_REST)
  }

  #say({ left, new: came, said_left, said_time, said_new }) {
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
    return left
  }
}

customElements.define("import-progress", ImportProgress)
