"""What a library is made of, counted as it changes."""

from sqlite_utils import Database

from photolib.migrations.schema import schema

_CAMERA = """trim(case when {row}.model like {row}.make || '%' then '' else coalesce({row}.make, '') end || ' '
               || coalesce({row}.model, ''))"""
# Of a photo that can be shown: kind of tally and name.
_NAMES = (
    ("year", "substr({row}.shown_at, 1, 4)"),
    ("added", "substr({row}.added_at, 1, 7)"),
    ("type", "{row}.type"),
    ("format", "originals.format"),
)
_ADD = """on conflict (owner_id, kind, name) do update set photos = photos + excluded.photos, bytes = bytes + excluded.bytes"""

# Counts what there is. The originals are looked up once, not for every kind.
FILL = (
    f"""create temporary table told as
        select photos.id, owner_id, size, {", ".join(f"{name.format(row='photos')} as {kind}" for kind, name in _NAMES)}
        from photos join originals on originals.key = photos.key where status <> 'failed'""",
    *(
        f"""insert into tallies (owner_id, kind, name, photos, bytes)
            select owner_id, '{kind}', {kind}, count(*), sum(size) from told group by owner_id, {kind}"""
        for kind, _ in _NAMES
    ),
    f"""insert into tallies (owner_id, kind, name, photos, bytes)
        select owner_id, 'camera', {_CAMERA.format(row="details")} as called, count(*), sum(size)
        from told cross join details on details.photo_id = told.id where called <> '' group by owner_id, called""",
    "drop table told",
)


@schema()
def m015_tallies(db: Database) -> None:
    """How many photos an owner has of each year, month they came in, type, format and camera, and the bytes of their originals.

    The trash counts too, as it takes room; what cannot be shown and a photo's parts do not.
    Kept by triggers: to count a million takes many seconds.
    """
    db.execute(
        """create table tallies (owner_id integer not null references users(id) on delete cascade, kind text not null, name text not null,
             photos integer not null, bytes integer not null, primary key (owner_id, kind, name)) strict, without rowid"""
    )
    for statement in FILL:
        db.execute(statement)
    old, new = (
        f"({row}.owner_id, {row}.key, {row}.type, {row}.status = 'failed', substr({row}.shown_at, 1, 4), substr({row}.added_at, 1, 7))"
        for row in ("old", "new")
    )
    changed = f"{old} is not {new}"
    _trigger(db, "photo_added", "insert on photos", _of_photo("new", 1))
    _trigger(db, "photo_gone", "delete on photos", _of_photo("old", -1))
    _trigger(
        db, "photo_changed", f"update of owner_id, key, type, status, shown_at, added_at on photos when {changed}",
        _of_photo("old", -1) + _of_its_camera("old", -1) + _of_photo("new", 1) + _of_its_camera("new", 1),
    )  # fmt: skip
    seen = "(old.photo_id, old.make, old.model) is not (new.photo_id, new.make, new.model)"
    _trigger(db, "camera_added", "insert on details", _of_camera("new", 1))
    _trigger(db, "camera_gone", "delete on details", _of_camera("old", -1))
    _trigger(
        db, "camera_changed", f"update of photo_id, make, model on details when {seen}",
        _of_camera("old", -1) + _of_camera("new", 1),
    )  # fmt: skip


def _trigger(db: Database, name: str, event: str, steps: str) -> None:
    db.execute(f"create trigger tallies_{name} after {event} begin {steps} end")


def _of_photo(row: str, step: int) -> str:
    names = " union all ".join(
        f"select '{kind}' as kind, {name.format(row=row)} as called, size from originals where key = {row}.key"
        for kind, name in _NAMES
    )
    return f"""insert into tallies (owner_id, kind, name, photos, bytes)
               select {row}.owner_id, kind, called, {step}, {step} * size from ({names}) where {row}.status <> 'failed' {_ADD};"""


def _of_its_camera(row: str, step: int) -> str:
    """Of a photo that changes owner or original."""
    return f"""insert into tallies (owner_id, kind, name, photos, bytes)
               select {row}.owner_id, 'camera', {_CAMERA.format(row="details")} as called, {step}, {step} * size
               from details join originals on originals.key = {row}.key where photo_id = {row}.id and called <> ''
                 and {row}.status <> 'failed' {_ADD};"""


def _of_camera(row: str, step: int) -> str:
    """Of what is said about a photo; when the photo is gone by then, there is nothing to count it for."""
    return f"""insert into tallies (owner_id, kind, name, photos, bytes)
               select owner_id, 'camera', {_CAMERA.format(row=row)} as called, {step}, {step} * size
               from photos join originals on originals.key = photos.key where photos.id = {row}.photo_id and called <> ''
                 and status <> 'failed' {_ADD};"""
