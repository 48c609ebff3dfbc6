import { toast } from "./toast.js"
import { _ } from "./words.js"

// The one question photolib asks, before everything in the trash is deleted for good.

const dialog = document.getElementById("ask")

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-ask]") || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  ask()
})

async function ask() {
  const size = await send("/api/v1/trash/weigh")
  if (!size) return
  dialog.querySelector("[data-said]").textContent = size.said
  dialog.returnValue = "no"
  dialog.showModal()
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && empty(), { once: true })
}

async function empty() {
  const done = await send("/api/v1/trash/empty")
  if (!done) return
  sessionStorage.setItem("done", JSON.stringify({ said: done.said }))
  location.assign("/trash")
}

async function send(address) {
  try {
    const answer = await fetch(address, { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } })
    const said = await answer.json()
    if (!answer.ok) throw new Error(said.error.message)
    return said
  } catch (problem) {
    toast(problem instanceof TypeError ? _("photolib does not answer at the moment.") : problem.message)
    return undefined
  }
}
