"""Albums that follow a folder together with those in it."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m013_album_trees(db: Database) -> None:
    """Whether an album follows the folders in a folder as well, also those that come later."""
    db.execute("alter table album_folders add column is_tree integer not null default 0")
    for event in ("insert", "update of parent_id"):
        db.execute(
            f"""create trigger folders_followed_{event.partition(" ")[0]} after {event} on folders when new.parent_id is not null begin
                  insert into album_folders (album_id, folder_id, is_tree)
                  select album_id, new.id, 1 from album_folders above where above.folder_id = new.parent_id and is_tree = 1
                    and not exists (select 1 from album_folders mine where mine.folder_id = new.id and mine.album_id = above.album_id);
                end"""
        )
