let worker
let last = 0
const waiting = new Map()

/** SHA-256 of a file in hexadecimal; reading is told how many bytes are read, where that takes long. undefined where this browser cannot tell. Throws when the file cannot be read any more. */
export function hash(file, reading = () => {}) {
  worker ??= start()
  if (!worker) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject, reading })
    worker.postMessage({ id: last, file })
  })
}

function start() {
  try {
    const made = new Worker(new URL("./hash-worker.js", import.meta.url), { type: "module" })
    made.onmessage = ({ data: { id, digest, problem, read } }) => {
      const { resolve, reject, reading } = waiting.get(id) ?? {}
      if (read !== undefined || !resolve) return reading?.(read)
      waiting.delete(id)
      problem ? reject(new Error(problem)) : resolve(digest)
    }
    made.onerror = () => {
      worker = false // files are sent without being looked up first
      for (const { resolve } of waiting.values()) resolve(undefined)
      waiting.clear()
    }
    return made
  } catch {
    return false
  }
}
