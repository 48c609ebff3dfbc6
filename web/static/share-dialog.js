import { copy } from "./clipboard.js"
import { send, silence } from "./send.js"
import { toast } from "./toast.js"
import { _ } from "./words.js"

// Making a link, and handing it on. The same form stands on a page of its own (/share) and in the sheet that openShare() shows.

const canSend = () => Boolean(navigator.share) && matchMedia("(pointer: coarse)").matches

/** Show what /share shows, over this page. chosen: a form that says what is shared, where that is too much for an address. */
export async function openShare(address, chosen) {
  const page = await fetched(address, chosen && { method: "POST", body: chosen })
  const share = page?.getElementById("share")
  if (!share) return toast(page?.querySelector("main p")?.textContent.trim() || silence())
  await styled()
  const dialog = Object.assign(document.createElement("dialog"), { className: "sheet share-sheet" })
  dialog.setAttribute("aria-labelledby", "share-title")
  const away = Object.assign(document.createElement("button"), { className: "icon-button away", type: "button" })
  away.setAttribute("aria-label", _("Close"))
  away.append(cross())
  away.onclick = () => dialog.close()
  dialog.append(away, document.importNode(share, true), Object.assign(document.createElement("div"), { className: "toasts", role: "status" }))
  dialog.addEventListener("close", () => dialog.remove())
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close())
  dialog.addEventListener("keydown", (event) => event.stopPropagation()) // keys of the page behind it rest
  document.body.append(dialog)
  dialog.showModal()
  dialog.querySelector(".primary:not([hidden])").focus()
}

/** The sheet for these photos. */
export function sharePhotos(ids) {
  return openShare("/share/selection", new URLSearchParams({ photos: ids.join(",") }))
}

async function fetched(address, options) {
  const answer = await fetch(address, { ...options, headers: { Accept: "text/html" } }).catch(() => undefined)
  return answer && new DOMParser().parseFromString(await answer.text(), "text/html")
}

/** The style of the sheet, once. */
function styled() {
  const address = new URL("./sharing.css", import.meta.url).href
  if ([...document.styleSheets].some((each) => each.href === address)) return undefined
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address, onload: resolve, onerror: resolve })
    document.head.append(link)
  })
}

function cross() {
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name)
    for (const [each, value] of Object.entries(attributes)) made.setAttribute(each, value)
    return made
  }
  const icon = svg("svg", { class: "icon", viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" })
  icon.append(svg("path", { d: "m5 5 10 10M15 5 5 15" }))
  return icon
}

// ------------------------------------------------------------ making a link

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".share-form")) return
  event.preventDefault()
  make(event.target)
})

async function make(form) {
  const button = form.querySelector("[data-make]")
  if (button.disabled) return
  button.disabled = true
  button.setAttribute("aria-busy", "true")
  try {
    const made = await send("/share", new URLSearchParams(new FormData(form)))
    await handOn(made)
    await show(form, made)
  } catch (problem) {
    toast(problem.message)
    button.disabled = false
  } finally {
    button.removeAttribute("aria-busy")
  }
}

/** On a phone to whatever sends things there, else to the clipboard. */
async function handOn({ url, title }) {
  if (canSend()) {
    const isSent = await navigator.share({ title, url }).then(() => true, () => false)
    if (isSent) return
  }
  if (await copy(url)) toast(_("The link is made and copied."))
  else toast(_("The link is made."))
}

/** Where the form was, the address is now, with the ways to hand it on. */
async function show(form, made) {
  const address = (await fetched(made.page))?.querySelector(".ways-in")
  if (!address) return location.assign(made.page)
  const place = form.parentElement.querySelector("div[data-made]")
  const more = Object.assign(document.createElement("a"), { className: "plain", href: made.page, textContent: _("Options and visits") })
  const password = form.elements.password.value
  place.replaceChildren(document.importNode(address, true), ...(password ? [toTell(password)] : []), more)
  place.hidden = false
  form.hidden = true
  form.parentElement.querySelector(".there")?.remove()
  place.querySelector("button")?.focus()
}

/** The password, which is shown this once. */
function toTell(password) {
  const part = Object.assign(document.createElement("div"), { className: "to-tell" })
  const word = Object.assign(document.createElement("p"), { className: "long", textContent: _("Password: {password}", { password }) })
  const what = Object.assign(document.createElement("p"), { className: "quiet", textContent: _("Tell it on the telephone, or note it down: it is not shown again.") })
  part.append(word, what)
  return part
}

// ------------------------------------------------------------ parts of it

/** An address, and the ways to hand it on. */
class ShareWays extends HTMLElement {
  connectedCallback() {
    const [copying, sending] = ["copy", "send"].map((way) => this.querySelector(`[data-way="${way}"]`))
    if (sending) sending.hidden = !navigator.share || (this.matches(".either") && !canSend())
    if (this.matches(".either")) copying.hidden = canSend() // there is room for one of them
    this.addEventListener("click", (event) => this.#click(event.target.closest("[data-way]")?.dataset.way))
    this.querySelector("input")?.addEventListener("focus", (event) => event.target.select())
  }

  async #click(way) {
    const { url, title } = this.dataset
    if (way === "send") await navigator.share({ title, url }).catch(() => undefined)
    else if (way === "copy") toast((await copy(url, this.querySelector("input"))) ? _("Copied.") : _("Copy the address from its field."))
  }
}
customElements.define("share-ways", ShareWays)

const CONSONANTS = "bdfgklmnprstvz"
const VOWELS = "aeiou"

/** A password that can be said on the telephone: bamu-tefo-rila, one of 10 to the 11. */
function sayable() {
  const random = crypto.getRandomValues(new Uint32Array(12)) // what a remainder favours is less than one in a million
  const letters = [...random].map((each, n) => (n % 2 ? VOWELS[each % VOWELS.length] : CONSONANTS[each % CONSONANTS.length]))
  return [0, 4, 8].map((n) => letters.slice(n, n + 4).join("")).join("-")
}

class PasswordMaker extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").onclick = () => {
      const field = this.querySelector("input")
      field.value = sayable()
      field.focus()
      field.select()
    }
  }
}
customElements.define("password-maker", PasswordMaker)
