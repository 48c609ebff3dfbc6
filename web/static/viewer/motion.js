// How things move: 180 ms, ease-out, and not at all for people who want no motion.

const GLIDE = { duration: 180, easing: "ease-out" }

export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches

/** Move an element from how it stands to these styles, which it keeps; settles when it is there. */
export async function glide(element, styles, options = {}) {
  const from = Object.fromEntries(Object.keys(styles).map((name) => [name, getComputedStyle(element)[name]]))
  for (const each of element.getAnimations()) if (each.id === "glide") each.cancel()
  Object.assign(element.style, styles)
  if (isStill() || !element.isConnected) return
  const to = Object.fromEntries(Object.keys(styles).map((name) => [name, styles[name] || getComputedStyle(element)[name]]))
  const moving = element.animate([from, to], { ...GLIDE, ...options, id: "glide" })
  await moving.finished.catch(() => {}) // somebody took hold of it on its way
}

/** Take hold of an element where it is on its way. */
export function hold(element) {
  for (const each of element.getAnimations()) if (each.id === "glide") each.commitStyles?.(), each.cancel()
}
