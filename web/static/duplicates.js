/**
 * Groups of photos that show the same, gone through with keys: k keeps what is chosen, d says that they are different. In a list the keys
 * are for the group with the focus, else the first; where one group is compared, left and right choose which photo stays, and up and down
 * lead to the groups around it.
 */
class SamePhotos extends HTMLElement {
  connectedCallback() {
    document.addEventListener("keydown", this.#key)
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#key)
  }

  get #group() {
    if (this.dataset.group !== undefined) return this
    return document.activeElement?.closest("[data-group]") ?? this.querySelector("[data-group]")
  }

  #key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog, [popover]")) return
    const act = { k: "keep", d: "different" }[event.key]
    if (act) {
      event.preventDefault()
      this.#group?.querySelector(`button[value=${act}]`)?.click()
    } else if (this.dataset.group !== undefined && this.#compare(event.key)) {
      event.preventDefault()
    } else if (this.dataset.group === undefined && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const groups = [...this.querySelectorAll("[data-group]")]
      const next = groups[groups.indexOf(document.activeElement?.closest("[data-group]")) + (event.key === "ArrowDown" ? 1 : -1)]
      if (!next) return
      event.preventDefault()
      next.querySelector("button[value=keep]").focus()
      next.scrollIntoView({ block: "center" })
    }
  }

  #compare(key) {
    const turn = { ArrowUp: "newer", ArrowDown: "older" }[key]
    if (turn) return this.querySelector(`[data-turn=${turn}]`)?.click() ?? true
    const boxes = [...this.querySelectorAll("[data-photo] input")]
    if (/^[1-9]$/.test(key) && boxes[key - 1]) return this.#only(boxes, boxes[key - 1])
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key]
    if (!step) return false
    const here = boxes.findIndex((each) => each.checked)
    return this.#only(boxes, boxes[Math.min(Math.max(here + step, 0), boxes.length - 1)])
  }

  #only(boxes, one) {
    for (const each of boxes) each.checked = each === one
    one.focus()
    one.closest("[data-photo]").scrollIntoView({ block: "nearest", inline: "center" })
    return true
  }
}

customElements.define("same-photos", SamePhotos)
