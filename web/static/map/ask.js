/** The part of the world in view as photolib is asked about it: with a margin, for moving a little without asking again. */
export function inView(map, margin = 0) {
  const seen = map.getBounds().pad(margin)
  const say = (number) => number.toFixed(5)
  return {
    south: say(Math.max(-90, seen.getSouth())), west: say(Math.max(-180, seen.getWest())),
    north: say(Math.min(90, seen.getNorth())), east: say(Math.min(180, seen.getEast())),
  }
}

/** An answer of photolib's, or nothing when it does not answer or was not waited for. */
export async function ask(path, query, signal) {
  try {
    const answer = await fetch(query ? `${path}?${new URLSearchParams(query)}` : path, { signal })
    return answer.ok ? await answer.json() : undefined
  } catch (problem) {
    if (problem instanceof TypeError || problem.name === "AbortError") return undefined
    throw problem
  }
}
