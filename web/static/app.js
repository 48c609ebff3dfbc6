// The page works without any of this; each module improves one thing.
import "./pictures.js"
import "./more-photos.js"
import "./photo-grid.js"
import "./photo-viewer.js"
import "./import-progress.js"
import "./live.js"
import "./fresh-part.js"
import "./later-part.js"
import "./search-box.js"
import "./acts.js"
import "./yes-or-no.js"
import "./keys.js"
import "./bar.js"
import "./again-soon.js"
import "./installed.js"
import "./adding.js"

document.documentElement.classList.add("has-script")
