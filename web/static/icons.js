// The few icons that script draws; those of pages are in templates/icons.html, in the same hand.

const SHAPES = {
  play: '<path d="M6.5 4v12l9.5-6z"/>',
  live: '<circle cx="10" cy="10" r="3"/><circle cx="10" cy="10" r="7.5"/>',
  check: '<path d="m4.5 10.5 3.5 3.5 7.5-8"/>',
  close: '<path d="m5 5 10 10M15 5 5 15"/>',
  first: '<path d="M5 4v12M16 10H8m3.5-4-4 4 4 4"/>',
  earlier: '<path d="M16 10H4m5-5-5 5 5 5"/>',
  later: '<path d="M4 10h12m-5-5 5 5-5 5"/>',
  last: '<path d="M15 4v12M4 10h8m-3.5-4 4 4-4 4"/>',
}

const drawn = new Map()

/** A new one, for who sees: its meaning is said beside it, or is the name of its button. */
export function icon(name) {
  if (!drawn.has(name)) {
    const held = document.createElement("template")
    held.innerHTML = `<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`
    drawn.set(name, held.content.firstChild)
  }
  return drawn.get(name).cloneNode(true)
}

/** A button that shows nothing but an icon, and is called what it does. */
export function iconButton(name, said, act) {
  const button = Object.assign(document.createElement("button"), { className: "icon-button", type: "button", ariaLabel: said, title: said, onclick: act })
  button.append(icon(name))
  return button
}
