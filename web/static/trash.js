import { goOn } from "./acts.js"
import { post } from "./send.js"

// The one question photolib asks, before everything in the trash is deleted for good.

const dialog = document.getElementById("ask")

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-ask]") || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  ask()
})

async function ask() {
  const size = await post("/api/v1/trash/weigh")
  if (!size) return
  dialog.querySelector("[data-said]").textContent = size.said
  dialog.returnValue = "no"
  dialog.showModal()
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && empty(), { once: true })
}

async function empty() {
  const done = await post("/api/v1/trash/empty")
  if (done) goOn("/trash", { said: done.said })
}
