// The moving part of a live photo plays over the still picture, without sound, and leaves at its end.

/** Play it once. isHovered: nobody has asked for it yet but by coming near. */
export function play(stage, source, isHovered = false) {
  if (stage.querySelector(".moving")) return
  const pane = stage.querySelector(".slide:not(.is-beside) .pane")
  const video = document.createElement("video")
  video.className = "moving"
  video.dataset.by = isHovered ? "hover" : "press"
  video.src = source
  video.muted = video.playsInline = true
  const away = () => stop(stage, video)
  video.onended = away
  whenUnplayable(video, away)
  ;(pane ?? stage).append(video)
  said(stage, true)
  video.play().catch(away)
}

export function stop(stage, video = stage.querySelector(".moving")) {
  if (!video) return
  video.remove()
  video.removeAttribute("src")
  said(stage, false)
}

/** Somebody presses what plays it: it begins, or stops unless it has just begun as they came to press. */
export function press(stage, source) {
  const video = stage.querySelector(".moving")
  if (!video) play(stage, source)
  else if (video.dataset.by === "press") stop(stage)
  else video.dataset.by = "press"
}

const said = (stage, isPlaying) => stage.closest(".viewed")?.querySelector('[data-act="live"]')?.classList.toggle("is-on", isPlaying)

/** A browser that lacks a codec says so, or plays the sound to a black picture. */
export function whenUnplayable(video, then) {
  video?.addEventListener("error", then)
  video?.addEventListener("loadedmetadata", () => video.videoWidth || then())
}

// Where somebody stopped watching, a video goes on when they come back.

export function remember(viewed) {
  const video = viewed?.querySelector(".slide > video")
  if (video?.currentTime > 1) sessionStorage.setItem(`at-${viewed.dataset.photo}`, video.ended ? 0 : video.currentTime)
}

export function goOn(viewed) {
  const at = Number(sessionStorage.getItem(`at-${viewed.dataset.photo}`))
  const video = viewed.querySelector(".slide > video")
  if (video && at) video.addEventListener("loadedmetadata", () => at < video.duration - 1 && (video.currentTime = at), { once: true })
}
