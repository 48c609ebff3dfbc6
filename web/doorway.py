"""How many may stand in a door at once.

Whoever sends a form slowly, byte by byte, holds one of the server's threads until all of it has come, and nobody can stop them from
here. Behind the doors that is somebody we know. Before them it can be anybody, who with a hundred such forms would keep everybody
out of everything; so only a few at a time are listened to there, and fewer from one place.
"""

from flask import Flask, g, request

from photolib.accounts import throttle
from photolib.errors import TryLater
from web.limits import Turns

INSIDE = Turns(most=12, most_of_one=8)  # requests that are being answered; of them from one address
# What a stranger sends us words at.
DOORS = frozenset({
    "door.set_up", "door.log_in", "door.accept_invitation", "ways_in.take_second_step", "ways_in.ask_for_passkey", "ways_in.take_passkey",
    "ways_in.go_elsewhere", "ways_in.come_back", "shared_pages.come_in",
})  # fmt: skip


def register(app: Flask) -> None:
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> None:
    if request.endpoint not in DOORS:
        return
    place = throttle.network_of(request.remote_addr or "")
    if not INSIDE.take(place):
        raise TryLater("Many people are signing in at this moment. Try again shortly.")
    g.standing_in = place


def _leave(_problem: BaseException | None) -> None:
    place = g.pop("standing_in", None)
    if place is not None:
        INSIDE.give_back(place)
