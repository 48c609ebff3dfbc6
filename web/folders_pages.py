"""The folders that photos came from: the tree, and what is in one."""

from flask import Blueprint, render_template

from photolib import folders
from photolib.scopes import Scope
from web.grid import grid
from web.here import library, user

bp = Blueprint("folders_pages", __name__)


@bp.get("/folders")
def tree() -> str:
    return render_template("folders.html", folders=folders.tops(library().db, user().id))


@bp.get("/fragments/folders/<int:folder_id>")
def branch(folder_id: int) -> str:
    """The folders in a folder, to be put into a tree that is open."""
    db, owner = library().db, user().id
    folders.folder(db, owner, folder_id)
    return render_template("_folders.html", folders=folders.below(db, owner, folder_id))


@bp.get("/folders/<int:folder_id>", defaults={"kind": "folder"})
@bp.get("/folders/<int:folder_id>/all", defaults={"kind": "tree"})
def folder(folder_id: int, kind: str) -> str:
    """The photos of a folder, or with those of all folders below it."""
    db, owner = library().db, user().id
    trail = folders.trail(db, owner, folder_id)
    path = f"/folders/{folder_id}" + ("/all" if kind == "tree" else "")
    is_tree = kind == "tree" or not trail[-1].photos
    scope = Scope("tree" if is_tree else "folder", (folder_id,))
    return render_template(
        "folder.html", folder=trail[-1], trail=trail[:-1], below=folders.below(db, owner, folder_id), is_tree=is_tree,
        grid=grid(scope, path),
    )  # fmt: skip
