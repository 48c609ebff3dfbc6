// Adding photos from whatever page is open: the Add button, files dropped or pasted, and what an earlier page left unfinished.
// What does the work is fetched when there is some.

const add = document.querySelector("#add[data-user]") // who may only look has none
const isPage = location.pathname === "/add"
let parts

/** The queue, the strip that shows it, and the dialog to choose files in: made once, at first need. */
function prepare() {
  parts ??= (async () => {
    const [{ Queue }, answer] = await Promise.all([import("./adding/queue.js"), fetch("/fragments/adding"), import("./adding/add-strip.js")])
    const made = document.createElement("template")
    made.innerHTML = await answer.text()
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("./adding/adding.css", import.meta.url) })
    await new Promise((ready) => {
      style.onload = style.onerror = ready
      document.head.append(style)
    })
    if (isPage) made.content.querySelector("#adding-picker").remove() // the page is one
    document.body.append(document.importNode(made.content, true))
    const queue = new Queue(add.dataset.user)
    const strip = document.querySelector("add-strip")
    strip.queue = queue
    strip.addEventListener("chosen", ({ detail: input }) => take(import("./adding/picked.js").then(({ fromInput }) => fromInput(input))))
    return { queue, strip, picker: document.querySelector("#adding-picker"), cover: document.querySelector("#adding-cover") }
  })()
  return parts
}

/** Add files, which may still be on their way out of a folder, to the album chosen in a form or that of the page. */
async function take(picked, album = albumHere()) {
  const [{ queue, picker }, files] = await Promise.all([prepare(), picked])
  picker?.close()
  if (files.length) await queue.add(files, album)
}

const albumHere = () => Number(location.pathname.match(/^\/albums\/(\d+)/)?.[1]) || undefined

async function openPicker() {
  const { picker } = await prepare()
  const choice = picker.querySelector(`[name="album_id"] option[value="${albumHere()}"]`)
  if (choice) choice.selected = true
  picker.showModal()
}

// ------------------------------------------------------------ the button, and the forms to choose files in

if (add) {
  add.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || isPage) return
    event.preventDefault()
    openPicker()
  })
  document.addEventListener("change", ({ target: input }) => {
    if (!input.matches?.(".add-form [data-pick]") || !input.files.length) return
    const album = Number(new FormData(input.form).get("album_id")) || undefined
    take(import("./adding/picked.js").then(({ fromInput }) => fromInput(input)).finally(() => (input.value = "")), album)
  })
  document.addEventListener("click", ({ target }) => target.closest?.("[data-opens]")?.nextElementSibling.click())
  if (!("webkitdirectory" in HTMLInputElement.prototype)) document.documentElement.classList.add("no-folders") // phones
  listenToDrops()
  document.addEventListener("paste", ({ clipboardData, target }) => {
    if (target.closest?.("input, textarea, [contenteditable]") || !clipboardData.files.length) return
    take([...clipboardData.files].map((file) => ({ file, folder: "" })))
  })
  if (localStorage.getItem("photolib-adding")) prepare().then(({ queue }) => queue.recover())
}

// ------------------------------------------------------------ dropping

function listenToDrops() {
  let isOurs = false // a picture of the page itself, dragged
  let over = 0
  const brings = (event) => !isOurs && event.dataTransfer?.types.includes("Files")
  const show = async (isShown) => {
    if (!isShown && !parts) return
    const { cover } = await prepare()
    cover.hidden = !isShown || over === 0
  }
  document.addEventListener("dragstart", () => (isOurs = true))
  document.addEventListener("dragend", () => (isOurs = false))
  document.addEventListener("dragenter", (event) => brings(event) && (over += 1) === 1 && show(true))
  document.addEventListener("dragleave", (event) => brings(event) && (over = Math.max(0, over - 1)) === 0 && show(false))
  document.addEventListener("dragover", (event) => brings(event) && event.preventDefault())
  document.addEventListener("drop", (event) => {
    if (!brings(event)) return
    event.preventDefault()
    over = 0
    const dropped = fromDrop(event.dataTransfer) // now: what is dropped cannot be asked for later
    take(dropped)
    show(false)
  })
}

/** What was dropped, asked for while it may be; see adding/picked.js for the rest. */
function fromDrop({ items, files }) {
  const roots = [...items].filter((item) => item.kind === "file").map((item) => item.getAsFileSystemHandle?.() ?? item.webkitGetAsEntry?.())
  const plain = [...files]
  return import("./adding/picked.js").then(({ fromDrop }) => fromDrop(roots, plain))
}
