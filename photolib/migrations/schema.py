"""The list that every migration of this package joins."""

from sqlite_utils import Migrations

schema = Migrations("photolib")
