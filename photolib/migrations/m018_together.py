"""Albums that several people fill: what has changed in them since somebody looked, and what they have not been told yet."""

from sqlite_utils import Database

from photolib.migrations.schema import schema

# An album that nobody else sees writes nothing here: one look into an index says so.
_IS_SHARED = "exists (select 1 from grants where grants.album_id = {0}.album_id)"


@schema()
def m018_together(db: Database) -> None:
    """Each shared album that changed once, the latest last; how far each user has read an album's activity; grants they know of."""
    statements = [
        # album_id: no reference, as an album that is gone is a change too. user_id: of somebody who is told of it though they may not
        # see the album any more; null for all who may.
        """create table album_changes (seq integer primary key autoincrement, album_id integer not null,
             user_id integer references users(id) on delete cascade) strict""",
        "create unique index idx_album_changes_once on album_changes (album_id, coalesce(user_id, 0))",
        "create index idx_album_changes_user on album_changes (user_id) where user_id is not null",
        """create table album_looks (user_id integer not null references users(id) on delete cascade,
             album_id integer not null references albums(id) on delete cascade, activity_id integer not null,
             primary key (user_id, album_id)) strict, without rowid""",
        "create index idx_album_looks_album on album_looks (album_id)",
        """create table grants_seen (user_id integer not null references users(id) on delete cascade,
             grant_id integer not null references grants(id) on delete cascade,
             primary key (user_id, grant_id)) strict, without rowid""",
        "create index idx_grants_seen_grant on grants_seen (grant_id)",
        # What each of those who fill an album together put into it.
        "create index idx_album_photos_of on album_photos (album_id, added_by, photo_at, photo_id, is_here) where added_by is not null",
        # Asked of every picture that is somebody else's: does its owner share everything since a day?
        "create index idx_grants_since on grants (owner_id) where since is not null",
        # Who has put photos into an album of others, and how many: few rows of a large album.
        "create index idx_album_photos_contributed on album_photos (album_id, added_by, is_here) where added_by is not null",
    ]
    for table, columns in (
        ("album_photos", "photo_id, position, photo_at, is_here"),
        ("found_photos", "photo_at, is_here"),
    ):
        for act, row in (("insert", "new"), ("delete", "old"), (f"update of {columns}", "new")):
            name = f"{table}_{act.split()[0]}_album_changes"
            statements.append(_noting(name, f"{act} on {table}", row, when=f"when {_IS_SHARED.format(row)}"))
    statements.append(
        """create trigger albums_album_changes after update of title, description, order_by, cover_id, query on albums
             when exists (select 1 from grants where album_id = new.id) begin
             delete from album_changes where album_id = new.id and user_id is null;
             insert into album_changes (album_id) values (new.id); end"""
    )
    statements.append(_noting("album_activity_album_changes", "insert on album_activity", "new"))
    for act, row in (("insert", "new"), ("delete", "old"), ("update of role, show_location", "new")):
        told = f"""delete from album_changes where album_id = {row}.album_id and user_id = {row}.user_id;
             insert into album_changes (album_id, user_id) select {row}.album_id, {row}.user_id
               where {row}.user_id is not null and exists (select 1 from users where id = {row}.user_id);"""
        name = f"grants_{act.split()[0]}_album_changes"
        statements.append(_noting(name, f"{act} on grants", row, f"when {row}.album_id is not null", told))
    # Whoever saw an album as one of many is told, too, when that ends.
    statements += [
        """create trigger grants_wide_delete_album_changes after delete on grants
             when old.album_id is not null and old.user_id is null begin
             insert or replace into album_changes (album_id, user_id) select old.album_id, id from users
               where id <> old.owner_id and (old.audience = 'public' or exists (
                 select 1 from follows where follower_id = users.id and followed_id = old.owner_id)); end""",
        """create trigger follows_delete_album_changes after delete on follows begin
             insert or replace into album_changes (album_id, user_id) select album_id, old.follower_id from grants
               where owner_id = old.followed_id and audience = 'followers' and user_id is null and album_id is not null
                 and exists (select 1 from users where id = old.follower_id); end""",
    ]
    for statement in statements:
        db.execute(statement)


def _noting(name: str, event: str, row: str, when: str = "", more: str = "") -> str:
    """A trigger that puts the album of a row at the end of album_changes."""
    return f"""create trigger {name} after {event} {when} begin
        delete from album_changes where album_id = {row}.album_id and user_id is null;
        insert into album_changes (album_id) values ({row}.album_id); {more} end"""
