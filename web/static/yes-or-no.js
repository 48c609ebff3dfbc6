import { post } from "./send.js"
import { toast } from "./toast.js"

const FEW = 4 // questions left when more are asked for

/**
 * Questions to be answered with two keys: y and n answer the one that has the focus, or else the first.
 * With data-src it asks one after the other: an answer is sent while the next question is there already; s puts one off, u undoes.
 */
class YesOrNo extends HTMLElement {
  #undo
  #asked = new Set()

  connectedCallback() {
    document.addEventListener("keydown", this.#key)
    if (this.dataset.src === undefined) return
    for (const each of this.#questions) this.#asked.add(nameOf(each))
    this.addEventListener("submit", this.#answer)
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#key)
  }

  get #questions() {
    return [...this.querySelectorAll("[data-question]")]
  }

  #key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog, [popover]")) return
    const answer = { y: "yes", n: "no" }[event.key]
    const question = document.activeElement?.closest("[data-question]") ?? this.querySelector("[data-question]")
    if (answer && question && this.contains(question)) question.querySelector(`[value=${answer}]`).click()
    else if (this.dataset.src !== undefined && event.key === "s" && question) this.#go(question)
    else if (this.dataset.src !== undefined && event.key === "u" && this.#undo) this.#undo()
    else return
    event.preventDefault()
  }

  #answer = async (event) => {
    event.preventDefault()
    event.stopPropagation()
    const form = event.target
    const sent = new URLSearchParams(new FormData(form, event.submitter))
    const question = form.closest("[data-question]")
    this.#go(question)
    const done = await post(form.getAttribute("action"), sent)
    if (!done) return this.#back(question)
    this.#undo = async () => {
      this.#undo = undefined
      if (await post(done.undo)) this.#back(question)
    }
    toast(done.said, this.#undo)
  }

  #back(question) {
    this.querySelector(".questions").prepend(question)
    question.querySelector(".primary").focus()
  }

  async #go(question) {
    question.remove()
    this.querySelector("[data-question] .primary")?.focus({ preventScroll: true })
    if (this.#questions.length >= FEW) return
    const answer = await fetch(this.dataset.src).catch(() => undefined)
    if (!answer?.ok) return
    const page = new DOMParser().parseFromString(await answer.text(), "text/html")
    for (const each of page.querySelectorAll("yes-or-no [data-question]")) {
      if (this.#asked.has(nameOf(each))) continue
      this.#asked.add(nameOf(each))
      this.querySelector(".questions").append(each)
    }
  }
}

/** What a question is about. */
const nameOf = (question) => new URLSearchParams(new FormData(question.querySelector("form"))).toString() + question.querySelector("form").getAttribute("action")

customElements.define("yes-or-no", YesOrNo)
