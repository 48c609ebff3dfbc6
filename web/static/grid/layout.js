// Where photos stand in justified rows. Plain arithmetic: no page, no photos, only ratios and widths, so it is quick and easily cut in
// pieces. It gives what the flexible boxes of grid.css give for the page's own photos, to the pixel, so that nothing jumps when the
// script takes over.

export const HEADING = 40 // pixels above the first row of a group; grid.css says the same
const NARROWEST = 168 // of a group that shares its line with others
const STRETCH = 2.5 // how much higher than asked for a row may become
const LEAST_RATIO = 0.4, MOST_RATIO = 3 // a strip or a panorama is cropped in the grid, not in the viewer

/** The shape a photo has in the grid. */
export const shape = (ratio) => Math.round(Math.min(Math.max(ratio, LEAST_RATIO), MOST_RATIO) * 100) / 100

/**
 * Lay out the groups of one piece of a list, in lines over the whole width; small groups share a line.
 * ratios: width by height of each photo. groups: {first, last, isBegun, goesOn}: whether a group begins above and goes on below.
 * look: {width, height (of a row), gap, apart (between groups)}. Returns {height, x, y, w, h, boxes}: a place for each photo, and a box for
 * each group; the height holds the gap to what comes next.
 */
export function arrange(ratios, groups, look) {
  const n = ratios.length
  const placed = { height: 0, x: new Float32Array(n), y: new Float32Array(n), w: new Float32Array(n), h: new Float32Array(n), boxes: [] }
  const { width, height, gap, apart } = look
  let x = 0, y = 0, tallest = 0
  for (const group of groups) {
    const natural = naturalWidth(ratios, group, look)
    const isWhole = group.isBegun || group.goesOn || natural > width
    const own = isWhole ? width : Math.min(width, Math.max(natural, NARROWEST))
    if (x > 0 && x + own > width + 0.01) {
      endLine(placed, width)
      x = 0
      y += tallest + gap
      tallest = 0
    }
    const top = group.isBegun ? 0 : HEADING
    const inside = isWhole ? fillRows(placed, ratios, group, x, y + top, look) : oneRow(placed, ratios, group, x, y + top, height, gap)
    placed.boxes.push({ ...group, x, y, w: own, h: top + inside })
    tallest = Math.max(tallest, top + inside)
    x += own + apart
  }
  endLine(placed, width)
  placed.height = groups.length ? y + tallest + gap : 0
  return placed
}

/** The last group of a line has the rest of it for its heading. */
function endLine({ boxes }, width) {
  const last = boxes.at(-1)
  if (last) last.w = width - last.x
}

/** What a group takes in one row, with the gap before the end that grid.css puts there. */
function naturalWidth(ratios, { first, last }, { width, height, gap }) {
  let sum = 0
  for (let i = first; i <= last; i++) {
    sum += Math.min(ratios[i] * height, width) + gap
    if (sum > width) return Infinity
  }
  return sum
}

function oneRow(placed, ratios, { first, last }, x, y, height, gap) {
  for (let i = first; i <= last; i++) {
    put(placed, i, x, y, ratios[i] * height, height)
    x += ratios[i] * height + gap
  }
  return height
}

function fillRows(placed, ratios, group, x, top, look) {
  const { width, height, gap } = look
  const rows = breakRows(ratios, group, look)
  if (group.goesOn) evenOut(rows, ratios, look)
  let y = top
  for (const { from, to, sum, isFull } of rows) {
    const full = (width - gap * (to - from)) / sum
    const high = isFull ? Math.min(full, height * STRETCH) : Math.min(height, full)
    let left = x
    for (let i = from; i <= to; i++) {
      put(placed, i, left, y, ratios[i] * high, high)
      left += ratios[i] * high + gap
    }
    y += high + gap
  }
  return y - gap - top
}

/** As flexible boxes break lines: one more photo as long as it fits at its natural size. */
function breakRows(ratios, { first, last, goesOn }, { width, height, gap }) {
  const rows = []
  let from = first, sum = 0, taken = 0
  for (let i = first; i <= last; i++) {
    const own = Math.min(ratios[i] * height, width)
    if (i > from && taken + gap + own > width + 0.01) {
      rows.push({ from, to: i - 1, sum, isFull: true })
      from = i
      sum = taken = 0
    }
    taken += (i > from ? gap : 0) + own
    sum += ratios[i]
  }
  rows.push({ from, to: last, sum, isFull: goesOn || taken + gap > width })
  return rows
}

/** A piece that ends within a group has no ragged last row: a row too short for the width joins the one before. */
function evenOut(rows, ratios, { width, height, gap }) {
  const last = rows.at(-1), before = rows.at(-2)
  if (!before || (width - gap * (last.to - last.from)) / last.sum <= height * 1.6) return
  rows.splice(-2, 2, { from: before.from, to: last.to, sum: before.sum + last.sum, isFull: true })
}

function put(placed, i, x, y, w, h) {
  placed.x[i] = x
  placed.y[i] = y
  placed.w[i] = w
  placed.h[i] = h
}

/** How high a piece of so many photos may be, before anything is known of it. */
export const estimate = (count, { width, height, gap }, ratio = 1.3) => {
  const perRow = Math.max(1, Math.floor((width + gap) / (ratio * height + gap)))
  const high = Math.min((width - gap * (perRow - 1)) / perRow / ratio, height * STRETCH)
  return Math.ceil(count / perRow) * (high + gap) + HEADING
}
