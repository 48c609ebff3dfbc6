// Lets people see the password they type: they were told it on the telephone.

document.documentElement.classList.add("has-script")

const button = document.querySelector("[data-see]")
button?.addEventListener("click", () => {
  const field = document.querySelector('[name="password"]')
  const isSeen = field.type === "text"
  field.type = isSeen ? "password" : "text"
  button.setAttribute("aria-pressed", !isSeen)
  field.focus()
})
