// Whatever leads to sharing opens it in a sheet over the page. Without script it is a page of its own.

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.('a[href^="/share?"]')
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  link.closest("[popover]")?.hidePopover()
  const { openShare } = await import("./share-dialog.js")
  openShare(link.getAttribute("href"))
})
