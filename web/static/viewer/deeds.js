import { refresh } from "../acts.js"
import { post } from "../send.js"
import { toast } from "../toast.js"

/**
 * What is done to the photo on the screen by keys and buttons. All of it are forms of the page ([data-deed]), sent by acts.js;
 * only those that move it elsewhere ([data-leaves]) are sent from here, as the viewer then goes on to the next photo.
 */
export class Deeds {
  #viewer

  constructor(viewer) {
    this.#viewer = viewer
    viewer.addEventListener("submit", (event) => event.target.dataset.leaves !== undefined && this.#leave(event))
  }

  /** act: favourite, archive, trash, album, download, or rate-3. */
  do(act) {
    if (act === "album") return this.#file()
    const [name, value] = act.split("-")
    const deed = this.#viewer.querySelector(`[data-deed="${name}"]`)
    const button = value ? deed?.querySelector(`button[value="${value}"]`) : (deed?.querySelector("button:not([type=button])") ?? deed)
    if (deed?.tagName === "FORM") deed.requestSubmit(button)
    else button?.click()
  }

  /** Into an album that somebody chooses. */
  async #file() {
    if (!this.#viewer.querySelector('[data-act="album"]')) return // another's photo
    const { addToAlbum } = await import("../album-picker.js")
    const id = this.#viewer.wanted
    if (await addToAlbum([Number(id)])) await refresh([`albums-${id}`])
  }

  async #leave(event) {
    event.preventDefault()
    event.stopPropagation() // acts.js would send it too
    const form = event.target
    form.closest("[popover]")?.hidePopover()
    const sent = new URLSearchParams(new FormData(form, event.submitter))
    const id = this.#viewer.wanted
    const done = await post(form.getAttribute("action"), sent)
    if (!done) return
    if (form.dataset.leaves === "yes") this.#viewer.leave(id)
    else this.#viewer.takeBack(id)
    toast(done.said, done.undo && (async () => (await post(done.undo)) && this.#viewer.takeBack(id)))
  }
}
