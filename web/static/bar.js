// On a phone the bar makes room while somebody scrolls down, and is back when they scroll up.
const root = document.documentElement
let before = scrollY

addEventListener("scroll", () => {
  if (Math.abs(scrollY - before) < 12) return
  root.classList.toggle("bar-away", scrollY > before && scrollY > 120 && innerWidth <= 700)
  before = scrollY
}, { passive: true })
