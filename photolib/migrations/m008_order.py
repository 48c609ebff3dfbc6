"""Deleting for good, and the tree of folders."""

import os

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m008_order(db: Database) -> None:
    """What is being deleted and what was, ids that never come back, and folders as a tree with the photos in each counted."""
    statements = (
        # Photos in the trash that somebody said to delete for good. The worker goes through them; restoring one takes it off.
        "create table deleting (photo_id integer primary key references photos(id) on delete cascade) strict",
        """create trigger photos_restored after update of trashed_at on photos when new.trashed_at is null begin
             delete from deleting where photo_id = new.id;
           end""",
        # Originals that no row needs any more and whose files are still to be removed. not_before: seconds since 1970.
        "create table removals (key text primary key, not_before real not null) strict, without rowid",
        # What somebody deleted for good does not come back by itself, whatever its file is called and wherever it is met.
        """create table deleted_photos (owner_id integer not null references users(id) on delete cascade, key text not null,
             deleted_at text not null, primary key (owner_id, key)) strict, without rowid""",
        # How much went, when, and why: 'person' or 'age'. bytes: of originals that nobody else has.
        """create table deletions (id integer primary key, owner_id integer not null references users(id) on delete cascade,
             at text not null, why text not null, photos integer not null, bytes integer not null) strict""",
        "create index idx_deletions_owner on deletions (owner_id, id)",
        # An id that was a photo's is never another one's: addresses, caches and what undoes an act name photos by it.
        """create trigger photos_numbers after delete on photos begin
             insert into remembered (name, value) values ('last photo id', cast(old.id as text))
             on conflict (name) do update set value = excluded.value where cast(remembered.value as integer) < old.id;
           end""",
        "alter table folders add column parent_id integer references folders(id)",
        "create index idx_folders_parent on folders (parent_id)",
        # How many listed photos an owner has in a folder itself, by files that are there: kept by triggers as the months are.
        """create table folder_counts (folder_id integer not null references folders(id) on delete cascade,
             owner_id integer not null references users(id) on delete cascade, photos integer not null,
             primary key (folder_id, owner_id)) strict, without rowid""",
        """insert into folder_counts (folder_id, owner_id, photos)
             select folder_id, sources.owner_id, count(distinct photo_id) from sources join photos on photos.id = photo_id
             where gone_at is null and is_listed = 1 group by folder_id, sources.owner_id""",
    )
    for statement in statements:
        db.execute(statement)
    add_parents(db)

    def count(name: str, event: str, row: str, step: int, when: str = "") -> None:
        """A trigger that counts a file's photo in its folder, unless another file of that photo is there too."""
        db.execute(
            f"""create trigger sources_{name} after {event} on sources
                when {row}.photo_id is not null and {row}.gone_at is null{when} begin
                  insert into folder_counts (folder_id, owner_id, photos)
                  select {row}.folder_id, {row}.owner_id, {step} from photos where id = {row}.photo_id and is_listed = 1
                    and not exists (select 1 from sources where photo_id = {row}.photo_id and folder_id = {row}.folder_id
                      and owner_id = {row}.owner_id and gone_at is null and id <> {row}.id)
                  on conflict (folder_id, owner_id) do update set photos = photos + {step};
                end"""
        )

    changed = " and (old.photo_id, old.gone_at) is not (new.photo_id, new.gone_at)"
    count("counted", "insert", "new", 1)
    count("uncounted", "delete", "old", -1)
    count("moved_out", "update of photo_id, gone_at", "old", -1, changed)
    count("moved_in", "update of photo_id, gone_at", "new", 1, changed)
    for step, was, now in ((-1, 1, 0), (1, 0, 1)):
        db.execute(
            f"""create trigger photos_folders_{"in" if now else "out"} after update of is_listed on photos
                when old.is_listed = {was} and new.is_listed = {now} begin
                  insert into folder_counts (folder_id, owner_id, photos)
                  select distinct folder_id, owner_id, {step} from sources where photo_id = new.id and gone_at is null
                  on conflict (folder_id, owner_id) do update set photos = photos + {step};
                end"""
        )


def add_parents(db: Database) -> None:
    """Give every folder the one it lies in, up to the root; an archive lies in the folder of its file."""
    rows = db.conn.execute("select path, id, inner from folders").fetchall()
    known = {path: number for path, number, _ in rows}
    for path, _, inner in sorted(rows, key=lambda row: len(row[0])):
        child, inside = path, inner
        while child.startswith(b"/") and child != b"/":
            if inside:
                within = os.path.dirname(inside)
                parent, inside = child.removesuffix(inside) + within, within
            else:
                parent = os.path.dirname(child.removesuffix(b"!/") if inside is not None else child)
                inside = None
            is_new = parent not in known
            if is_new:
                known[parent] = db.conn.execute(
                    "insert into folders (path, inner) values (?, ?) returning id", (parent, inside)
                ).fetchone()[0]
            db.conn.execute("update folders set parent_id = ? where id = ?", (known[parent], known[child]))
            if not is_new:
                break
            child = parent
