// Files from wherever a person takes them: a picker, a folder, something dropped or pasted. Each as {file, folder, handle}.

const TAKEN = new RegExp(
  "\\.(jpe?g|jpe|jfif|png|apng|webp|gif|tiff?|bmp|dib|hei[cf]s?|hif|avifs?|jxl|cr[23]|crw|ne[fe]|nrw|arw|sr[2fw]|dng|raf|orf|rw[2l]|pef|raw" +
    "|dcr|kdc|erf|mef|mos|3fr|iiq|mp4|m4v|mov|qt|3gp|3g2|3gpp|mkv|webm|avi|mts|m2ts|mpe?g|mpe|m2v|wmv|asf|divx|xmp|json)$",
  "i",
)

/** Whether a file may be a photo, a video, or a sidecar of one, by what it is called. The server looks at the bytes. */
export function mayBeTaken({ name, type }) {
  if (name.startsWith(".")) return false
  return TAKEN.test(name) || /^(image|video)\//.test(type) || (!type && !name.includes("."))
}

export const isSidecar = ({ name }) => /\.(xmp|json)$/i.test(name)

/** What an input of type=file holds. */
export function fromInput(input) {
  return [...input.files].map((file) => ({ file, folder: above(file.webkitRelativePath ?? "") }))
}

/** What was dropped, with everything in folders. roots: handles or entries, where the browser has them; files: all it has else. */
export async function fromDrop(roots, files) {
  const found = []
  for (const each of await Promise.all(roots)) {
    if (each instanceof (globalThis.FileSystemHandle ?? Never)) await throughHandle(each, "", found)
    else if (each) await throughEntry(each, "", found)
  }
  return found.length ? found : files.map((file) => ({ file, folder: "" }))
}

class Never {}

async function throughHandle(handle, folder, found) {
  if (handle.kind === "file") found.push({ file: await handle.getFile(), folder, handle })
  else for await (const each of handle.values()) await throughHandle(each, join(folder, handle.name), found)
}

async function throughEntry(entry, folder, found) {
  if (entry.isFile) return found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), folder })
  const reader = entry.createReader()
  for (;;) { // a reader gives a hundred at a time
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (!some.length) return
    for (const each of some) await throughEntry(each, join(folder, entry.name), found)
  }
}

const join = (folder, name) => (folder ? `${folder}/${name}` : name)
const above = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")))
