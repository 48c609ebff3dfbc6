/** Show which keys there are. */
export function open() {
  document.getElementById("keys").showModal()
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.defaultPrevented || event.target.matches?.("input, textarea, select")) return
  event.preventDefault()
  open()
})

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-keys]")) return
  event.target.closest("[popover]")?.hidePopover()
  open()
})
