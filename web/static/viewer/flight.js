import { glide, isStill } from "./motion.js"

/** Move the slide of a dialog from where the tile lies to its own place, or the other way round. */
export async function fly(dialog, slide, tile, picture, isOpening) {
  if (!slide || isStill()) return
  const from = tile.getBoundingClientRect()
  const stage = slide.parentElement.getBoundingClientRect()
  const pane = slide.querySelector(".pane")
  const width = Number(picture.getAttribute("width")) || picture.naturalWidth || picture.videoWidth || from.width
  const height = Number(picture.getAttribute("height")) || picture.naturalHeight || picture.videoHeight || from.height
  const fit = Math.min(stage.width / width, stage.height / height, picture.classList.contains("is-small") ? 1 : Infinity)
  const scale = Math.max(from.width / (width * fit), from.height / (height * fit))
  const x = from.left + from.width / 2 - stage.left - stage.width / 2
  const y = from.top + from.height / 2 - stage.top - stage.height / 2
  const small = `translate(${x}px, ${y}px) scale(${scale})`
  if (isOpening) {
    slide.style.transform = small
    dialog.animate([{ backgroundColor: "transparent" }, { backgroundColor: "#000" }], { duration: 180, easing: "ease-out" })
    await glide(slide, { transform: "translate(0px, 0px) scale(1)" })
  } else {
    if (pane) glide(pane, { transform: "translate(0px, 0px) scale(1)" })
    await glide(slide, { transform: small })
  }
}
