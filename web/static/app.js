// The page works without any of this; each module improves one thing. What only some pages have, they load themselves.
import "./pictures.js"
import "./photo-grid.js"
import "./photo-viewer.js"
import "./import-progress.js"
import "./live.js"
import "./later-part.js"
import "./search-box.js"
import "./acts.js"
import "./keys.js"
import "./bar.js"
import "./tabs.js"
import "./installed.js"
import "./adding.js"
import "./share.js"

document.documentElement.classList.add("has-script")
