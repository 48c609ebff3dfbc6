import { change } from "./selection-bar.js"
import { selection } from "./selection.js"
import { ask, send } from "./send.js"
import { toast } from "./toast.js"
import { _, date } from "./words.js"

// The dialogs of the bar that acts on chosen photos. Each is made ready when it is opened.

export function prepare(dialog) {
  const make = { "selection-date": dates, "selection-tags": tags, "selection-delete": question }[dialog.id]
  make?.(dialog, !dialog.dataset.isMade)
  dialog.dataset.isMade = "yes"
}

// ------------------------------------------------------------ deleting for good

async function question(dialog) {
  const said = dialog.querySelector("[data-question]")
  try {
    said.textContent = (await send("/api/v1/trash/weigh", { photo_ids: selection.ids })).said
  } catch {
    return // the sentence that stands there is as true
  }
}

// ------------------------------------------------------------ date and zone

async function dates(dialog, isNew) {
  const form = dialog.querySelector("form")
  if (isNew) {
    form.addEventListener("input", () => example(form))
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      const changes = asked(form)
      if (Object.keys(changes).length) change(changes)
      else toast(_("Say what is to be changed."))
    })
  }
  form.reset()
  form.before = undefined
  example(form)
  const { taken_at } = (await ask(`/api/v1/photos/${selection.ids[0]}`).catch(() => undefined)) ?? {}
  if (!taken_at) return
  form.before = taken_at
  if (!form.elements.taken_at.value) form.elements.taken_at.value = taken_at.slice(0, 19)
  example(form)
}

/** What the form asks for, as edits say it. */
function asked(form) {
  const { how, taken_at, sign, days, hours, minutes, zone } = Object.fromEntries(new FormData(form))
  const shift = Number(sign) * ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes))
  return {
    ...(how === "set" && taken_at ? { taken_at } : {}),
    ...(how === "shift" && shift ? { shift_minutes: shift } : {}),
    ...(zone === "" ? {} : { utc_offset: Number(zone) }),
  }
}

function example(form) {
  const { how } = Object.fromEntries(new FormData(form))
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== how
  const note = form.querySelector("[data-example]")
  note.hidden = !form.before
  if (!form.before) return
  const { taken_at, shift_minutes } = asked(form)
  // Wall time is counted as if it were UTC, so that no clock of this browser's is put in.
  const before = Date.parse(`${form.before.slice(0, 19)}Z`)
  const after = taken_at ? Date.parse(`${taken_at}${taken_at.length === 16 ? ":00" : ""}Z`) : before + (shift_minutes ?? 0) * 60000
  if (Number.isNaN(after)) return
  const said = (moment) => date(moment, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" })
  note.textContent = before === after ? said(before) : `${said(before)} → ${said(after)}`
}

// ------------------------------------------------------------ tags

function tags(dialog, isNew) {
  const form = dialog.querySelector("form")
  form.reset()
  if (!isNew) return
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const names = form.elements.tags.value.split(",").map((each) => each.trim()).filter(Boolean)
    if (names.length) change({ [event.submitter?.value || "add_tags"]: names })
  })
}
