import { toast } from "./toast.js"
import { _ } from "./words.js"

// How pages ask photolib for something, and have it do something.

/** What is said when nothing answers. */
export const silence = () => _("photolib does not answer at the moment.")

/** Have something done; what photolib answers. body goes as JSON, URLSearchParams as a form. Throws an error with a sentence. */
export function send(address, body = {}, method = "POST") {
  const isForm = body instanceof URLSearchParams
  return answered(address, { method, body: isForm ? body : JSON.stringify(body), headers: isForm ? {} : { "Content-Type": "application/json" } })
}

/** Have something done; a problem is said here, and nothing comes back. */
export async function post(...sent) {
  try {
    return await send(...sent)
  } catch (problem) {
    toast(problem.message)
    return undefined
  }
}

/** What photolib knows, in JSON. Throws an error with a sentence. */
export function ask(address) {
  return answered(address, {})
}

async function answered(address, { headers, ...asked }) {
  const answer = await fetch(address, { ...asked, headers: { ...headers, Accept: "application/json" } }).catch(() => undefined)
  const said = answer && (await answer.json().catch(() => undefined))
  if (answer?.ok) return said
  throw new Error(said?.error?.message ?? silence())
}
