import { selection } from "../selection.js"

// What was chosen is over when photos were given a place: they are no longer among those that have none.
document.getElementById("unplaced").addEventListener("refreshed", () => selection.clear())
