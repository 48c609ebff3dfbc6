import tus from "../vendor/tus-js-client/tus.js"
import { _ } from "../words.js"

const PIECE = 64 << 20 // bytes in one request, for proxies that let no more through

/** Why something did not go. what: "later", "anew" (the upload is gone), "sign in", or "never" with this file. */
export class Problem extends Error {
  constructor(what, said) {
    super(said)
    this.what = what
  }
}

const SILENT = () => new Problem("later", _("photolib does not answer at the moment."))

/** Ask the API something, in JSON. Throws a Problem. */
export async function ask(path, body, signal) {
  let answer
  try {
    answer = await fetch(path, {
      method: "POST", signal, body: JSON.stringify(body), headers: { "Content-Type": "application/json", Accept: "application/json" },
    })
  } catch (problem) {
    throw signal.aborted ? problem : SILENT()
  }
  const said = await answer.json().catch(() => ({}))
  if (answer.ok) return said
  throw problemOf(answer.status, said.error?.message)
}

/** Send a file to where it was announced, from where it stopped. Throws a Problem, or what the signal was aborted with. */
export function send(file, path, sent, signal) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(file, {
      uploadUrl: new URL(path, location.href).href,
      chunkSize: PIECE,
      retryDelays: null, // whoever calls tries again
      storeFingerprintForResuming: false,
      onProgress: sent,
      onSuccess: () => resolve(),
      onError: ({ originalResponse: answer }) => {
        if (signal.aborted) return
        reject(answer?.getStatus() ? problemOf(answer.getStatus(), sentence(answer.getBody())) : SILENT())
      },
    })
    const stop = () => (upload.abort(), reject(signal.reason))
    if (signal.aborted) return stop()
    signal.addEventListener("abort", stop, { once: true })
    upload.start()
  })
}

/** Tell the server that a file will not come after all; whether it hears that is not waited for. */
export function giveUp(path) {
  fetch(path, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" }, keepalive: true }).catch(() => undefined)
}

function problemOf(status, said) {
  const what =
    status === 401 ? "sign in" : [404, 410].includes(status) ? "anew" : [409, 423, 429].includes(status) || status >= 500 ? "later" : "never"
  return new Problem(what, said ?? _("photolib could not take this file."))
}

function sentence(body) {
  try {
    return JSON.parse(body).error.message
  } catch {
    return undefined
  }
}
