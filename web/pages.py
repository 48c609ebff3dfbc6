"""HTML that works by itself: the timeline, one photo, and how things stand. Small custom elements improve it in the browser."""

import shlex
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, render_template, request

from photolib import catalog, labels, scopes, understood, variants
from photolib import config as settings
from photolib.catalog import Tile
from photolib.db import write
from photolib.errors import BadInput
from photolib.overview import overview
from photolib.ports import EMBED, FACES, TEXT, Ability
from web.api import LONGEST_LABEL, allowed_photo, progress_json
from web.done import done
from web.grid import grid
from web.guard import FOR_EVER
from web.here import library, user
from web.language import N_, _, current
from web.viewed import viewed

bp = Blueprint("pages", __name__)

LEAST_RATIO, MOST_RATIO = 40, 300  # hundredths; a strip or a panorama is cropped in the grid, not in the viewer


@bp.get("/")
def timeline() -> str:
    view = grid()
    latest = catalog.latest_id(library().db)
    if view.is_empty and not request.args:
        return render_template(
            "welcome.html",
            config=library().config,
            latest=latest,
            progress=progress_json(library(), user().id, latest),
            command=command(),
        )
    return render_template(
        "timeline.html", grid=view, years=_years(), latest=latest, progress=progress_json(library(), user().id, latest)
    )  # fmt: skip


@bp.get("/photo/<int:photo_id>")
def photo(photo_id: int) -> str:
    return render_template("photo.html", **viewed(allowed_photo(photo_id)))


@bp.get("/fragments/photo/<int:photo_id>")
def viewed_photo(photo_id: int) -> str:
    """One photo as the viewer shows it, to be put over a page that is open."""
    return render_template("_viewed.html", **viewed(allowed_photo(photo_id)))


@bp.post("/photo/<int:photo_id>/labels")
def correct_label(photo_id: int) -> Response:
    """A person says what a photo shows, or does not show."""
    allowed_photo(photo_id, "edit")
    text, is_there = request.values.get("label", "").strip(), request.values.get("is_there") != "no"
    if not text or len(text) > LONGEST_LABEL:
        raise BadInput("Say in a few words what the photo shows.")
    label = labels.find(text) or text.lower()
    with write(library().db) as db:
        understood.correct_label(db, photo_id, label, is_there)
    back = f"/photo/{photo_id}/labels?label={quote(label)}&is_there={'no' if is_there else 'yes'}"
    name = labels.title(label, current().code)
    return done(_("%(label)s is added.", label=name) if is_there else _("%(label)s is taken away.", label=name), back)


@bp.get("/collections")
def collections() -> str:
    """Every way into the photos but the timeline: where the phone's last tab leads."""
    return render_template("collections.html")


@bp.get("/activity")
def activity() -> str:
    return render_template(
        "activity.html",
        overview=overview(library(), user().id, is_whole=user().role == "admin"),
        command=command(),
        abilities=abilities(),
        work=WORK,
    )


@bp.get(f"/ratios-{LEAST_RATIO}-{MOST_RATIO}.css")
def ratios() -> Response:
    """A class for each shape a tile can have: our policy allows no style in the page itself."""
    rules = "".join(f".r{each}{{--r:{each / 100:g}}}" for each in range(LEAST_RATIO, MOST_RATIO + 1))
    return Response(rules, mimetype="text/css", headers={"Cache-Control": FOR_EVER})


@bp.app_template_filter()
def ratio_class(photo: Tile) -> str:
    return f"r{min(max(round(photo.ratio * 100), LEAST_RATIO), MOST_RATIO)}"


bp.add_app_template_filter(variants.placeholder_uri, "placeholder_uri")


WORK = {
    "metadata": N_("Reading dates and cameras"),
    "pair": N_("Joining files that belong together"),
    "variants": N_("Making the sizes to look at"),
    "place": N_("Finding out where it was"),
    "measure": N_("Looking at sharpness and colours"),
    "embed": N_("Seeing what photos show"),
    "stack": N_("Finding photos that show the same"),
    "faces": N_("Finding faces"),
    "text": N_("Reading text in pictures"),
}


ABILITIES = {
    EMBED: N_("Search by what a photo shows"),
    FACES: N_("Faces and people"),
    TEXT: N_("Text in pictures"),
}


def abilities() -> list[tuple[str, Ability]]:
    """What photolib can do with the models it has, in words, and whether it can just now."""
    return [(_(words), library().models.ability(ability)) for ability, words in ABILITIES.items()]


def command() -> str:
    """What to type at a shell of this machine to reach this library."""
    config = library().config
    words = ["photolib" if shutil.which("photolib") else str(Path(sys.executable).with_name("photolib"))]
    if config.file and config.file != settings.default_file():
        words += ["--config", str(config.file.absolute())]
    if config.sources.get("data_dir") == "option":
        words += ["--data-dir", str(config.data_dir)]
    return shlex.join(words)


def _years() -> list[str]:
    """The years there are photos of, newest first."""
    return list(dict.fromkeys(month[:4] for month, _ in scopes.buckets(library().db, user().id)))
