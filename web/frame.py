"""What every page's frame asks: who is signed in, whether they prefer light or dark, and what an installed app is made of."""

import sqlite3
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, url_for

from photolib.accounts.users import Account
from photolib.errors import PhotolibError
from web.here import visitor
from web.language import _

bp = Blueprint("frame", __name__)

SHARED = ["image/*", "video/*", ".heic", ".heif", ".avif", ".jxl", ".dng"]  # what the phone's gallery may share with us


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a browser needs to install the app (https://www.w3.org/TR/appmanifest/)."""
    icons: list[dict[str, Any]] = [
        {"src": url_for("static", filename="icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    ]
    for edge in (192, 512):
        src = url_for("static", filename=f"icon-{edge}.png")
        icons.append({"src": src, "sizes": f"{edge}x{edge}", "type": "image/png", "purpose": "any maskable"})
    response = jsonify(
        {
            "id": "/", "name": "photolib", "short_name": "photolib", "description": _("Your photos, at home"),
            "start_url": "/", "scope": "/", "display": "standalone", "background_color": "#101214", "theme_color": "#101214",
            "icons": icons,
            "share_target": {
                "action": "/add/shared", "method": "POST", "enctype": "multipart/form-data",
                "params": {"files": [{"name": "files", "accept": SHARED}]},
            },
            "shortcuts": [
                {"name": _("Search"), "url": "/search"}, {"name": _("Albums"), "url": "/albums"},
                {"name": _("Add photos"), "url": "/add"},
            ],
        }
    )  # fmt: skip
    response.mimetype = "application/manifest+json"
    return response


@bp.get("/service-worker.js")
def service_worker() -> Response:
    """Served from the top, because a worker may only look after what lies below its own address."""
    script = Path(current_app.static_folder or "", "service-worker.js").read_text(encoding="utf-8")
    return Response(f'const STATIC = "{current_app.static_url_path}/"\n{script}', mimetype="text/javascript")


def register(app: Flask) -> None:
    app.jinja_env.globals.update(account=account, theme=theme)


def account() -> Account | None:
    """Who is signed in; nobody on a page that says why there is no answer."""
    try:
        found = visitor().user
    except (PhotolibError, sqlite3.Error):
        return None
    return found if isinstance(found, Account) else None


def theme() -> str | None:
    """ "light" or "dark" when somebody chose one; None to follow the system."""
    chosen = account()
    return chosen.theme if chosen else None
