/** Copy a text; whether that worked. field: one that shows it, to be selected where pages may not copy otherwise, as without https. */
export async function copy(text, field) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const shown = field ?? Object.assign(document.createElement("input"), { value: text, readOnly: true })
    if (!field) (document.querySelector("dialog[open]") ?? document.body).append(shown)
    shown.select()
    const isDone = document.execCommand("copy") // outdated, and the only way where there is no https
    if (!field) shown.remove()
    return isDone
  }
}
