"""Albums that people make, arrange and nest, and albums that fill themselves."""

from sqlite_utils import Database

from photolib.migrations.schema import schema

_GAP = 1 << 32  # between neighbours, so that one photo finds room between two others without any of them moving


@schema()
def m006_albums(db: Database) -> None:
    """Nesting, covers, orders and searches of albums; what a page of a large album needs, kept beside its photos."""
    # A photo's place in an album does not change the words it is found by.
    db.execute("drop trigger album_photos_update_changes")
    db.execute(
        f"""update album_photos set position = rank * {_GAP} from
              (select album_id, photo_id, row_number() over (partition by album_id order by position, photo_id) as rank
               from album_photos) ranked
            where ranked.album_id = album_photos.album_id and ranked.photo_id = album_photos.photo_id"""
    )
    statements = (
        """create trigger album_photos_update_changes after update of album_id, photo_id on album_photos begin
             delete from photo_changes where photo_id in (select new.photo_id);
             insert into photo_changes (photo_id) select new.photo_id;
           end""",
        "alter table albums add column parent_id integer references albums(id) on delete set null",
        "alter table albums add column cover_id integer references photos(id) on delete set null",
        "alter table albums add column order_by text not null default 'oldest'",  # newest, oldest, manual
        "alter table albums add column is_arranged integer not null default 0",  # whether somebody has put it into an order by hand
        "alter table albums add column changed_at text not null default ''",
        "alter table albums add column photos integer not null default 0",  # how many can be seen, counted by the triggers below
        "alter table albums add column imported_as text",  # the folder's name it was made for, whatever it is called since
        "alter table albums add column query text",  # of an album that fills itself
        "alter table albums add column found_at text",  # when its query was last asked
        "alter table albums add column found_change integer not null default 0",  # and the last change to any photo before that
        "create index idx_albums_parent on albums (parent_id)",
        "create index idx_albums_cover on albums (cover_id) where cover_id is not null",
        "create index idx_albums_imported on albums (owner_id, imported_as) where imported_as is not null",
        # Of the photo, for order and counting without a look at each: when it was taken, and whether it can be seen (not in the
        # trash, not failed; what is archived stays in its albums).
        "alter table album_photos add column photo_at text not null default ''",
        "alter table album_photos add column is_here integer not null default 0",
        # The position as a text that begins with a name for some 500 neighbours, as a date begins with its month: see scopes.py.
        """alter table album_photos add column rank text generated always as
             (printf('p%06d---%013d', (position + (1 << 40) >> 41) + 100000, position + (1 << 40) & 2199023255551)) virtual""",
        "create index idx_album_photos_position on album_photos (album_id, position, photo_id)",
        "create index idx_album_photos_rank on album_photos (album_id, rank, photo_id, is_here)",
        "create index idx_album_photos_date on album_photos (album_id, photo_at, photo_id, is_here)",
        # What the query of an album found when it was last asked: a copy that can be made again.
        """create table found_photos (album_id integer not null references albums(id) on delete cascade,
             photo_id integer not null references photos(id) on delete cascade, photo_at text not null default '',
             is_here integer not null default 0, primary key (album_id, photo_id)) strict, without rowid""",
        "create index idx_found_photos_photo on found_photos (photo_id)",
        "create index idx_found_photos_date on found_photos (album_id, photo_at, photo_id, is_here)",
        """create view album_members as select album_id, photo_id from album_photos where is_here = 1
             union all select album_id, photo_id from found_photos where is_here = 1""",
        # Folders whose new photos go into an album by themselves.
        """create table album_folders (album_id integer not null references albums(id) on delete cascade,
             folder_id integer not null references folders(id) on delete cascade, primary key (folder_id, album_id))
             strict, without rowid""",
        "create index idx_album_folders_album on album_folders (album_id)",
        # Numbers of albums, each given once: an address that led to a deleted album never leads to another one.
        "create table album_numbers (id integer primary key autoincrement) strict",
        "insert into album_numbers (id) select max(id) from albums having max(id) is not null",
        # What there is already, before any trigger counts it.
        """update album_photos set photo_at = shown_at, is_here = (trashed_at is null and status <> 'failed')
           from photos where photos.id = photo_id""",
        """update albums set changed_at = coalesce((select max(added_at) from album_photos where album_id = albums.id), created_at),
             imported_as = case when kind in ('folder', 'takeout') then title end,
             photos = (select count(*) from album_photos where album_id = albums.id and is_here = 1)""",
    )
    for statement in statements:
        db.execute(statement)

    now_of_photo = """photo_at = (select shown_at from photos where id = new.photo_id),
        is_here = (select trashed_at is null and status <> 'failed' from photos where id = new.photo_id)"""
    for table in ("album_photos", "found_photos"):
        this = f"{table} set {now_of_photo} where album_id = new.album_id and photo_id = new.photo_id"
        db.execute(f"create trigger {table}_put after insert on {table} begin update {this}; end")
        db.execute(
            f"""create trigger {table}_counted after update of is_here on {table} when old.is_here <> new.is_here begin
                  update albums set photos = photos + new.is_here - old.is_here where id = new.album_id;
                end"""
        )
        db.execute(
            f"""create trigger {table}_taken after delete on {table} begin
                  update albums set photos = photos - old.is_here where id = old.album_id;
                end"""
        )
        # Another photo took the place of this one: two files were one.
        db.execute(f"create trigger {table}_replaced after update of photo_id on {table} begin update {this}; end")
    db.execute(
        """create trigger albums_changed after insert on album_photos begin
             update albums set changed_at = max(changed_at, new.added_at) where id = new.album_id;
           end"""
    )
    db.execute(
        """create trigger album_covers_replaced after update of photo_id on album_photos begin
             update albums set cover_id = new.photo_id where id = new.album_id and cover_id = old.photo_id;
           end"""
    )
    db.execute(
        """create trigger photos_in_albums after update of shown_at, trashed_at, status on photos
           when (old.shown_at, old.trashed_at is null, old.status = 'failed')
             <> (new.shown_at, new.trashed_at is null, new.status = 'failed') begin
             update album_photos set photo_at = new.shown_at, is_here = (new.trashed_at is null and new.status <> 'failed')
               where photo_id = new.id;
             update found_photos set photo_at = new.shown_at, is_here = (new.trashed_at is null and new.status <> 'failed')
               where photo_id = new.id;
           end"""
    )
    for event, when in (("insert", ""), ("update of photo_id", " and old.photo_id is not new.photo_id")):
        # Not "on conflict": a trigger's conflict clause gives way to that of the statement that fired it.
        db.execute(
            f"""create trigger sources_followed_{event.partition(" ")[0]} after {event} on sources
                when new.photo_id is not null{when} begin
                  insert into album_photos (album_id, photo_id, position, added_at)
                  select album_id, new.photo_id,
                    coalesce((select max(position) from album_photos theirs where theirs.album_id = album_folders.album_id), 0) + {_GAP},
                    new.seen_at
                  from album_folders join albums on albums.id = album_id and albums.owner_id = new.owner_id
                  where folder_id = new.folder_id and not exists (
                    select 1 from album_photos theirs where theirs.album_id = album_folders.album_id and theirs.photo_id = new.photo_id);
                end"""
        )
