import { giveUp, send } from "../adding/sending.js"
import { mayBeTaken } from "../adding/picked.js"
import { _, number, plural } from "../words.js"

// Sends photos for somebody's album, one after the other, each from where it stopped when the line comes back. The form works without.

document.documentElement.classList.add("has-script")

const PAUSES = [500, 1000, 2000, 5000, 10_000, 30_000] // ms until the next try
const RATE = 8000 // ms over which the rate is measured

const form = document.getElementById("sending")
const name = form.elements.visitor
name.value ||= localStorage.getItem("visitor") ?? ""
const trail = [] // {at, bytes}
let stop, sent, all, current

form.addEventListener("submit", (event) => {
  event.preventDefault()
  localStorage.setItem("visitor", name.value)
  run([...form.elements.files.files])
})

addEventListener("beforeunload", (event) => stop && event.preventDefault())

async function run(files) {
  stop = new AbortController()
  const button = form.querySelector("button")
  button.disabled = true
  const report = document.getElementById("sent")
  report.setAttribute("aria-live", "off") // how far it is changes many times a second
  report.hidden = false
  const items = files.map(item)
  document.getElementById("files").replaceChildren(...items.map(({ line }) => line))
  sent = 0
  trail.length = 0
  all = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0, wrong = 0
  for (const each of items) {
    current = 0
    try {
      if (!mayBeTaken(each.file)) throw new Error(_("This is no photo or video."))
      await sendOne(each)
      each.says(_("Sent"))
      done++
    } catch (problem) {
      each.says(problem.message, true)
      wrong++
    }
    sent += each.file.size
    show()
  }
  stop = undefined
  button.disabled = false
  form.elements.files.value = ""
  report.setAttribute("aria-live", "polite")
  const said = [done && plural("{n} photo was sent. Thank you.", "{n} photos were sent. Thank you.", done)]
  said.push(wrong && plural("{n} could not be sent.", "{n} could not be sent.", wrong))
  document.getElementById("how-far").textContent = said.filter(Boolean).join(" ")
  document.getElementById("progress").hidden = true
}

function item(file) {
  const line = document.createElement("li")
  const state = Object.assign(document.createElement("span"), { className: "quiet" })
  line.append(file.name, state)
  return { file, line, says: (text, isWrong) => ((state.textContent = text), state.classList.toggle("is-wrong", Boolean(isWrong))) }
}

async function sendOne(each) {
  each.says(_("Sending"))
  let known
  for (let tries = 0; ; tries++) {
    try {
      known ??= await announce(each.file)
      const before = current
      await send(each.file, known.upload_url, (bytes) => {
        current = bytes
        if (bytes > before) tries = 0
        show()
      }, stop.signal)
      await post(known.done_url)
      return
    } catch (problem) {
      if (problem.what === "anew") known = undefined
      else if (problem.what !== "later") throw problem
      if (tries > 60) {
        if (known) giveUp(known.upload_url)
        throw problem
      }
      each.says(_("There is no answer at the moment. It goes on by itself."))
      await new Promise((done) => setTimeout(done, PAUSES[Math.min(tries, PAUSES.length - 1)]))
    }
  }
}

const announce = (file) =>
  post(form.getAttribute("action"), new URLSearchParams({ filename: file.name, size: file.size, type: file.type, last_modified: file.lastModified, visitor: name.value }))

async function post(address, body) {
  const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => undefined)
  const said = answer && (await answer.json().catch(() => undefined))
  if (answer?.ok) return said
  const isLater = !answer || [409, 423, 429].includes(answer.status) || answer.status >= 500
  throw Object.assign(new Error(said?.error?.message ?? _("There is no answer at the moment.")), { what: isLater ? "later" : "never" })
}

function show() {
  const bytes = sent + current
  const now = performance.now()
  trail.push({ at: now, bytes })
  while (trail.length > 2 && trail[0].at < now - RATE) trail.shift()
  const [first, last] = [trail[0], trail.at(-1)]
  const rate = last.at > first.at + 500 ? ((last.bytes - first.bytes) / (last.at - first.at)) * 1000 : 0
  document.getElementById("progress").value = all ? bytes / all : 0
  const share = number(all ? bytes / all : 0, { style: "percent" })
  const speed = rate ? ` · ${_("{rate} MB a second", { rate: number(rate / 1e6, { maximumFractionDigits: 1 }) })} · ${left((all - bytes) / rate)}` : ""
  document.getElementById("how-far").textContent = share + speed
}

function left(seconds) {
  if (seconds < 60) return _("less than a minute left")
  const minutes = Math.round(seconds / 60)
  return plural("about {n} minute left", "about {n} minutes left", minutes)
}
