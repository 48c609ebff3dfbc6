"""The schema, as the steps by which it came about, in their order. A step that has been released is never changed again."""

from photolib.migrations import (  # noqa: F401 - each joins the schema as it is imported
    m001_photos_in,
    m002_understanding,
    m003_edits,
    m004_accounts,
    m005_credentials,
    m006_albums,
    m007_uploads,
    m008_order,
    m009_places,
    m010_panoramas,
    m011_tidying,
    m012_quicker,
    m013_album_trees,
    m014_map_cells,
    m015_tallies,
    m016_sharing,
    m017_inbox,
    m018_together,
)
from photolib.migrations.schema import schema

__all__ = ["schema"]
