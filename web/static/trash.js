import { selection } from "./selection.js"
import { toast } from "./toast.js"
import { _ } from "./words.js"

// The one question photolib asks. Whoever wants photos deleted for good says so with an event, "delete-for-good", whose detail holds
// their photo_ids, or none for everything in the trash.

const dialog = document.getElementById("ask")

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-ask]") || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  ask({})
})

document.addEventListener("delete-for-good", ({ detail }) => ask({ photo_ids: detail.photo_ids }))

async function ask(asked) {
  const size = await send("/api/v1/trash/weigh", asked)
  if (!size) return
  dialog.querySelector("[data-said]").textContent = size.said
  dialog.returnValue = "no"
  dialog.showModal()
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && remove(asked), { once: true })
}

async function remove(asked) {
  const done = await send("/api/v1/trash/empty", asked)
  if (!done) return
  selection.clear()
  if (!asked.photo_ids) {
    sessionStorage.setItem("done", JSON.stringify({ said: done.said }))
    return location.assign("/trash")
  }
  toast(done.said)
  await document.querySelector("photo-grid")?.renew()
}

async function send(address, body) {
  try {
    const answer = await fetch(address, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } })
    const said = await answer.json()
    if (!answer.ok) throw new Error(said.error.message)
    return said
  } catch (problem) {
    toast(problem instanceof TypeError ? _("photolib does not answer at the moment.") : problem.message)
    return undefined
  }
}
