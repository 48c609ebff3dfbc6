import { iconButton } from "./icons.js"
import { ask, post, send } from "./send.js"
import { toast } from "./toast.js"
import { _, number, plural } from "./words.js"

const PAUSE = 120 // ms without a key until the list is narrowed down
const SHOWN = 60 // albums; somebody with more types a few letters

const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("album-picker.css", import.meta.url) })
const styled = new Promise((ready) => (style.onload = style.onerror = ready))

/** Ask which album: one that photos can be put into, or a new one. Answers {id, title}, or nothing when somebody thinks better of it. */
export async function pickAlbum() {
  if (!style.isConnected) document.head.append(style)
  await styled
  const picker = document.createElement("album-picker")
  document.body.append(picker)
  try {
    return await picker.picked
  } finally {
    picker.remove()
  }
}

/** Ask for an album and put photos into it; says what was done, with a way back. Answers the album, or nothing. */
export async function addToAlbum(photoIds) {
  const album = await pickAlbum()
  if (!album) return undefined
  const done = await post(`/api/v1/albums/${album.id}/photos`, { photo_ids: photoIds })
  if (!done) return undefined
  toast(done.said, done.undo && (() => undo(done.undo)))
  return album
}

/** Take something back; the page's grid shows it. */
async function undo(address) {
  const done = await post(address)
  if (!done) return
  toast(done.said)
  document.querySelector("photo-grid")?.renew?.()
}

/** The dialog: a field that narrows the list down or names a new album, and the albums, the one changed last first. */
class AlbumPicker extends HTMLElement {
  #dialog = document.createElement("dialog")
  #field = Object.assign(document.createElement("input"), { className: "field", type: "search", autocomplete: "off", maxLength: 200 })
  #list = document.createElement("ul")
  #new = document.createElement("button")
  #problem = Object.assign(document.createElement("p"), { className: "quiet", role: "alert" })
  #answer
  #asked = 0
  #timer

  picked = new Promise((answer) => (this.#answer = answer))

  connectedCallback() {
    const title = Object.assign(document.createElement("h2"), { id: "album-picker-title", textContent: _("Add to an album") })
    const head = document.createElement("div")
    head.className = "head"
    head.append(title, iconButton("close", _("Close"), () => this.#dialog.close()))
    this.#field.placeholder = _("Find an album or name a new one")
    this.#field.ariaLabel = this.#field.placeholder
    Object.assign(this.#new, { className: "pick is-new", type: "button" })
    this.#new.onclick = () => this.#make()
    this.#list.onclick = (event) => this.#choose(event.target.closest("button"))
    this.#field.oninput = () => this.#narrow()
    this.#field.onkeydown = (event) => this.#key(event)
    this.#dialog.className = "sheet album-picker"
    this.#dialog.setAttribute("aria-labelledby", title.id)
    this.#dialog.append(head, this.#field, this.#new, this.#problem, this.#list)
    this.#dialog.onclose = () => this.#answer(undefined)
    this.#dialog.onclick = (event) => event.target === this.#dialog && this.#dialog.close()
    // What is typed here is no key of the page behind.
    this.#dialog.addEventListener("keydown", (event) => event.stopPropagation())
    this.append(this.#dialog)
    this.#offerNew()
    this.#load()
    this.#dialog.showModal()
    this.#field.focus()
  }

  get #words() {
    return this.#field.value.trim()
  }

  #narrow() {
    this.#offerNew()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#load(), PAUSE)
  }

  #offerNew() {
    const sign = Object.assign(document.createElement("span"), { className: "cover", ariaHidden: "true", textContent: "+" })
    const said = document.createElement("span")
    said.textContent = this.#words ? _("New album “{title}”", { title: this.#words }) : _("New album")
    this.#new.replaceChildren(sign, said)
  }

  async #load() {
    const asked = ++this.#asked
    const query = new URLSearchParams({ level: "all", fillable: 1, shared: 1, sort: "changed", size: SHOWN, q: this.#words })
    try {
      const { items } = await ask(`/api/v1/albums?${query}`)
      if (asked === this.#asked) this.#list.replaceChildren(...items.map(row))
    } catch (problem) {
      if (asked === this.#asked) this.#problem.textContent = problem.message
    }
  }

  /** Arrow keys walk between the field and the albums; Enter in the field takes the album of that name, or makes it. */
  #key(event) {
    if (event.key === "ArrowDown") (this.#list.querySelector("button") ?? this.#new).focus()
    else if (event.key === "Enter" && this.#words) {
      const same = [...this.#list.querySelectorAll("button")].find((each) => each.dataset.title.toLowerCase() === this.#words.toLowerCase())
      same ? this.#choose(same) : this.#make()
    } else return
    event.preventDefault()
  }

  #choose(button) {
    if (!button) return
    this.#answer({ id: Number(button.value), title: button.dataset.title })
    this.#dialog.close()
  }

  async #make() {
    if (!this.#words) return this.#field.focus()
    this.#new.disabled = true
    try {
      const made = await send("/api/v1/albums", { title: this.#words })
      this.#answer({ id: made.album_id, title: made.title })
      this.#dialog.close()
    } catch (problem) {
      this.#problem.textContent = problem.message
    } finally {
      this.#new.disabled = false
    }
  }
}

function row(album) {
  const button = Object.assign(document.createElement("button"), { className: "pick", type: "button", value: album.album_id })
  button.dataset.title = album.title
  const cover = document.createElement(album.cover ? "img" : "span")
  cover.className = "cover"
  if (album.cover) Object.assign(cover, { src: album.cover.url.replace(/320$/, "thumb"), alt: "", loading: "lazy" })
  const said = document.createElement("span")
  const count = plural("{n} photo", "{n} photos", album.count, { n: number(album.count) })
  const beside = album.owner === null ? count : `${count} · ${_("of {name}", { name: album.owner })}`
  said.append(album.title, Object.assign(document.createElement("span"), { className: "quiet", textContent: beside }))
  button.append(cover, said)
  const item = document.createElement("li")
  item.append(button)
  return item
}

customElements.define("album-picker", AlbumPicker)
