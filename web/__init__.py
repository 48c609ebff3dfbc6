"""The web app over one Library: pages, API and media. create_app() builds it; serving.py runs it."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from photolib.library import Library

_STATIC = Path(__file__).with_name("static")


def create_app(library: "Library") -> "Flask":
    """The app for a library. Nothing of it exists, or is imported, before this is called: the process that only starts the
    server has no use for it."""
    from flask import Flask

    from web import (
        account_pages,
        admin_pages,
        albums_api,
        albums_pages,
        api,
        contributions_pages,
        credentials_pages,
        dav,
        described,
        devices_pages,
        door,
        doorway,
        downloads,
        duplicates,
        duplicates_pages,
        edits,
        errors,
        etags,
        events,
        export_pages,
        folders_pages,
        frame,
        guard,
        language,
        map_api,
        media,
        members_api,
        members_pages,
        openapi,
        order_api,
        order_pages,
        packing,
        pages,
        people_api,
        people_pages,
        places_pages,
        proxies,
        review_pages,
        said_in_json,
        saving,
        search_api,
        search_pages,
        selection_pages,
        sending_api,
        shared_contributing,
        shared_feeds,
        shared_files,
        shared_pages,
        shared_wall,
        sharing_api,
        sharing_pages,
        social_api,
        social_pages,
        timeline_api,
        uploads_api,
        uploads_pages,
        users_pages,
        ways_in,
        words,
    )

    app = Flask(__name__, static_url_path=f"/static/{_version(_STATIC)}")
    app.config.update(SEND_FILE_MAX_AGE_DEFAULT=guard.A_YEAR, MAX_CONTENT_LENGTH=64 << 10)
    app.extensions["photolib"] = library
    app.url_map.merge_slashes = False  # or an address with a slash too many would be answered with a redirect
    app.url_map.converters["int"] = guard.Number
    app.json = said_in_json.SaidInJson(app)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters.update(words.FILTERS)
    app.wsgi_app = proxies.behind(app.wsgi_app, library.config.trusted_proxies)  # type: ignore[method-assign]
    for room in (
        admin_pages,
        door,
        ways_in,
        credentials_pages,
        account_pages,
        users_pages,
        pages,
        people_pages,
        places_pages,
        duplicates_pages,
        order_pages,
        folders_pages,
        order_api,
        review_pages,
        search_pages,
        edits,
        events,
        export_pages,
        frame,
        albums_pages,
        albums_api,
        members_pages,
        members_api,
        api,
        duplicates,
        media,
        map_api,
        people_api,
        search_api,
        timeline_api,
        selection_pages,
        downloads,
        uploads_api,
        uploads_pages,
        dav,
        devices_pages,
        sending_api,
        openapi,
        shared_pages,
        shared_files,
        shared_contributing,
        shared_feeds,
        shared_wall,
        saving,
        sharing_api,
        sharing_pages,
        contributions_pages,
        social_api,
        social_pages,
    ):
        app.register_blueprint(room.bp)
    app.register_blueprint(admin_pages.mine)
    app.register_blueprint(shared_wall.mine)
    frame.register(app)
    language.register(app)
    packing.register(app)
    guard.register(app)
    described.register(app)
    etags.register(app)
    doorway.register(app)
    errors.register(app)
    return app


def _version(folder: Path) -> str:
    """A name for what the static files hold: it changes when one of them does, so browsers may keep them for ever."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
