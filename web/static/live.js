// What happens on the server, as events on the document: "live:progress", "live:photos", "live:albums" and "live:comments". Only a page that somebody looks at
// listens, because a browser has few connections to spare.

const tab = (sessionStorage.tab ??= Math.random().toString(36).slice(2)) // the stream of the page before ends when this one's begins
const REFUSED_FOR = 30_000 // ms until a browser asks again that was told that too many listen
let source

function listen() {
  const isWanted = document.visibilityState === "visible" && !document.body.classList.contains("bare") // nobody is signed in there
  if (!isWanted) {
    source?.close()
    source = undefined
  } else if (!source) {
    const since = document.querySelector("[data-since]")?.dataset.since ?? 0
    source = new EventSource(`/api/v1/events?${new URLSearchParams({ tab, since })}`)
    source.onerror = ({ target }) => {
      if (target !== source || target.readyState !== EventSource.CLOSED) return // it tries again by itself
      source = undefined
      setTimeout(listen, REFUSED_FOR)
    }
    for (const name of ["progress", "photos", "albums", "comments"]) {
      source.addEventListener(name, ({ data }) => document.dispatchEvent(new CustomEvent(`live:${name}`, { detail: JSON.parse(data) })))
    }
  }
}

document.addEventListener("visibilitychange", listen)
addEventListener("pagehide", () => {
  source?.close()
  source = undefined
})
addEventListener("pageshow", listen)
