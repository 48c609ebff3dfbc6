import { ask, post } from "./send.js"
import { toast } from "./toast.js"

// A form that changes something (data-refresh names the parts of the page that show it) is sent without leaving the page: what was
// done is said, with a way to undo it. Without script the same form leads back to the page it stands on.

document.addEventListener("submit", (event) => {
  const form = event.target
  if (form.dataset.refresh === undefined) return
  event.preventDefault()
  const sent = new URLSearchParams(new FormData(form, event.submitter))
  form.closest("[popover]")?.hidePopover()
  act(event.submitter?.getAttribute("formaction") ?? form.getAttribute("action"), sent, form.dataset.refresh.split(" "))
})

// Fields for a name know those of the people there are, once somebody comes to one.
document.addEventListener("focusin", async ({ target }) => {
  if (target.getAttribute?.("list") !== "names") return
  const { items } = await ask("/people/names").catch(() => ({ items: [] }))
  document.getElementById("names").replaceChildren(...items.map((name) => Object.assign(document.createElement("option"), { value: name })))
})

async function act(address, sent, parts) {
  const done = await post(address, sent)
  if (!done) return
  if (done.go) return goOn(done.go, { ...done, parts })
  say({ ...done, parts })
  await refresh(parts)
}

function say({ said, undo = [], parts = [] }) {
  const undos = [undo].flat()
  if (said) toast(said, undos.length ? () => takeBack(undos, parts) : undefined)
}

/** What was done in several steps is taken back from the last to the first. */
async function takeBack([first, ...later], parts) {
  for (const each of later.reverse()) if (!(await post(each))) return
  await act(first, {}, parts)
}

/** Go to another page, which says what was done here. undo: where that is taken back, or several such; parts: of that page, which show it then. */
export function goOn(address, done) {
  sessionStorage.setItem("done", JSON.stringify(done))
  location.assign(address)
}

const before = sessionStorage.getItem("done")
if (before) {
  sessionStorage.removeItem("done")
  say(JSON.parse(before))
}

/** Fetch parts of the page again, by their ids; where somebody stood, they stand afterwards. */
export async function refresh(ids) {
  const pages = new Map()
  for (const part of ids.map((id) => document.getElementById(id)).filter(Boolean)) {
    const from = part.closest("[data-src]")?.dataset.src ?? location.href
    if (!pages.has(from)) pages.set(from, fetch(from).then((answer) => (answer.ok ? answer.text() : location.assign("/"))))
    const fresh = new DOMParser().parseFromString(await pages.get(from), "text/html").getElementById(part.id)
    const here = [...part.querySelectorAll(STOPS)].indexOf(document.activeElement)
    const hadFocus = here >= 0 || document.activeElement === document.body
    part.replaceChildren(...(fresh?.childNodes ?? []))
    const stops = [...part.querySelectorAll(STOPS)].filter((each) => each.checkVisibility())
    if (hadFocus) (stops[Math.min(Math.max(here, 0), stops.length - 1)] ?? part).focus({ preventScroll: true })
    part.dispatchEvent(new Event("refreshed", { bubbles: true }))
  }
}

const STOPS = "a[href], button, input:not([type=hidden]), select, summary"
