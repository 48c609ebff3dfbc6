"""/api/v1/events: what happens, as it happens, to pages that are open (server-sent events,
https://html.spec.whatwg.org/multipage/server-sent-events.html).

`progress`: how much is left to do, and the sentences about it. `photos`: {"photo_ids": [...]} that came, changed or went, null when
they are too many to name. `albums`: {"album_ids": [...]} seen with others in which something changed, or which are not shared with
the listener any more; null for too many. `comments`: {"photo_ids": [...]} about which others said something: the listener's own photos,
and those about which they said something too. A stream ends now and then, and browsers ask again.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, current_app, g, request

from photolib import catalog, pulse
from photolib.accounts import api_tokens
from photolib.accounts import sessions as kept
from photolib.errors import TryLater
from photolib.library import Library
from photolib.pulse import Pulse
from photolib.sharing import social
from web import bearer, language, sessions
from web.api import progress_json
from web.asked import number
from web.described import described, media
from web.here import library, user
from web.shapes import A_NUMBER, TEXT, about

bp = Blueprint("events", __name__, url_prefix="/api/v1")

MOST_STREAMS = 48  # each holds one of the server's threads
MOST_OF_ONE = 16  # of them, of one person: or whoever opens page after page would keep all others from hearing anything
HEARTBEAT_SECONDS = 10  # a line that says nothing, so that an end that has gone away is noticed
LONGEST_SECONDS = 60  # of one stream
REST_SECONDS = 1.0  # between two events, however much happens

LONGEST_TAB = 40  # characters

_streams: dict[object, int] = {}  # those open, the oldest first, and whose each is
_opening = threading.Lock()
_listening: dict[tuple[int, str], object] = {}  # for each user's tab the stream that it listens to now


@bp.get("/events")
@described(
    media("text/event-stream"),
    query={"since": A_NUMBER, "seconds": A_NUMBER, "tab": TEXT},
    headers={"Last-Event-ID": about("The id of the event that came last, as browsers send it.", TEXT)},
)
def events() -> Response:
    """since: the id of the photo that came last when the page was made, for counting those that came after it; if it is not said, those
    that come from now on. seconds: how long to listen, at most LONGEST_SECONDS; 0 for what can be said at once. tab: any name for who
    listens; an earlier stream of that name ends, as a page that was left cannot say that it is gone. It also ends with the session."""
    lib, owner_id, since = library(), user().id, number("since")
    if since is None:
        since = catalog.latest_id(lib.db)  # or each beat would count all there are
    beat = _pulse(lib)
    known = request.headers.get("Last-Event-ID", "").split("-")
    read = [int(each) for each in known if each.isascii() and each.isdigit() and len(each) < 19]
    latest = (pulse.latest(lib.db), pulse.latest_album(lib.db), social.latest_comment(lib.db))
    seqs = (*read[:3], *latest[len(read[:3]) :])
    seconds = number("seconds")
    lasts = LONGEST_SECONDS if seconds is None else min(seconds, LONGEST_SECONDS)
    tab, me = (owner_id, request.args.get("tab", "")[:LONGEST_TAB]), object()
    _take_a_place(owner_id, me)  # nothing may go wrong from here on, or it would never be given back
    _listening[tab] = me
    beat.nudge()

    app, spoken = current_app._get_current_object(), language.current()  # type: ignore[attr-defined]

    def progress() -> dict[str, Any]:
        with app.app_context():  # only for as long as it takes: a context that stays open over a pause is met by others
            g.language = spoken
            return progress_json(lib, owner_id, since)

    cookie, token = sessions.token(), bearer.held()

    def is_over() -> bool:
        if me not in _streams or (tab[1] and _listening.get(tab) is not me):
            return True
        return (
            kept.find(lib.db, cookie or "") if token is None else api_tokens.find(lib.db, token)
        ) is None  # ended, or taken away

    def leave() -> None:
        _streams.pop(me, None)
        if _listening.get(tab) is me:
            del _listening[tab]

    stream = _stream(lib, beat, owner_id, seqs, lasts, progress, is_over)
    response = Response(stream, mimetype="text/event-stream")
    response.call_on_close(leave)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Accel-Buffering"] = "no"  # a proxy passes each event on at once
    return response


def _stream(
    lib: Library,
    beat: Pulse,
    owner_id: int,
    seqs: Sequence[int],
    lasts: float,
    progress: Callable[[], Any],
    is_over: Callable[[], bool],
) -> Iterator[str]:
    ends, said, beats = time.monotonic() + lasts, None, beat.beats
    seq, album_seq, comment_seq = seqs
    yield "retry: 2000\n\n"
    while not is_over():
        if (now := progress()) != said:
            said = now
            yield _event("progress", said)
        happened = pulse.changes(lib.db, owner_id, seq)
        together = pulse.album_changes(lib.db, owner_id, album_seq)
        said_about, comment_seq = social.commented(lib.db, owner_id, comment_seq)
        seq, album_seq = happened.seq, together.seq
        seqs = (seq, album_seq, comment_seq)
        if happened.photo_ids is None or happened.photo_ids:
            yield _event("photos", {"photo_ids": happened.photo_ids}, seqs)
        if together.album_ids is None or together.album_ids:
            yield _event("albums", {"album_ids": together.album_ids}, seqs)
        if said_about:
            yield _event("comments", {"photo_ids": said_about}, seqs)
        if (left := ends - time.monotonic()) <= 0:
            return
        time.sleep(min(REST_SECONDS, left))
        more = beat.wait(beats, min(HEARTBEAT_SECONDS, max(0.0, ends - time.monotonic())))
        if more == beats:
            yield ": \n\n"
        beats = more


def _event(name: str, said: Any, seqs: Sequence[int] | None = None) -> str:
    number = f"id: {'-'.join(map(str, seqs))}\n" if seqs is not None else ""
    return f"{number}event: {name}\ndata: {json.dumps(said)}\n\n"


def _take_a_place(owner_id: int, me: object) -> None:
    """Somebody who listens too often loses the oldest of their places: a page that was closed cannot say so. Raises TryLater when
    too many others listen."""
    with _opening:
        mine = [stream for stream, owner in _streams.items() if owner == owner_id]
        if len(mine) >= MOST_OF_ONE:
            del _streams[mine[0]]
        if len(_streams) >= MOST_STREAMS:
            raise TryLater("Too many pages are listening. This one asks again by itself.")
        _streams[me] = owner_id


def _pulse(lib: Library) -> Pulse:
    """The app's one pulse."""
    with _opening:
        return current_app.extensions.setdefault("photolib.pulse", Pulse(lib.connections))
