"""Photos that show the same: which belong together, which of them is the best, and merging them into one without losing anything.

Two photos are *duplicates* when their perceptual hashes differ in at most SAME of 64 bits and no embedding contradicts; a *burst* is
exposures of one camera right after each other that look alike. A stack is photos of one owner tied together by such pairs. It grows
photo by photo (`alike`, then `stack`); all pairs are never compared. What a person decided stays: that some are different, which
one is the best, and a merge.

Functions that write expect to be called inside `db.write()`.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlite_utils import Database

from photolib import catalog
from photolib.catalog import Tile
from photolib.errors import BadInput, NotFound

SAME = 6  # bits: a copy in another size or compression differs in 0 to 6; two photos of different things in 32, give or take 4
FAR = 2 * SAME  # no photo of a stack of duplicates is farther from its best one: chains of small steps end there
SIMILAR = 20  # bits that two exposures may differ in within a burst: by chance one pair in 500 would, and they share camera and second
# Cosine of two embeddings below which two pictures with like hashes are not the same after all. By the built-in model 97 of 100
# pairs of different shared photos are below, and the least alike of 100 near-identical ones is at 0.73.
CONTRADICTS = 0.6
TINY = 64  # pixels; a smaller picture is a blur to an embedding model, which therefore contradicts nothing
BURST_SECONDS = 2.0
MOST_ALIKE = 64  # of a photo's likenesses the nearest: enough to tie it to its stack, however large that is

DUPLICATE, BURST = "duplicate", "burst"
_BANDS = 4  # a hash is four bands of two bytes; each has an index (photolib/db.py)


@dataclass(frozen=True)
class Shot:
    """What is compared of a photo. hash: 64 bits; vectors: model name -> unit vector; burst: an id by which the camera ties them."""

    id: int
    owner_id: int
    is_video: bool
    hash: int | None
    taken_at: str
    is_dated: bool
    camera: tuple[str, str] | None
    burst: str | None
    duration: float | None
    vectors: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Likeness:
    """A photo that belongs with another one. distance: bits in which their hashes differ, 64 when one has none."""

    photo_id: int
    kind: str
    distance: int


@dataclass(frozen=True)
class Stack:
    """Photos that show the same, the best first. best_id is proposed, or chosen by a person when decided_by is 'person'."""

    id: int
    kind: str
    best_id: int
    decided_by: str | None
    photos: list[Tile]


# ---------------------------------------------------------------- which photos are alike


def likeness(one: Shot, other: Shot) -> Likeness | None:
    """What the other photo is to this one; None when they show different things or belong to different people."""
    if one.id == other.id or one.owner_id != other.owner_id or one.is_video != other.is_video:
        return None
    distance = 64 if one.hash is None or other.hash is None else (one.hash ^ other.hash).bit_count()
    if _contradicted(one, other):
        return None
    if _is_burst(one, other) and (distance <= SIMILAR or one.burst is not None):
        return Likeness(other.id, BURST, distance)
    is_as_long = abs((one.duration or 0) - (other.duration or 0)) <= 0.5
    if distance <= SAME and is_as_long:
        return Likeness(other.id, DUPLICATE, distance)
    return None


def _contradicted(one: Shot, other: Shot) -> bool:
    shared = one.vectors.keys() & other.vectors.keys()
    return any(float(one.vectors[model] @ other.vectors[model]) < CONTRADICTS for model in shared)


def _is_burst(one: Shot, other: Shot) -> bool:
    """Two exposures, one right after the other; a copy has the very time of its original."""
    if one.is_video or one.camera is None or one.camera != other.camera:
        return False
    if one.burst is not None or other.burst is not None:
        return one.burst == other.burst
    if not (one.is_dated and other.is_dated) or one.taken_at == other.taken_at:
        return False
    apart = datetime.fromisoformat(one.taken_at) - datetime.fromisoformat(other.taken_at)
    return abs(apart.total_seconds()) <= BURST_SECONDS


def alike(db: Database, photo_id: int) -> list[Likeness]:
    """The photos that belong with this one, nearest first, at most MOST_ALIKE. Reads only; costs the same however many photos there are
    but for the few whose hashes happen to share two bytes."""
    (mine,) = _shots(db, [photo_id]) or (None,)
    if mine is None:
        return []
    found = _taken_around(db, mine)
    if mine.hash is not None:
        near = sorted(near_hashes(db, mine.hash), key=lambda each: each[::-1])
        found |= set(_owned(db, mine.owner_id, [other for other, _ in near]))
    kin = [like for other in _shots(db, found) if (like := likeness(mine, other))]
    return sorted(kin, key=lambda like: (like.distance, like.photo_id))[:MOST_ALIKE]


def near_hashes(db: Database, wanted: int) -> list[tuple[int, int]]:
    """(photo id, distance) of every picture, whoever's, whose hash differs from this one in at most SAME bits.

    Multi-index hashing (Norouzi, Punjani, Fleet, CVPR 2012): of four bands of 16 bits, either one of the first three differs in at
    most one bit, or the last is equal; else they would differ in 2 + 2 + 2 + 1 bits. So 3 x 17 + 1 looks into an index find all.
    """
    bands = wanted.to_bytes(8, "big")
    found: dict[int, int] = {}
    for number in range(_BANDS):
        band = bands[2 * number : 2 * number + 2]
        probes = [band] if number == _BANDS - 1 else [band, *_one_bit_off(band)]
        rows = db.conn.execute(
            f"""select photo_id, hash from measures
                where hash is not null and substr(hash, {2 * number + 1}, 2) in ({", ".join("?" * len(probes))})""",
            probes,
        )
        for photo_id, stored in rows:
            distance = (int.from_bytes(stored, "big") ^ wanted).bit_count()
            if distance <= SAME:
                found[photo_id] = distance
    return list(found.items())


def _one_bit_off(band: bytes) -> list[bytes]:
    value = int.from_bytes(band, "big")
    return [(value ^ 1 << bit).to_bytes(2, "big") for bit in range(16)]


def _taken_around(db: Database, mine: Shot) -> set[int]:
    """The owner's photos by the same camera from right before and right after this one."""
    if mine.is_video or mine.camera is None or not mine.is_dated:
        return set()
    moment, within = datetime.fromisoformat(mine.taken_at), timedelta(seconds=BURST_SECONDS)
    if moment.year in (datetime.min.year, datetime.max.year):
        return set()  # a camera that says year 1 or 9999 says nothing, and there is no time before or after it
    rows = db.conn.execute(
        """select id from photos join details on details.photo_id = id
           where owner_id = ? and is_listed in (0, 1) and shown_at between ? and ? and make = ? and model = ? and id <> ? limit ?""",
        (
            mine.owner_id,
            *((moment + sign * within).isoformat(timespec="milliseconds") for sign in (-1, 1)),
            *mine.camera,
            mine.id,
            4 * MOST_ALIKE,
        ),
    )
    return {row[0] for row in rows}


def _owned(db: Database, owner_id: int, photo_ids: Sequence[int]) -> list[int]:
    """The first of these photos that are this owner's."""
    found: list[int] = []
    for start in range(0, len(photo_ids), 500):
        some = photo_ids[start : start + 500]
        rows = db.conn.execute(
            f"select id from photos where owner_id = ? and id in ({', '.join('?' * len(some))})", (owner_id, *some)
        )
        theirs = {row[0] for row in rows}
        found += [each for each in some if each in theirs]
        if len(found) > MOST_ALIKE:
            break
    return found[: MOST_ALIKE + 1]  # the photo itself may be among them


def _shots(db: Database, photo_ids: Iterable[int]) -> list[Shot]:
    """What is compared of these photos; those that cannot be shown or lie in the trash are left out."""
    asked = json.dumps(list(photo_ids))
    rows = db.conn.execute(
        """select id, owner_id, type = 'video', hash, shown_at, taken_at_source <> 'file time', make, model, filename, duration,
             min(width, height) < ?
           from photos left join measures on measures.photo_id = id left join details on details.photo_id = id
           where id in (select value from json_each(?)) and status = 'ready' and trashed_at is null""",
        (TINY, asked),
    ).fetchall()
    vectors: dict[int, dict[str, np.ndarray]] = {}
    for photo_id, model, vector in db.conn.execute(
        "select photo_id, model, vector from embeddings where photo_id in (select value from json_each(?))", (asked,)
    ):
        vectors.setdefault(photo_id, {})[model] = np.frombuffer(vector, "<f2").astype(np.float32)
    return [
        Shot(
            id=row[0],
            owner_id=row[1],
            is_video=bool(row[2]),
            hash=int.from_bytes(row[3], "big") if row[3] else None,
            taken_at=row[4],
            is_dated=bool(row[5]),
            camera=(row[6], row[7]) if row[6] and row[7] else None,
            burst=_burst_of(row[8]),
            duration=row[9],
            vectors={} if row[10] else vectors.get(row[0], {}),
        )
        for row in rows
    ]


def _burst_of(filename: str) -> str | None:
    """The time in names like 00003IMG_00003_BURST20180819103245.jpg, the same for a whole burst."""
    found = re.search(r"_BURST(\d{8,})", filename)
    return found[1] if found else None


# ---------------------------------------------------------------- stacks


def stack(db: Database, photo_id: int, kin: Sequence[Likeness]) -> None:
    """Put a photo where it belongs, given what alike() found: into the stacks of its likenesses, which become one, or out of one it
    is no longer like. May run again: the same photos give the same stacks."""
    mine = _stack_of(db, photo_id)
    if mine is not None and mine.decided_by is None and not any(_is_in(db, mine.id, like.photo_id) for like in kin):
        leave(db, photo_id)
    for like in kin:
        _tie(db, photo_id, like)


@dataclass(frozen=True)
class _Row:
    id: int
    kind: str
    best_id: int | None
    decided_by: str | None


def _stack_of(db: Database, photo_id: int) -> _Row | None:
    row = db.conn.execute(
        "select stacks.id, kind, best_id, decided_by from stack_photos join stacks on stacks.id = stack_id where photo_id = ?",
        (photo_id,),
    ).fetchone()
    return _Row(*row) if row else None


def _is_in(db: Database, stack_id: int, photo_id: int) -> bool:
    row = db.conn.execute("select 1 from stack_photos where stack_id = ? and photo_id = ?", (stack_id, photo_id))
    return row.fetchone() is not None


def _tie(db: Database, photo_id: int, like: Likeness) -> None:
    """Bring two photos into one stack, unless a person keeps any two of it apart or it would grow too long a chain."""
    (there,) = db.conn.execute("select count(*) from photos where id in (?, ?)", (photo_id, like.photo_id)).fetchone()
    if there < 2:
        return  # one became a part of another photo since it was looked at
    mine, theirs = _stack_of(db, photo_id), _stack_of(db, like.photo_id)
    if mine is not None and theirs is not None and mine.id == theirs.id:
        return
    if mine is None and theirs is None:
        if not _kept_apart(db, [photo_id], [like.photo_id]):
            _make(db, photo_id, like)
        return
    if theirs is None:
        assert mine is not None
        joining, into = [like.photo_id], mine
    elif mine is None:
        joining, into = [photo_id], theirs
    else:
        sizes = {each.id: _members(db, each.id) for each in (mine, theirs)}
        into = max(mine, theirs, key=lambda each: (each.decided_by is not None, len(sizes[each.id])))
        joining = sizes[(theirs if into is mine else mine).id]
    if (_has_decisions(db, joining) and _kept_apart(db, joining, _members(db, into.id))) or _is_too_far(
        db, joining, into, like.kind
    ):
        return
    if mine is not None and theirs is not None:
        other = theirs if into is mine else mine
        db.conn.execute("delete from stacks where id = ?", (other.id,))
        into = replace(into, kind=BURST if BURST in (mine.kind, theirs.kind) else into.kind)
    db.conn.executemany(
        "insert into stack_photos (stack_id, photo_id) values (?, ?)", [(into.id, each) for each in joining]
    )
    kind = BURST if BURST in (into.kind, like.kind) else into.kind
    best = into.best_id
    if best is None or into.decided_by is None:
        best = best_of(db, joining if best is None else [best, *joining])
    db.conn.execute("update stacks set kind = ?, best_id = ? where id = ?", (kind, best, into.id))


def _make(db: Database, photo_id: int, like: Likeness) -> None:
    both = [photo_id, like.photo_id]
    (stack_id,) = db.conn.execute(
        "insert into stacks (owner_id, kind, best_id) select owner_id, ?, ? from photos where id = ? returning id",
        (like.kind, best_of(db, both), photo_id),
    ).fetchone()
    db.conn.executemany(
        "insert into stack_photos (stack_id, photo_id) values (?, ?)", [(stack_id, each) for each in both]
    )


def leave(db: Database, photo_id: int) -> None:
    """Take a photo out of its stack, if it is in one; a stack of one is none."""
    was = _stack_of(db, photo_id)
    db.conn.execute("delete from stack_photos where photo_id = ?", (photo_id,))
    if was is not None:
        left = _members(db, was.id)
        if len(left) < 2:
            db.conn.execute("delete from stacks where id = ?", (was.id,))
        elif was.best_id == photo_id:
            db.conn.execute(
                "update stacks set best_id = ?, decided_by = null where id = ?", (best_of(db, left), was.id)
            )


def _members(db: Database, stack_id: int) -> list[int]:
    return [row[0] for row in db.conn.execute("select photo_id from stack_photos where stack_id = ?", (stack_id,))]


def _has_decisions(db: Database, photo_ids: Sequence[int]) -> bool:
    row = db.conn.execute(
        "select exists (select 1 from different_photos where photo_id in (select value from json_each(?)))",
        (json.dumps(list(photo_ids)),),
    )
    return bool(row.fetchone()[0])


def _kept_apart(db: Database, some: Sequence[int], others: Sequence[int]) -> bool:
    """Whether a person said of any of these and any of those that they are different."""
    row = db.conn.execute(
        """select exists (select 1 from different_photos mine
             join different_photos theirs on theirs.decision = mine.decision and theirs.side <> mine.side
             where mine.photo_id in (select value from json_each(?)) and theirs.photo_id in (select value from json_each(?)))""",
        (json.dumps(list(some)), json.dumps(list(others))),
    )
    return bool(row.fetchone()[0])


def _is_too_far(db: Database, joining: Sequence[int], into: _Row, kind: str) -> bool:
    """Whether one of those that join a stack of duplicates is too unlike its best one."""
    if BURST in (kind, into.kind) or into.best_id is None:
        return False  # what ties a burst together is time, and the view may move on
    rows = db.conn.execute(
        "select photo_id, hash from measures where hash is not null and photo_id in (select value from json_each(?))",
        (json.dumps([into.best_id, *joining]),),
    )
    hashes = {photo_id: int.from_bytes(stored, "big") for photo_id, stored in rows}
    best = hashes.pop(into.best_id, None)
    return best is not None and any((best ^ each).bit_count() > FAR for each in hashes.values())


def best_of(db: Database, photo_ids: Sequence[int]) -> int:
    """The one to keep: a favourite first, then the higher rating, more pixels (in steps of a tenth), a RAW file, one that still says
    which camera took it, the sharper, the better exposed, the larger file, the one that came first. One in the trash comes last."""
    rows = db.conn.execute(
        """select photos.id, trashed_at is null, status = 'ready', is_favourite, coalesce(rating, 0),
             coalesce(width, 1) * coalesce(height, 1),
             photos.type = 'raw' or exists (select 1 from parts where photo_id = photos.id and role = 'raw'),
             make is not null, coalesce(sharpness, 0), coalesce(exposure, 0), size
           from photos join originals on originals.key = photos.key
             left join measures on measures.photo_id = photos.id left join details on details.photo_id = photos.id
           where photos.id in (select value from json_each(?))""",
        (json.dumps(list(photo_ids)),),
    ).fetchall()

    def merit(row: Sequence[Any]) -> tuple[Any, ...]:
        photo_id, *filed, pixels, is_raw, has_camera, sharpness, exposure, size = row
        steps = round(math.log(max(pixels, 1), 1.1))
        return (*filed, steps, is_raw, has_camera, round(sharpness, 1), round(exposure, 1), size, -photo_id)

    return int(max(rows, key=merit)[0])


def stacks(
    db: Database, owner_id: int, kind: str | None = None, before: int | None = None, size: int = 50
) -> tuple[list[Stack], int | None]:
    """An owner's stacks of at least two photos that are not in the trash, newest first, and the number to go on before, if any."""
    rows = db.conn.execute(
        """select id, kind, best_id, decided_by from stacks
           where owner_id = ? and id < ? and kind = coalesce(?, kind) and
             (select count(*) from stack_photos join photos on photos.id = photo_id
              where stack_id = stacks.id and trashed_at is null and status = 'ready') > 1
           order by id desc limit ?""",
        (owner_id, before or 2**63 - 1, kind, size + 1),
    ).fetchall()
    found = [_filled(db, _Row(*row)) for row in rows[:size]]
    return found, found[-1].id if len(rows) > size else None


def stack_by_id(db: Database, owner_id: int, stack_id: int) -> Stack:
    """Raises NotFound when this owner has no such stack, or nothing of it is left."""
    row = db.conn.execute(
        "select id, kind, best_id, decided_by from stacks where id = ? and owner_id = ?", (stack_id, owner_id)
    ).fetchone()
    found = _filled(db, _Row(*row)) if row else None
    if found is None or not found.photos:
        raise NotFound("There are no such duplicates.")
    return found


def _filled(db: Database, row: _Row) -> Stack:
    ids = [
        each[0]
        for each in db.conn.execute(
            """select photo_id from stack_photos join photos on photos.id = photo_id
               where stack_id = ? and trashed_at is null and status = 'ready'""",
            (row.id,),
        )
    ]
    best = row.best_id if row.best_id in ids or not ids else best_of(db, ids)
    photos = sorted(catalog.tiles(db, ids), key=lambda tile: (tile.id != best, tile.taken_at, tile.id))
    return Stack(row.id, row.kind, best or 0, row.decided_by if best == row.best_id else None, photos)


# ---------------------------------------------------------------- what a person decides


def keep_apart(db: Database, owner_id: int, stack_id: int, photo_ids: Sequence[int] | None = None) -> None:
    """These photos of a stack are different from all its others (without photo_ids: all from each other), now and for ever.

    Raises NotFound for another owner's stack, BadInput for photos that are not in it.
    """
    stack_by_id(db, owner_id, stack_id)
    members = _members(db, stack_id)
    leaving = members if photo_ids is None else list(dict.fromkeys(photo_ids))
    if not leaving or not set(leaving) <= set(members):
        raise BadInput("These photos are not among the duplicates.")
    (decision,) = db.conn.execute("select coalesce(max(decision), 0) + 1 from different_photos").fetchone()
    sides = dict.fromkeys(members, 0) | {photo_id: side for side, photo_id in enumerate(leaving, 1)}
    db.conn.executemany(
        "insert into different_photos (decision, photo_id, side) values (?, ?, ?)",
        [(decision, photo_id, side) for photo_id, side in sides.items()],
    )
    for photo_id in leaving:
        leave(db, photo_id)


def choose_best(db: Database, owner_id: int, stack_id: int, photo_id: int) -> None:
    """A person says which photo of a stack is shown for it. Raises NotFound, BadInput when it is not in the stack."""
    stack_by_id(db, owner_id, stack_id)
    if not _is_in(db, stack_id, photo_id):
        raise BadInput("This photo is not among the duplicates.")
    db.conn.execute("update stacks set best_id = ?, decided_by = 'person' where id = ?", (photo_id, stack_id))
