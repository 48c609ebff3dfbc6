"""The second factor: codes of an app (checked against the test vectors of RFC 6238), each taken once, and codes on paper."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from photolib.accounts import totp, users
from photolib.db import write
from photolib.errors import BadInput
from photolib.library import Library

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def db(library: Library) -> Database:
    return library.db


@pytest.fixture
def maria(db: Database) -> int:
    with write(db):
        return users.add(db, "maria").id


def code(later: int = 0) -> str:
    """What the app shows now, or so many periods later."""
    return pyotp.TOTP(SECRET).at(int(time.time()) + later * 30)


def turn_on(db: Database, user_id: int) -> list[str]:
    """The codes on paper. Turned on with the code before this one, so that this one is not used yet."""
    with write(db):
        return totp.turn_on(db, user_id, SECRET, code(-1))


def take(db: Database, user_id: int, said: str) -> bool:
    with write(db):
        return totp.take(db, user_id, said)


@pytest.mark.parametrize(("moment", "shown"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")])
def test_codes_are_those_of_the_standard(monkeypatch: pytest.MonkeyPatch, moment: int, shown: str) -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", as RFC 6238 appendix B has it
    monkeypatch.setattr(totp.time, "time", lambda: moment)
    assert totp.step_of(secret, shown) == moment // 30
    assert totp.step_of(secret, f" {shown[:3]} {shown[3:]} ") == moment // 30
    assert totp.step_of(secret, shown, after=moment // 30) is None


@pytest.mark.parametrize(("late", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_the_clock_of_a_phone_may_be_half_a_minute_off(
    monkeypatch: pytest.MonkeyPatch, late: int, is_taken: bool
) -> None:
    monkeypatch.setattr(totp.time, "time", lambda: 1_800_000_015)
    shown = pyotp.TOTP(SECRET).at(1_800_000_015 + late * 30)
    assert (totp.step_of(SECRET, shown) is not None) is is_taken


def test_a_code_is_taken_once_and_none_before_it_either(db: Database, maria: int) -> None:
    turn_on(db, maria)
    assert not take(db, maria, code(-1))  # used for turning it on
    before, now, after = code(-1), code(), code(1)
    assert take(db, maria, after)
    assert not take(db, maria, after)
    assert not take(db, maria, now)
    assert not take(db, maria, before)


def test_it_is_not_turned_on_by_a_code_that_is_not_the_apps(db: Database, maria: int) -> None:
    for wrong in ("", "000000x", "12345", f"{(int(code()) + 1) % 1_000_000:06}", "１２３４５６"):
        with pytest.raises(BadInput, match="not the code"), write(db):
            totp.turn_on(db, maria, SECRET, wrong)
    assert not totp.is_on(db, maria)


def test_a_recovery_code_is_taken_once_however_it_is_typed(db: Database, maria: int) -> None:
    codes = turn_on(db, maria)
    assert len(set(codes)) == totp.recovery_codes_left(db, maria) == 10
    assert all(re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", each) for each in codes)
    assert take(db, maria, codes[0])
    assert not take(db, maria, codes[0])
    assert take(db, maria, " " + codes[1].lower().replace("-", " "))
    assert not take(db, maria, codes[1])
    assert totp.recovery_codes_left(db, maria) == 8


def test_new_recovery_codes_end_the_old_ones(db: Database, maria: int) -> None:
    old = turn_on(db, maria)
    with write(db):
        new = totp.renew_recovery_codes(db, maria)
    assert not take(db, maria, old[0])
    assert take(db, maria, new[0])


def test_nothing_of_a_recovery_code_is_kept_that_it_could_be_read_from(db: Database, maria: int) -> None:
    codes = turn_on(db, maria)
    kept = "\n".join(db.conn.iterdump()).upper()
    assert not any(each in kept or each.replace("-", "") in kept for each in codes)


def test_codes_are_nobody_elses(db: Database, maria: int) -> None:
    with write(db):
        zoe = users.add(db, "zoe").id
    codes = turn_on(db, maria)
    assert not take(db, zoe, code())
    assert not take(db, zoe, codes[0])
    assert take(db, maria, codes[0])


def test_turned_off_no_code_is_left(db: Database, maria: int) -> None:
    codes = turn_on(db, maria)
    with write(db):
        totp.turn_off(db, maria)
    assert not totp.is_on(db, maria)
    assert not take(db, maria, code())
    assert not take(db, maria, codes[0])


@given(st.text())
def test_no_text_breaks_it(said: str) -> None:
    assert totp.step_of(SECRET, said) is None or said.strip().isascii()


def test_the_app_reads_who_and_where_out_of_the_picture() -> None:
    secret = totp.new_secret()
    assert len(secret) == 32
    parts = urlsplit(totp.address(secret, "maría & co"))
    assert parse_qs(parts.query) == {"secret": [secret], "issuer": ["photolib"]}
    assert parts.path == "/photolib:mar%C3%ADa%20%26%20co"
    drawn = totp.picture(secret, "maría & co").decode()
    assert drawn.startswith("<svg ")
    assert secret not in drawn
    assert "<script" not in drawn
