"""How things stand: what `photolib status` and the web app's activity page say."""

import os
import shutil
from dataclasses import asdict
from typing import Any

from photolib import catalog, jobs, sources, trash
from photolib.errors import NotFound
from photolib.ingest import STEPS
from photolib.library import Library
from photolib.ports import ABILITIES, EMBED, FACES, TEXT, Models
from photolib.said import Said

ABILITY_WORDS = {EMBED: Said("search by what a photo shows"), FACES: Said("faces"), TEXT: Said("text in pictures")}


def overview(
    lib: Library, owner_id: int | None = None, most_failures: int = 1000, is_whole: bool = True
) -> dict[str, Any]:
    """Counts, sizes in bytes, what was deleted for good so far, the queue per step with seconds left, libraries, failures (one owner's,
    or all), models, free space.

    is_whole: False for somebody who may only know of their own photos and libraries, and not where this machine keeps things.

    most_failures: so many failures are named; "failures_in_all" is how many there are.
    """
    return {
        "data_dir": str(lib.data) if is_whole else None,
        "free_bytes": shutil.disk_usage(lib.data).free,
        "counts": catalog.totals(lib.db, None if is_whole else owner_id),
        "deleted": asdict(trash.deleted_so_far(lib.db)) if is_whole else None,
        "queue": queue(lib),
        "is_worked": lib.others_at_work() or lib.process.startswith("worker"),
        "libraries": _libraries(lib, None if is_whole else owner_id),
        "failures": [failure._asdict() for failure in sources.failed(lib.db, owner_id, most_failures)],
        "failures_in_all": sources.failed_count(lib.db, owner_id),
        "models": models(lib.models),
        "last_backup": None,
    }


def models(models: Models) -> dict[str, Any]:
    """Which abilities are on and by which model, as "abilities"; the same in one line as "note"."""
    found = [models.ability(each) for each in ABILITIES]
    lines = [
        f"{ABILITY_WORDS[each.ability]}: {each.model or 'off'}{f' ({each.note})' if each.note else ''}"
        for each in found
    ]
    if len({each.note for each in found}) == 1 and not any(each.is_on for each in found):
        lines = [f"search by what a photo shows, faces and text in pictures are off: {found[0].note}"]
    return {
        "present": [each.model for each in found if each.model is not None],
        "abilities": [
            {"ability": each.ability, "model": each.model, "is_on": each.is_on, "note": each.note} for each in found
        ],
        "note": "; ".join(lines),
    }


def queue(lib: Library) -> list[dict[str, Any]]:
    """What each step still has to do, in the order of the steps. A photo that waits for one has those after it before it too.

    can_wait: the step only enriches photos that are shown already.
    """
    counts = jobs.counts(lib.db)
    table, to_come = [], 0
    for step in STEPS:
        count = {"waiting": 0, "running": 0, "failed": 0, **counts.get(step.name, {})}
        to_come += count["waiting"] + count["running"]
        row = {"step": step.name, **count, "photos_left": to_come, "can_wait": step.patience > 0}
        table.append({**row, "seconds_left": _seconds_left(lib, step.name, to_come)})
    return table


def _seconds_left(lib: Library, step: str, photos: int) -> float | None:
    """By the pace the step had lately; None when there is nothing to do or no pace is known."""
    pace = jobs.pace(lib.db, step)
    return round(photos * pace / lib.config.cores, 1) if photos and pace else None


def _libraries(lib: Library, owner_id: int | None) -> list[dict[str, Any]]:
    states = sources.library_states(lib.db)
    unknown = {"state": "not looked at yet", "note": "", "checked_at": None, "scanned_at": None}
    return [
        {"path": str(library.path), "owner": library.owner, **states.get(os.fsencode(library.path), unknown)}
        for library in lib.config.libraries
        if owner_id is None or owner_id == _id_of(lib, library.owner)
    ]


def _id_of(lib: Library, name: str) -> int | None:
    """The user whom the settings name as a library's owner; None when there is nobody of that name."""
    try:
        return catalog.user_named(lib.db, name).id
    except NotFound:
        return None
