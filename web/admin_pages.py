"""For admins: how things stand, what is being worked on and what failed, what takes the room, models and settings."""

from flask import Blueprint, Response, render_template, request

from photolib import config as settings
from photolib import doctor, ingest, jobs
from photolib.db import write
from photolib.errors import BadInput
from photolib.ingest import STEPS
from photolib.overview import overview
from photolib.statistics import room, statistics
from web.done import done
from web.here import library, user
from web.kept import kept
from web.language import N_, _, ngettext
from web.pages import WORK, abilities, command
from web.viewed import format_name

bp = Blueprint("admin_pages", __name__, url_prefix="/admin")

SHOWN_JOBS = 200

STATES = {"failed": N_("Failed"), "running": N_("Running"), "waiting": N_("Waiting")}


@bp.get("")
def standing() -> str:
    """thorough: also what takes minutes on a large library."""
    is_thorough = "thorough" in request.args
    return render_template(
        "admin.html",
        overview=overview(library()),
        findings=doctor.examine(library().config, library().models, is_thorough),
        is_thorough=is_thorough,
        work=WORK,
        command=command(),
    )


@bp.get("/jobs")
def jobs_() -> str:
    state, step = request.args.get("state"), request.args.get("step")
    _check(state, step)
    return render_template(
        "admin_jobs.html",
        jobs=jobs.listed(library().db, step, state, SHOWN_JOBS),
        counts=jobs.counts(library().db),
        overview=overview(library(), most_failures=0),
        state=state,
        step=step,
        work=WORK,
        states=STATES,
    )


@bp.post("/jobs/retry")
def retry() -> Response:
    step = request.form.get("step") or None
    _check(None, step)
    photos, files = ingest.retry(library(), step)
    said = ngettext("%(num)s photo is tried again.", "%(num)s photos are tried again.", photos)
    if files:
        said += " " + ngettext("%(num)s file at the next look.", "%(num)s files at the next look.", files)
    return done(said if photos or files else _("Nothing had failed."))


@bp.post("/jobs/clear")
def clear() -> Response:
    step = request.form.get("step") or None
    _check(None, step)
    with write(library().db) as db:
        count = jobs.clear(db, step)
    return done(ngettext("%(num)s failed job is forgotten.", "%(num)s failed jobs are forgotten.", count))


def _check(state: str | None, step: str | None) -> None:
    if (state is not None and state not in STATES) or (step is not None and step not in {each.name for each in STEPS}):
        raise BadInput("There is no such job.")


@bp.get("/statistics")
def statistics_() -> str:
    """Of everybody's photos."""
    return render_template(
        "admin_statistics.html",
        found=statistics(library().db),
        room=kept("room", lambda: room(library())),
    )


@bp.get("/models")
def models() -> str:
    return render_template("admin_models.html", abilities=abilities(), command=command(), config=library().config)


@bp.get("/settings")
def settings_() -> str:
    return render_template(
        "admin_settings.html", settings=settings.shown(library().config), file=library().config.file, command=command()
    )


bp.add_app_template_filter(format_name, "format_name")

mine = Blueprint("statistics_pages", __name__)


@mine.get("/statistics")
def my_statistics() -> str:
    return render_template("statistics.html", found=statistics(library().db, user().id))
