"""The map of a large library: photos counted in the squares they lie in."""

from sqlite_utils import Database

from photolib.migrations.schema import schema

LEVELS = (12, 10, 8, 6, 4, 2)  # zooms whose squares are counted, the finest first
_FINEST = LEVELS[0]
_SIDE = 40  # pixels of a square, along a parallel; half of that along a meridian
# How many of the finest squares a degree of longitude holds. Squares of two levels further out hold 4 x 4 of these each.
PER_DEGREE = 256 * 2**_FINEST / _SIDE / 360


def _row(photo: str) -> str:
    return f"cast(({photo}latitude + 90) * {2 * PER_DEGREE!r} as integer)"


def _column(photo: str) -> str:
    return f"cast(({photo}longitude + 180) * {PER_DEGREE!r} as integer)"


FINEST_CELL = f"({_row('')} * 65536 + {_column('')})"  # as it stands in the index, so that SQLite knows it again
PLACED = "is_listed = 1 and latitude is not null and longitude is not null"

# Counts what there is: the finest squares from the photos, the others from the squares they hold.
FILL = (
    f"""insert into map_cells (owner_id, level, block, year, cell, photos, latitude, longitude, newest, photo_id)
        select owner_id, {_FINEST}, {_row("")} / 4 * 65536 + {_column("")} / 4, substr(shown_at, 1, 4) as year, {FINEST_CELL} as cell,
          count(*), sum(cast(round(latitude * 1e7) as integer)), sum(cast(round(longitude * 1e7) as integer)), max(shown_at), id
        from photos where {PLACED} group by owner_id, cell, year""",
    *(
        f"""insert into map_cells (owner_id, level, block, year, cell, photos, latitude, longitude, newest, photo_id)
            select owner_id, {level}, (block >> 18) * 65536 + ((block & 65535) >> 2), year, block,
              sum(photos), sum(latitude), sum(longitude), max(newest), photo_id
            from map_cells where level = {level + 2} group by owner_id, block, year"""
        for level in LEVELS[1:]
    ),
)


@schema()
def m014_map_cells(db: Database) -> None:
    """How many listed photos an owner has in each square of the map and year, and the newest of them: kept by triggers as months are.

    cell: the row from the South Pole * 65536 + the column from the date line; block: the cell of the next level outwards. latitude and
    longitude: sums in 10,000,000ths of a degree, whole numbers so that what is added can be taken away again. newest: when photo_id was
    taken, the latest of them.
    """
    db.execute(
        """create table map_cells (owner_id integer not null references users(id) on delete cascade, level integer not null,
             block integer not null, year text not null, cell integer not null, photos integer not null,
             latitude integer not null, longitude integer not null, newest text not null, photo_id integer not null,
             primary key (owner_id, level, block, year, cell)) strict, without rowid"""
    )
    db.execute(
        "drop index idx_photos_map"
    )  # the next one does what it did, and knows which photos of a square are the newest
    db.execute(
        f"create index idx_photos_cells on photos (owner_id, is_listed, {FINEST_CELL}, shown_at, id, latitude, longitude) where {PLACED}"
    )
    for statement in FILL:
        db.execute(statement)
    changed = """(old.owner_id, old.is_listed, old.latitude, old.longitude, old.shown_at)
                   is not (new.owner_id, new.is_listed, new.latitude, new.longitude, new.shown_at)"""
    of_columns = "update of owner_id, is_listed, latitude, longitude, shown_at on photos"
    _put_in(db, "placed", "insert on photos", "")
    _put_in(db, "moved_in", of_columns, f" and {changed}")
    _take_out(db, "unplaced", "delete on photos", "")
    _take_out(db, "moved_out", of_columns, f" and {changed}")


def _when(row: str, also: str) -> str:
    return f"{row}.is_listed = 1 and {row}.latitude is not null and {row}.longitude is not null{also}"


def _keys(row: str) -> str:
    """SQL for the key of each square that a photo lies in: owner, level, block, year, cell."""
    levels = " union all ".join(f"select {level} as level, {_FINEST - level} as out" for level in LEVELS)
    return f"""select {row}.owner_id as owner_id, level, (line >> out + 2) * 65536 + (mark >> out + 2) as block,
                 substr({row}.shown_at, 1, 4) as year, (line >> out) * 65536 + (mark >> out) as cell
               from (select {_row(f"{row}.")} as line, {_column(f"{row}.")} as mark) cross join ({levels})"""


def _put_in(db: Database, name: str, event: str, also: str) -> None:
    db.execute(
        f"""create trigger map_{name} after {event} when {_when("new", also)} begin
              insert into map_cells (owner_id, level, block, year, cell, photos, latitude, longitude, newest, photo_id)
              select owner_id, level, block, year, cell, 1, cast(round(new.latitude * 1e7) as integer),
                cast(round(new.longitude * 1e7) as integer), new.shown_at, new.id from ({_keys("new")}) where true
              on conflict (owner_id, level, block, year, cell) do update set photos = photos + 1,
                latitude = latitude + excluded.latitude, longitude = longitude + excluded.longitude,
                photo_id = case when (excluded.newest, excluded.photo_id) > (newest, photo_id) then excluded.photo_id else photo_id end,
                newest = max(newest, excluded.newest);
            end"""
    )


def _take_out(db: Database, name: str, event: str, also: str) -> None:
    """Where the newest one goes, the finest square looks for the next among its photos, the others among the squares they hold."""
    line, mark = _row("old."), _column("old.")
    steps = [
        f"""insert into map_cells (owner_id, level, block, year, cell, photos, latitude, longitude, newest, photo_id)
            select owner_id, level, block, year, cell, -1, -cast(round(old.latitude * 1e7) as integer),
              -cast(round(old.longitude * 1e7) as integer), '', old.id from ({_keys("old")}) where true
            on conflict (owner_id, level, block, year, cell) do update set photos = photos - 1,
              latitude = latitude + excluded.latitude, longitude = longitude + excluded.longitude;"""
    ]
    for level in LEVELS:
        out = _FINEST - level
        key = f"""owner_id = old.owner_id and level = {level} and block = ({line} >> {out + 2}) * 65536 + ({mark} >> {out + 2})
                  and year = substr(old.shown_at, 1, 4) and cell = ({line} >> {out}) * 65536 + ({mark} >> {out})"""
        if level == _FINEST:
            rest = f"""select shown_at, id from photos where owner_id = old.owner_id and {PLACED}
                         and {FINEST_CELL} = {line} * 65536 + {mark}
                         and shown_at >= substr(old.shown_at, 1, 4) and shown_at < substr(old.shown_at, 1, 4) || '~'
                       order by shown_at desc, id desc limit 1"""
        else:
            rest = f"""select newest, photo_id from map_cells inner_cells where owner_id = old.owner_id and level = {level + 2}
                         and block = ({line} >> {out}) * 65536 + ({mark} >> {out}) and year = substr(old.shown_at, 1, 4)
                       order by newest desc, photo_id desc limit 1"""
        steps.append(f"delete from map_cells where {key} and photos = 0;")
        steps.append(f"update map_cells set (newest, photo_id) = ({rest}) where {key} and photo_id = old.id;")
    db.execute(f"create trigger map_{name} after {event} when {_when('old', also)} begin {' '.join(steps)} end")
