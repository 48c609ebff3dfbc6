"""What tidying up needs to remember: tags by other names, and what a merge of duplicates changed."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m011_tidying(db: Database) -> None:
    """Tags that were renamed, merged or deleted stay so when files are read again; a merge of duplicates is undone as a whole."""
    statements = (
        # What files call by this name is that tag of their owner, or none when tag_id is null.
        """create table tag_names (owner_id integer not null references users(id) on delete cascade, name text not null,
             tag_id integer references tags(id) on delete cascade, primary key (owner_id, name)) strict, without rowid""",
        "create index idx_tag_names_tag on tag_names (tag_id)",
        # JSON: rows of the kept photo before and after.
        "alter table merges add column journal text",
    )
    for statement in statements:
        db.execute(statement)
