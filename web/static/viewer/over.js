// The viewer over a grid: it comes out of the photo's tile, has a step of its own in the history, and goes back into the tile.

import { refresh } from "../acts.js"
import { _ } from "../words.js"
import { fly } from "./flight.js"
import { isStill } from "./motion.js"
import { quickOf } from "./order.js"

let dialog
let closing // while it goes back into the tile
const pageTitle = document.title

function overlay() {
  if (dialog) return dialog
  dialog = document.createElement("dialog")
  dialog.className = "viewer-over"
  dialog.setAttribute("aria-label", _("Photo"))
  const viewer = document.createElement("photo-viewer")
  viewer.className = "viewer"
  const toasts = document.createElement("div")
  toasts.className = "toasts"
  toasts.role = "status"
  dialog.append(viewer, toasts)
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return
    event.preventDefault() // closing is a step back in the history, whatever asked for it
    viewer.do("close")
  })
  document.body.append(dialog)
  return dialog
}

/** Open the photo of a tile over the grid. */
export function open(tile) {
  const id = tile.id.replace("photo-", "")
  history.pushState({ photo: id }, "", tile.getAttribute("href"))
  show(id, tile)
}

function show(id, tile) {
  const over = overlay()
  closing = undefined
  let flight
  const quick = tile && quickOf(id)
  if (!over.open) {
    const bar = innerWidth - document.documentElement.clientWidth
    document.documentElement.style.overflow = "hidden"
    document.body.style.paddingRight = `${bar}px` // the grid keeps its width while its scroll bar is away
    over.classList.remove("is-closing")
    over.firstChild.dim(1)
    over.showModal()
    if (quick) flight = new Promise((done) => queueMicrotask(() => fly(over, over.firstChild.stage.slide ?? over.querySelector(".slide"), tile, quick, true).then(done)))
  }
  over.firstChild.show(id, quick, flight)
}

async function hide() {
  if (!dialog?.open || closing) return
  const viewer = dialog.firstChild
  const id = viewer.viewed?.dataset.photo ?? viewer.wanted
  const tile = await tileOf(id)
  if (document.fullscreenElement) document.exitFullscreen()
  const picture = viewer.querySelector(".slide:not(.is-beside) :is(.picture, .quick, video)")
  if (tile && picture && !isStill()) {
    const mine = (closing = {})
    dialog.classList.add("is-closing")
    viewer.dim(0)
    await fly(dialog, picture.closest(".slide"), tile, picture, false)
    if (closing !== mine) return // somebody has opened it again meanwhile
  }
  closing = undefined
  dialog.close()
  document.getElementById("toasts")?.append(...dialog.querySelector(".toasts").children) // what was done can still be undone
  dialog.classList.remove("is-closing")
  viewer.empty()
  viewer.dim(1)
  document.documentElement.style.overflow = ""
  document.body.style.paddingRight = ""
  document.title = pageTitle
  tile?.focus({ preventScroll: true })
  if (viewer.hasChanged) refresh(["person", "questions", "photos"]) // whose page it lies over may show others now
  viewer.hasChanged = false
}

/** The tile a photo goes back into, in sight; a grid that holds only what is near fetches it first. */
async function tileOf(id) {
  const grid = document.querySelector("photo-grid")
  const tile = document.getElementById(`photo-${id}`) ?? (await grid?.bring?.(id))
  const box = tile?.getBoundingClientRect()
  if (box && (box.bottom < 60 || box.top > innerHeight - 60)) tile.scrollIntoView({ block: "nearest", behavior: "instant" })
  return tile
}

addEventListener("popstate", ({ state }) => {
  const id = state?.photo ?? location.pathname.match(/^\/photo\/(\d+)$/)?.[1]
  const alone = document.querySelector("main photo-viewer")
  if (alone) id ? alone.show(id) : location.reload() // back to a page that was left behind by reloading
  else if (!document.querySelector("photo-grid")) return
  else if (id) show(id)
  else hide()
})
