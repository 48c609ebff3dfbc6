import { sha256 } from "../vendor/@noble/hashes/sha2.js"

// SHA-256 of files, away from the page. The browser's own is quicker, but wants a file whole in memory and a secure address.

const WHOLE = 64 << 20
const PIECE = 4 << 20

addEventListener("message", async ({ data: { id, file } }) => {
  try {
    postMessage({ id, digest: hex(await digestOf(file, (read) => postMessage({ id, read }))) })
  } catch (problem) {
    postMessage({ id, problem: problem.name })
  }
})

async function digestOf(file, reading) {
  if (globalThis.crypto?.subtle && file.size <= WHOLE) return crypto.subtle.digest("SHA-256", await file.arrayBuffer())
  const digest = sha256.create()
  for (let at = 0; at < file.size; at += PIECE) {
    reading(at)
    digest.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()))
  }
  return digest.digest()
}

const hex = (bytes) => [...new Uint8Array(bytes)].map((each) => each.toString(16).padStart(2, "0")).join("")
