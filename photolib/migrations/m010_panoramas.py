"""Pictures of everything around."""

from sqlite_utils import Database

from photolib.migrations.schema import schema


@schema()
def m010_panoramas(db: Database) -> None:
    """Which part of a sphere a picture shows (JSON: left, top, width, height as shares, heading in degrees); null for others."""
    db.execute("alter table details add column panorama text")
