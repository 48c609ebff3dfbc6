// Pictures fade in over their placeholders, and get sharper where a thumb is too coarse for the screen.

const EDGES = [200, 320, 480, 640] // thumb, and the first of the other sizes the server makes
const STRETCH = 1.4 // how far a picture may be enlarged before a sharper one is worth its bytes
const REST = 250 // ms a tile has to stay on the screen first: nobody needs sharp pictures while flying past

function arrived(picture) {
  picture.classList.add("is-here")
}

// Load and error events do not bubble, so they are caught on their way down.
document.addEventListener("load", ({ target }) => target.matches?.("img.picture") && arrived(target), true)
document.addEventListener("error", ({ target }) => {
  if (!target.matches?.("img.picture")) return
  if (target.dataset.retried) arrived(target) // with its text, so that somebody learns what is missing
  else if (target.hasAttribute("src")) {
    target.dataset.retried = "once"
    const src = target.getAttribute("src")
    setTimeout(() => target.getAttribute("src") === src && (target.src = src), 3000) // it was still being worked on
  }
}, true)

const resting = new Map()

const onScreen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    clearTimeout(resting.get(target))
    resting.delete(target)
    if (isIntersecting) resting.set(target, setTimeout(sharpen, REST, target))
  }
})

function sharpen(tile) {
  resting.delete(tile)
  onScreen.unobserve(tile)
  const picture = tile.querySelector(".picture")
  if (!picture.hasAttribute("src")) return
  if (!picture.complete) {
    picture.addEventListener("load", () => onScreen.observe(tile), { once: true })
    return
  }
  const wanted = (Math.max(tile.offsetWidth, tile.offsetHeight) * devicePixelRatio) / STRETCH
  const edge = EDGES.find((each) => each >= wanted) ?? EDGES.at(-1)
  const isWhole = Math.max(picture.naturalWidth, picture.naturalHeight) < EDGES[0] // there is no more of it
  if (edge === EDGES[0] || isWhole || tile.classList.contains("is-processing")) return
  const sharper = new Image()
  const coarse = picture.src
  sharper.src = coarse.replace(/thumb$/, edge)
  const replace = () => picture.src === coarse && (picture.src = sharper.src) // a tile may show another photo by now
  sharper.decode().then(replace, () => {}) // the coarse one is good enough then
}

/** Take care of the pictures of tiles that have come into the page. */
export function welcome(tiles) {
  for (const tile of tiles) {
    const picture = tile.querySelector(".picture")
    if (picture.complete && picture.naturalWidth) arrived(picture)
    onScreen.observe(tile)
  }
}

welcome(document.querySelectorAll(".tile"))
