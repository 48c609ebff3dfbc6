// The service worker, where browsers allow one: over https, and on this machine. What it keeps belongs to whoever is signed in.

const { user = "" } = document.documentElement.dataset

async function forget() {
  for (const name of await caches.keys()) if (!name.startsWith("static ")) await caches.delete(name)
}

if (navigator.serviceWorker && isSecureContext) {
  if (localStorage.user !== user) {
    await forget()
    localStorage.user = user
  }
  if (user) navigator.serviceWorker.register("/service-worker.js").catch(() => {}) // the app works without

  document.addEventListener("submit", (event) => event.target.matches('[action="/logout"]') && forget(), true)
}
