import { refresh } from "./acts.js"
import { send } from "./send.js"
import { toast } from "./toast.js"
import { _ } from "./words.js"

// Passkeys (https://www.w3.org/TR/webauthn-3/). The device asks for a finger, a face or a PIN; we only carry questions and answers.

const canUse = Boolean(window.PublicKeyCredential && navigator.credentials)

/** A button that signs in with whatever passkey the person chooses. */
class PasskeySignIn extends HTMLElement {
  connectedCallback() {
    this.hidden = !canUse
    this.querySelector("button").onclick = () => attempt(this, () => this.#signIn())
  }

  async #signIn() {
    const asked = await send("/login/passkey/options")
    const answer = await navigator.credentials.get({ publicKey: forReading(asked) })
    const keep = document.querySelector("input[name=keep]")?.checked ?? true
    const { go } = await send("/login/passkey", { answer: asJson(answer), next: this.dataset.next, keep })
    location.assign(go)
  }
}
customElements.define("passkey-sign-in", PasskeySignIn)

/** The form that makes a passkey on this device. */
class PasskeyMaker extends HTMLElement {
  connectedCallback() {
    this.hidden = !canUse
    this.addEventListener("submit", (event) => {
      event.preventDefault()
      attempt(this, () => this.#make(event.target))
    })
  }

  async #make(form) {
    const said = Object.fromEntries(new FormData(form))
    const asked = await send("/account/passkeys/options", { proof: said.proof ?? "" })
    const answer = await navigator.credentials.create({ publicKey: forMaking(asked) })
    const done = await send("/account/passkeys", { name: said.name, answer: asJson(answer) })
    form.reset()
    toast(done.said)
    await refresh(["passkeys"])
  }
}
customElements.define("passkey-maker", PasskeyMaker)

/** Do it, and say in the element's own place what went wrong. That somebody changed their mind is nothing wrong. */
async function attempt(element, act) {
  const trouble = element.querySelector(".trouble")
  const button = element.querySelector("button")
  trouble.hidden = true
  button.disabled = true
  try {
    await act()
  } catch (problem) {
    if (problem.name !== "AbortError") {
      trouble.textContent = SAID[problem.name]?.() ?? problem.message
      trouble.hidden = false
    }
  }
  button.disabled = false
}

const SAID = {
  NotAllowedError: () => _("The device did not go on: it was cancelled, took too long, or has no passkey for this address."),
  InvalidStateError: () => _("This device has a passkey of yours already."),
  NotSupportedError: () => _("This device cannot make passkeys that check who is using it."),
  ConstraintError: () => _("This device cannot make passkeys that check who is using it."),
  SecurityError: () => _("This browser offers no passkeys at this address."),
}

// Browsers have had functions for these since 2024 or so; these few lines work in the older ones too.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0))
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
const named = (list = []) => list.map((each) => ({ ...each, id: bytes(each.id) }))

const forReading = (asked) => ({ ...asked, challenge: bytes(asked.challenge), allowCredentials: named(asked.allowCredentials) })
const forMaking = (asked) => ({
  ...asked,
  challenge: bytes(asked.challenge),
  user: { ...asked.user, id: bytes(asked.user.id) },
  excludeCredentials: named(asked.excludeCredentials),
})

function asJson({ id, rawId, type, response, authenticatorAttachment }) {
  const parts = {}
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = text(response[name])
  }
  if (response.getTransports) parts.transports = response.getTransports()
  return { id, rawId: text(rawId), type, response: parts, authenticatorAttachment, clientExtensionResults: {} }
}
