// Keeps what the app is made of, and the photos seen last, on the device: it opens at once, and shows them where there is no network.
// The server puts the address of its static files in front of this as STATIC.

const OURS = `static ${STATIC}` // style and script; another version of them has another address
const PAGES = "pages" // the timeline and what it asks for, as it was last seen
const PICTURES = "pictures" // small sizes only, the latest seen
const MOST_PICTURES = 1500
const PATIENCE = 1500 // ms a page waits for the network before what is kept is shown

addEventListener("install", () => skipWaiting())

addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("static ") && name !== OURS) await caches.delete(name)
  await clients.claim()
})()))

addEventListener("fetch", (event) => {
  const { request } = event
  const address = new URL(request.url)
  if (request.method !== "GET" || address.origin !== location.origin || request.headers.has("Range")) return
  if (address.pathname.startsWith(STATIC) || address.pathname.startsWith("/words/")) event.respondWith(kept(request, OURS))
  else if (/^\/media\/\w+\/(thumb|320|medium)$/.test(address.pathname)) event.respondWith(kept(request, PICTURES))
  else if (isTimeline(request, address)) event.respondWith(fresh(request, event))
})

/** What shows the photos: the first page, and the counts and stretches the grid asks for. */
function isTimeline(request, { pathname, search }) {
  return (request.mode === "navigate" && pathname === "/" && !search) || (pathname.startsWith("/api/v1/timeline/") && !search.includes("scope="))
}

/** For addresses whose bytes never change. */
async function kept(request, where) {
  const cache = await caches.open(where)
  const here = await cache.match(request, { ignoreVary: true })
  if (here) return here
  const answer = await fetch(request)
  if (answer.ok && answer.status === 200) {
    await cache.put(request, answer.clone())
    if (where === PICTURES) trim(cache)
  }
  return answer
}

/** From the network when it answers soon, else as it was last seen. */
async function fresh(request, event) {
  const cache = await caches.open(PAGES)
  const asked = fetch(request).then(async (answer) => {
    if (answer.ok && !answer.redirected) await cache.put(request, answer.clone())
    else if (answer.status === 401 || answer.type === "opaqueredirect") await forget()
    return answer
  })
  event.waitUntil(asked.catch(() => {}))
  const here = await cache.match(request, { ignoreVary: true })
  if (!here) return asked
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, here))
  return Promise.race([asked, late]).catch(() => here)
}

/** Nobody is signed in any more: what was kept for them goes. */
async function forget() {
  await Promise.all([caches.delete(PAGES), caches.delete(PICTURES)])
}

let trimming

/** The pictures kept first go first. */
function trim(cache) {
  trimming ??= cache.keys().then(async (all) => {
    for (const each of all.slice(0, Math.max(0, all.length - MOST_PICTURES))) await cache.delete(each)
    trimming = undefined
  })
}
