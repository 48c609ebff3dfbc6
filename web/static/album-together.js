import { refresh } from "./acts.js"
import { _ } from "./words.js"

// An album that several people look at: what one of them does the others see, where they stand and with what they have chosen.

const PAUSE = 250 // ms: what comes together is fetched once
const head = () => document.getElementById("album-head")
const album = Number(head()?.dataset.album)
let timer

document.addEventListener("live:albums", ({ detail: { album_ids } }) => {
  if (!album || (album_ids && !album_ids.includes(album))) return
  clearTimeout(timer)
  timer = setTimeout(renew, PAUSE)
})

async function renew() {
  const answer = await fetch(`/api/v1/albums/${album}`).catch(() => undefined)
  if (!answer) return
  if (answer.status === 404) return gone()
  if (!answer.ok) return
  if (isTyping()) {
    document.querySelector("photo-grid")?.renew?.() // what somebody is writing stays under their hands
    document.activeElement.addEventListener("blur", () => refresh(["album-head"]), { once: true })
  } else {
    await refresh(["album-head"]) // the photos follow: albums.js
  }
  await (document.getElementById("album-activity") ? refresh(["album-activity"]) : undefined)
}

const isTyping = () => head().contains(document.activeElement) && document.activeElement.matches("input, textarea, select")

/** The album is not shared with whoever looks at it any more, or it is no more. */
function gone() {
  document.querySelector("photo-viewer dialog, dialog.viewer")?.close?.()
  const said = Object.assign(document.createElement("p"), { textContent: _("This album is no longer shared with you, or it has been deleted.") })
  const back = Object.assign(document.createElement("a"), { className: "button", href: "/albums", textContent: _("To your albums") })
  const way = document.createElement("p")
  way.append(back)
  const note = Object.assign(document.createElement("div"), { className: "empty", role: "alert" })
  note.append(said, way)
  document.getElementById("content").replaceChildren(note)
}

// What somebody has read is not new any more.
document.addEventListener("toggle", ({ target }) => {
  if (target.id !== "album-activity" || !target.open) return
  fetch(target.dataset.read, { method: "POST", headers: { Accept: "application/json" } }).catch(() => {})
  target.querySelector("summary .dot")?.remove()
}, true)
