import { send } from "../send.js"
import { toast } from "../toast.js"
import { _, plural } from "../words.js"

// Saves the photos of a link some at a time, and says how far it is. Without script the form does, a piece for each press.

const form = document.getElementById("save")
const kept = `chosen ${location.pathname}`
const chosen = (sessionStorage.getItem(kept) ?? "").split(",").filter(Boolean)
const isOne = form?.elements.photos

if (form && chosen.length && !isOne && !form.elements.after) form.querySelector("button").textContent = form.dataset.some.replace("{n}", chosen.length)

form?.addEventListener("submit", async (event) => {
  event.preventDefault()
  const button = form.querySelector("button")
  button.disabled = true
  const bar = document.getElementById("progress")
  const says = document.getElementById("how-far")
  bar.hidden = false
  const keys = isOne ? isOne.value.split(",") : chosen
  const total = keys.length || Number(form.dataset.total)
  const ids = []
  let seen = 0, known = 0, unread = 0, after = form.elements.after?.value ?? ""
  try {
    do {
      const some = keys.slice(seen, seen + 5)
      const done = await send(form.action, new URLSearchParams(some.length ? { photos: some.join() } : { after }))
      ids.push(...done.ids)
      known += done.known
      unread += done.unread
      seen += some.length || done.new + done.known + done.unread
      after = done.next
      bar.value = total ? Math.min(seen / total, 1) : 1
      says.textContent = _("{n} of {all} photos", { n: Math.min(seen, total), all: total })
    } while (keys.length ? seen < keys.length : after)
  } catch (problem) {
    says.textContent = problem.message
    button.disabled = false
    if (!ids.length) return
  }
  sessionStorage.removeItem(kept)
  bar.hidden = true
  const said = [plural("{n} photo is in your library now.", "{n} photos are in your library now.", ids.length)]
  if (known) said.push(plural("{n} photo was there already.", "{n} photos were there already.", known))
  if (unread) said.push(plural("{n} photo could not be read.", "{n} photos could not be read.", unread))
  says.textContent = said.join(" ")
  if (ids.length) toast(said[0], () => undo(ids, says))
})

async function undo(ids, says) {
  try {
    says.textContent = (await send(form.dataset.undo, new URLSearchParams({ photos: ids.join() }))).said
    form.querySelector("button").disabled = false
  } catch (problem) {
    says.textContent = problem.message
  }
}
