// Tabs that do not all fit beside one another show the one somebody is on.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const row = tab.parentElement
  const { left, width } = tab.getBoundingClientRect()
  row.scrollLeft += left - row.getBoundingClientRect().left - (row.clientWidth - width) / 2
}
