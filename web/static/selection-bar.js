import { selection } from "./selection.js"
import { send, silence } from "./send.js"
import { toast } from "./toast.js"
import { _, plural } from "./words.js"

const AT_ONCE = 10000 // photos in one request; more are sent one after the other
const LEAVING = ["is_trashed", "is_archived"] // changes after which a photo is shown elsewhere

/** Stands in for the top bar while photos are chosen: how many there are, and what can be done with them. */
class SelectionBar extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.#click(event))
    this.#menu?.addEventListener("toggle", (event) => event.newState === "open" && this.#menu.querySelector("button:not(.narrow-only), button")?.focus())
    for (const dialog of this.dialogs) dialog.addEventListener("click", (event) => this.#click(event))
  }

  get dialogs() {
    return document.querySelectorAll('dialog[id^="selection-"]')
  }

  get #menu() {
    return this.querySelector("[popover]")
  }

  show(count) {
    this.querySelector(".count").textContent = plural("{n} photo", "{n} photos", count)
  }

  #click({ target }) {
    const button = target.closest("button")
    if (!button || button.disabled) return
    const { edit, open, do: deed } = button.dataset
    if (deed === "menu") return this.#menu.showPopover()
    if (edit || open || deed) this.#menu?.hidePopover()
    if (button.dataset.cancel !== undefined) button.closest("dialog").close()
    else if (edit) change(JSON.parse(edit), button)
    else if (open) this.#open(open)
    else if (deed === "clear") selection.clear()
    else if (deed === "all") grid().picks.chooseAll()
    else if (deed === "place") place()
    else if (deed === "download") download()
    else if (deed === "export") sendTo("/export")
    else if (deed === "album") addToAlbum()
    else if (deed === "share") share()
    else if (deed === "save") save(button)
    else if (deed === "leave-album") leaveAlbum(this.dataset.scope)
    else if (deed === "delete") deleteForGood(button)
  }

  async #open(id) {
    const dialog = document.getElementById(id)
    dialog.showModal()
    const { prepare } = await import("./selection-dialogs.js")
    prepare(dialog)
  }
}

customElements.define("selection-bar", SelectionBar)

const grid = () => document.querySelector("photo-grid")

// ------------------------------------------------------------ showing and hiding it

let bar, coming

selection.addEventListener("change", async () => {
  document.documentElement.classList.toggle("has-selection", selection.size > 0)
  if (!selection.size) return
  bar ??= await (coming ??= fetched())
  bar?.show(selection.size)
})

async function fetched() {
  try {
    const answer = await fetch(`/fragments/selection?scope=${grid()?.dataset.scope ?? "timeline"}`)
    if (!answer.ok) throw new Error(String(answer.status))
    const held = document.createElement("template")
    held.innerHTML = await answer.text()
    document.body.append(held.content)
    return document.querySelector("selection-bar")
  } catch {
    coming = undefined
    toast(silence())
    return undefined
  }
}

// ------------------------------------------------------------ what is done

/** Do something with the chosen photos, some thousands at a time; say what was done, offer to undo it, and show it. */
export async function apply(act, { button, leaves = false, most = AT_ONCE } = {}) {
  const ids = selection.ids
  if (!ids.length) return
  button?.setAttribute("aria-busy", "true")
  const done = []
  try {
    for (let start = 0; start < ids.length; start += most) {
      if (ids.length > most) toast(_("{n} of {all}", { n: start, all: ids.length }))
      done.push(await act(ids.slice(start, start + most)))
    }
  } catch (problem) {
    toast(problem.message)
    if (!done.length) return
  } finally {
    button?.removeAttribute("aria-busy")
  }
  for (const dialog of document.querySelectorAll('dialog[id^="selection-"][open]')) dialog.close()
  const touched = done.every((each) => each.photo_ids) ? done.flatMap((each) => each.photo_ids) : ids // not what is others'
  const undos = done.map((each) => each.undo).filter(Boolean)
  const said = done.length > 1 ? plural("{n} photo changed", "{n} photos changed", touched.length) : done[0].said
  toast(said, undos.length ? () => undo(undos) : undefined)
  await show(touched, leaves, { said, undo: undos, parts: ["content"] })
}

/** Change the chosen photos as /api/v1/photos/edit understands it. */
export function change(changes, button) {
  const leaves = LEAVING.some((name) => name in changes)
  return apply((photo_ids) => send("/api/v1/photos/edit", { photo_ids, ...changes }), { button, leaves })
}

async function undo(addresses) {
  try {
    let said
    for (const address of addresses.reverse()) said = (await send(address)).said
    toast(said)
  } catch (problem) {
    toast(problem.message)
  }
  await show([], true)
}

/** done: what was done to the photos with these ids; without it something was taken back. */
async function show(ids, leaves, done) {
  const shown = grid()
  if (shown?.window) {
    await shown.renew(done)
  } else if (!done) {
    location.reload()
  } else if (leaves) {
    for (const id of ids) document.getElementById(`photo-${id}`)?.closest(".cell").remove()
  }
  if (done) selection.clear()
}

/** Ask where the chosen photos were taken, and keep that. */
async function place() {
  const { pickPlace } = await import("./map/place-picker.js")
  const picked = await pickPlace({ canClear: grid()?.dataset.scope !== "unplaced" })
  if (picked) await change({ latitude: picked.latitude, longitude: picked.longitude })
}

/** Send the chosen photos as a form: their ids are too many for an address. */
function sendTo(action) {
  const form = Object.assign(document.createElement("form"), { method: "post", action, hidden: true })
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "photos", value: selection.ids.join(",") }))
  document.body.append(form)
  form.submit()
  form.remove()
}

function download() {
  sendTo("/download")
  toast(plural("{n} photo is being downloaded", "{n} photos are being downloaded", selection.size))
  selection.clear()
}

async function share() {
  const { sharePhotos } = await import("./share-dialog.js")
  await sharePhotos(selection.ids)
}

/** Photos that somebody else shares become one's own, too. */
function save(button) {
  apply((photo_ids) => send("/shared/save", new URLSearchParams(photo_ids.map((id) => ["photo", id]))), { button, most: 500 })
}

async function addToAlbum() {
  const { pickAlbum } = await import("./album-picker.js")
  const album = await pickAlbum()
  if (album) apply((photo_ids) => send(`/api/v1/albums/${album.id}/photos`, { photo_ids }))
}

function leaveAlbum(scope) {
  const album = scope.split("-")[1]
  apply((photo_ids) => send(`/api/v1/albums/${album}/photos`, { photo_ids }, "DELETE"), { leaves: true })
}

function deleteForGood(button) {
  apply((photo_ids) => send("/api/v1/trash/empty", { photo_ids }), { button, leaves: true })
}
