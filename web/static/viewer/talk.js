import { refresh } from "../acts.js"

// What others say about the photo that is looked at appears by itself, unless somebody is writing just then.
document.addEventListener("live:comments", ({ detail: { photo_ids } }) => {
  const parts = photo_ids.map((id) => document.getElementById(`talk-${id}`)).filter((part) => part && !part.querySelector("textarea")?.value)
  if (parts.length) refresh(parts.map((part) => part.id))
})
