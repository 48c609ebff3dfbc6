"""API tokens: what they may do, for how long, and what is kept of them."""

import re

import pytest
from sqlite_utils import Database

from photolib.accounts import api_tokens, users
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import BadInput, NotFound
from photolib.library import Library


@pytest.fixture
def db(library: Library) -> Database:
    return library.db


def add(db: Database, name: str, role: str = "member") -> Account:
    with write(db):
        return users.add(db, name, role=role)


def make(db: Database, user: Account, *scopes: str, days: int | None = None) -> str:
    with write(db):
        return api_tokens.make(db, user, "the frame in the hall", scopes, days)[1]


def test_a_token_is_known_by_its_text_alone(db: Database) -> None:
    maria = add(db, "maria")
    text = make(db, maria, "write", "read")
    found = api_tokens.find(db, text)
    assert found is not None
    token, user = found
    assert (token.name, token.scopes, user.id) == ("the frame in the hall", {"read", "write"}, maria.id)
    for wrong in ("", text[:-1], text + "x", text.removeprefix("photolib_"), text.upper(), "photolib_"):
        assert api_tokens.find(db, wrong) is None


def test_a_token_has_256_random_bits_and_a_prefix_that_scanners_find(db: Database) -> None:
    maria = add(db, "maria")
    texts = {make(db, maria, "read") for _ in range(5)}
    assert len(texts) == 5
    assert all(re.fullmatch(r"photolib_[\w-]{43}", text, re.ASCII) for text in texts)


def test_nothing_that_opens_anything_is_kept_of_a_token(db: Database, library: Library) -> None:
    text = make(db, add(db, "maria"), "read")
    secret = text.removeprefix("photolib_")
    assert all(secret not in line for line in db.conn.iterdump())


@pytest.mark.parametrize(
    ("role", "wanted"),
    [("member", "admin"), ("guest", "write"), ("guest", "upload"), ("guest", "admin"), ("ghost", "read")],
)
def test_nobody_makes_a_token_that_may_do_more_than_they_may(db: Database, role: str, wanted: str) -> None:
    person = Account(1, "zoe", role)
    with pytest.raises(BadInput, match="more than you are"), write(db):
        api_tokens.make(db, person, "x", ["read", wanted], None)
    assert api_tokens.of_user(db, 1) == []


@pytest.mark.parametrize("scopes", [[], ["everything"], ["READ"], ["read", ""]])
def test_scopes_that_do_not_exist_are_refused(db: Database, scopes: list[str]) -> None:
    maria = add(db, "maria", "admin")
    with pytest.raises(BadInput), write(db):
        api_tokens.make(db, maria, "x", scopes, None)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b", "a\x1b[2Jb"])
def test_a_token_has_a_name_that_can_be_read(db: Database, name: str) -> None:
    maria = add(db, "maria")
    with pytest.raises(BadInput, match="name"), write(db):
        api_tokens.make(db, maria, name, ["read"], None)


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_token_is_valid_for_a_time_that_makes_sense(db: Database, days: int) -> None:
    with pytest.raises(BadInput, match="days"):
        make(db, add(db, "maria"), "read", days=days)


def test_a_token_that_has_expired_opens_nothing_but_is_still_listed(db: Database) -> None:
    maria = add(db, "maria")
    text = make(db, maria, "read", days=1)
    assert api_tokens.find(db, text) is not None
    with write(db):
        db.execute("update tokens set expires_at = '2020-01-01T00:00:00+00:00'")
    assert api_tokens.find(db, text) is None
    assert [token.is_expired for token in api_tokens.of_user(db, maria.id)] == [True]


def test_a_token_can_be_revoked_by_whose_it_is_alone(db: Database) -> None:
    maria, zoe = add(db, "maria"), add(db, "zoe")
    text = make(db, maria, "read")
    (token,) = api_tokens.of_user(db, maria.id)
    with pytest.raises(NotFound), write(db):
        api_tokens.revoke(db, zoe.id, token.id)
    assert api_tokens.find(db, text) is not None
    with write(db):
        assert api_tokens.revoke(db, maria.id, token.id) == "the frame in the hall"
    assert api_tokens.find(db, text) is None
    with pytest.raises(NotFound), write(db):
        api_tokens.revoke(db, maria.id, token.id)


def test_a_token_of_a_disabled_user_opens_nothing_until_they_are_enabled_again(db: Database) -> None:
    maria = add(db, "maria")
    text = make(db, maria, "read")
    with write(db):
        users.disable(db, maria.id)
    assert api_tokens.find(db, text) is None
    with write(db):
        users.enable(db, maria.id)
    assert api_tokens.find(db, text) is not None


def test_when_a_token_was_used_is_noted_once_a_minute(db: Database) -> None:
    text = make(db, add(db, "maria"), "read")
    (token, _) = api_tokens.find(db, text) or (None, None)
    assert token is not None
    assert token.last_used_at is None
    assert api_tokens.is_long_unseen(token)
    with write(db):
        api_tokens.see(db, token)
    (token, _) = api_tokens.find(db, text) or (None, None)
    assert token is not None
    assert token.last_used_at is not None
    assert not api_tokens.is_long_unseen(token)


def test_nobody_has_tokens_without_end(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MOST", 2)
    maria = add(db, "maria")
    for _ in range(2):
        make(db, maria, "read")
    with pytest.raises(BadInput, match="already"):
        make(db, maria, "read")
