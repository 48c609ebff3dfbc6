// Over a grid whose order no address can say in full, such as the best match first, the grid knows what stands beside a photo.

const grid = () => document.querySelector("photo-grid[data-own-order]")

/** The tiles on both sides of a photo, as {newer, older}; undefined where the server's order is the grid's. Fetches more tiles near the last. */
export async function tilesBeside(id) {
  if (!grid()) return undefined
  for (let tries = 3; ; tries--) {
    const tiles = [...(grid()?.querySelectorAll(".tile") ?? [])]
    const here = tiles.findIndex((tile) => tile.id === `photo-${id}`)
    const coming = here < 0 || here > tiles.length - 10 ? grid()?.querySelector("more-photos")?.load() : undefined
    if (here >= 0) {
      if (here === tiles.length - 1) await coming
      return { newer: tiles[here - 1], older: tiles[here + 1] ?? grid()?.querySelectorAll(".tile")[here + 1] }
    }
    if (!coming || !tries) return {} // it was opened from another one and does not stand in the grid
    await coming
  }
}

/** Make an article's links lead to what stands beside it in the grid. */
export async function orderByGrid(article) {
  const beside = await tilesBeside(article.dataset.photo)
  if (!beside) return
  for (const link of article.querySelectorAll("a.turn")) {
    const tile = beside[link.dataset.act]
    link.hidden = !tile
    if (tile) link.href = tile.getAttribute("href")
  }
}

/** A picture of a photo that the browser has already, from the grid. */
export function quickOf(id) {
  const picture = document.querySelector(`#photo-${id} .picture`)
  return picture?.naturalWidth ? picture : undefined
}

/** Where a photo stands in the grid and of how many, counted from 1, where the grid knows. */
export function placeInGrid(id) {
  const { list, total } = document.querySelector("photo-grid") ?? {}
  const before = list?.numberOf?.(Number(id))
  return before === undefined || !total ? undefined : { n: before + 1, all: total }
}

/** A photo has left the grid's list or come back. */
export function renewGrid() {
  const grid = document.querySelector("photo-grid[data-scope]")
  if (grid?.window) grid.renew()
}
