/** The article of a photo, as the server sends it to be shown. Throws when it sends none. */
export async function fetchArticle(address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(answer.status)
  const text = document.createElement("template")
  text.innerHTML = await answer.text()
  return text.content.querySelector(".viewed")
}
