"""PROPFIND: what a folder of the inbox holds, as XML that is sent while it is read, so that a folder of 100,000 photos takes no memory.

The properties are those of RFC 4918 and 4331, and the checksums that programs know from ownCloud. Nobody may ask for a whole tree
("Depth: infinity"), which the protocol lets a server refuse (RFC 4918, 9.1).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, ParseError, tostring
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from flask import Response
from wsgidav.wsgidav_app import WsgiDAVApp

from photolib import inbox
from photolib.accounts.users import Account
from photolib.errors import BadInput, NotFound
from photolib.inbox import Line
from photolib.library import Library
from web.dav_files import File, Folder, etag, media_type, resource

DAV, OWNCLOUD = "{DAV:}", "{http://owncloud.org/ns}"
MOST_NAMES = 100  # properties that one request may ask for
PIECE = 32 << 10  # characters sent at a time
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:" xmlns:O="http://owncloud.org/ns">\n'
FINITE = '<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>\n'

Value = Callable[[Line], str | None]  # what stands in the element; None where the line does not have it


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _checksums(line: Line) -> str | None:
    return f"<O:checksum>{line.checksums}</O:checksum>" if line.checksums else None


def _of_file(value: Callable[[Line], str]) -> Value:
    return lambda line: None if line.is_folder else value(line)


# What each line has, and what is told to whoever asks for everything.
VALUES: dict[str, Value] = {
    f"{DAV}resourcetype": lambda line: "<D:collection/>" if line.is_folder else "",
    f"{DAV}displayname": lambda line: escape(line.name or "photolib"),
    f"{DAV}getlastmodified": lambda line: formatdate(line.modified_at, usegmt=True),
    f"{DAV}creationdate": lambda line: _iso(line.added_at),
    f"{DAV}getcontentlength": _of_file(lambda line: str(line.size)),
    f"{DAV}getcontenttype": _of_file(lambda line: escape(media_type(line.name))),
    f"{DAV}getetag": _of_file(lambda line: f'"{etag(line)}"'),
}
# What is told to whoever asks for it by name.
MORE_VALUES: dict[str, Value] = {
    **VALUES,
    f"{OWNCLOUD}checksums": _checksums,
    f"{OWNCLOUD}permissions": lambda line: "RDNVCK" if line.is_folder else "RDNVW",
    f"{OWNCLOUD}size": lambda line: str(line.size),
}
QUOTA = (f"{DAV}quota-available-bytes", f"{DAV}quota-used-bytes")
LOCKS = (f"{DAV}lockdiscovery", f"{DAV}supportedlock")


def listing(app: WsgiDAVApp, lib: Library, account: Account, names: Sequence[str], environ: dict[str, Any]) -> Response:
    """The answer to a PROPFIND. Raises NotFound and BadInput."""
    depth = environ.get("HTTP_DEPTH", "infinity").strip().lower()
    if depth not in ("0", "1", "infinity"):
        raise BadInput("Depth has to be 0 or 1.")
    line = inbox.find(lib.db, account.id, names)
    if line is None:
        raise NotFound("There is nothing here.")
    wanted = _wanted(environ["wsgi.input"].read())
    if depth == "infinity" and line.is_folder:
        return Response(FINITE, 403, mimetype="application/xml")
    environ["wsgidav.config"] = app.config
    environ["wsgidav.provider"] = app.provider_map["/dav"]
    here = "/".join(("", *names))

    def lines() -> Iterator[str]:
        yield HEAD
        yield _response(line, here, wanted, environ)
        if depth == "1" and line.is_folder:
            for each in inbox.children(lib.db, line):
                yield _response(each, f"{here}/{each.name}", wanted, environ)
        yield "</D:multistatus>\n"

    return Response(_in_pieces(lines()), 207, content_type="application/xml; charset=utf-8")


def _in_pieces(texts: Iterator[str]) -> Iterator[bytes]:
    waiting, length = [], 0
    for text in texts:
        waiting.append(text)
        length += len(text)
        if length > PIECE:
            yield "".join(waiting).encode()
            waiting, length = [], 0
    yield "".join(waiting).encode()


def _wanted(body: bytes) -> list[str] | bool:
    """The properties that are asked for: their names, True for all, False for nothing but the names of all. Raises BadInput."""
    if not body.strip():
        return True
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as problem:
        raise BadInput("This is no XML that photolib reads.") from problem
    if root.tag != f"{DAV}propfind":
        raise BadInput("This is no XML that photolib reads.")
    kinds = {each.tag for each in root}
    if f"{DAV}propname" in kinds:
        return False
    if f"{DAV}prop" not in kinds:
        return True
    found = list(dict.fromkeys(str(prop.tag) for each in root.iter(f"{DAV}prop") for prop in each))
    if len(found) > MOST_NAMES:
        raise BadInput("That asks for too many properties at once.")
    return found


def _response(line: Line, path: str, wanted: list[str] | bool, environ: dict[str, Any]) -> str:
    have, lack = [], []
    if isinstance(wanted, bool):
        for name, value in VALUES.items():
            found = value(line)
            if found is not None:
                have.append(_element(name, found if wanted else ""))
    else:
        made: Folder | File | None = None
        for name in wanted:
            if name in LOCKS or (name in QUOTA and line.is_folder):
                made = made or resource(path or "/", environ, line)
                found = _of_resource(made, name)
            else:
                found = MORE_VALUES[name](line) if name in MORE_VALUES else None
            if found is None:
                lack.append(_element(name, ""))
            else:
                have.append(_element(name, found))
    slash = "/" if line.is_folder else ""
    href = escape(quote(f"/dav{path}{slash}", safe="/!*'(),$-_."))
    text = f"<D:response><D:href>{href}</D:href>"
    for elements, status in ((have, "200 OK"), (lack, "404 Not Found")):
        if elements or (status == "200 OK" and not lack):
            text += (
                f"<D:propstat><D:prop>{''.join(elements)}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat>"
            )
    return text + "</D:response>\n"


def _of_resource(made: Folder | File, name: str) -> str:
    """What only the lock manager or the disk knows."""
    value = made.get_property_value(name)
    if isinstance(value, Element):
        return "".join(tostring(each, encoding="unicode") for each in value)
    return escape(str(value))


def _element(name: str, content: str) -> str:
    space, _, local = name.removeprefix("{").rpartition("}")
    prefix = {"DAV:": "D", "http://owncloud.org/ns": "O"}.get(space)
    start = f"{prefix}:{local}" if prefix else f"X:{local} xmlns:X={quoteattr(space)}" if space else local
    tag = start.partition(" ")[0]
    return f"<{start}>{content}</{tag}>" if content else f"<{start}/>"
