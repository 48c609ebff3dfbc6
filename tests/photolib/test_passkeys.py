"""Passkeys: made and used by a device in software, and what is refused of one that lies."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from photolib.accounts import passkeys, users
from photolib.accounts.users import Account
from photolib.db import write
from photolib.errors import BadInput, NotFound, Refused
from photolib.library import Library
from tests.authenticator import USER_PRESENT, Authenticator, as_text

HOST, ORIGIN = "photos.example", "https://photos.example"


@pytest.fixture
def db(library: Library) -> Database:
    return library.db


@pytest.fixture
def maria(db: Database) -> Account:
    with write(db):
        return users.add(db, "maria")


def make(db: Database, user: Account, device: Authenticator, name: str = "phone", **lies: Any) -> passkeys.Passkey:
    challenged = passkeys.challenge()
    with write(db):
        options = passkeys.options_to_make(db, user, challenged, HOST)
        return passkeys.keep(db, user.id, name, challenged, HOST, ORIGIN, device.make(options, **lies))


def sign_in(db: Database, device: Authenticator, **lies: Any) -> int:
    challenged = passkeys.challenge()
    answer = device.sign(passkeys.options_to_sign_in(challenged, HOST), **lies)
    with write(db):
        return passkeys.whose(db, challenged, HOST, ORIGIN, answer)


def test_a_passkey_signs_in_whoever_made_it(db: Database, maria: Account) -> None:
    with write(db):
        zoe = users.add(db, "zoe")
    phone, laptop, hers = Authenticator(ORIGIN), Authenticator(ORIGIN), Authenticator(ORIGIN)
    make(db, maria, phone, "phone")
    make(db, maria, laptop, "laptop")
    make(db, zoe, hers)
    assert [each.name for each in passkeys.of_user(db, maria.id)] == ["phone", "laptop"]
    assert sign_in(db, laptop) == sign_in(db, phone) == sign_in(db, phone) == maria.id
    assert sign_in(db, hers) == zoe.id
    assert all(each.last_used_at for each in passkeys.of_user(db, maria.id))


def test_the_browser_is_asked_to_check_who_sits_there_and_not_to_make_one_twice(db: Database, maria: Account) -> None:
    phone = Authenticator(ORIGIN)
    make(db, maria, phone)
    with write(db):
        options = passkeys.options_to_make(db, maria, passkeys.challenge(), HOST)
        elsewhere = passkeys.options_to_make(db, maria, passkeys.challenge(), "localhost")
    assert options["rp"]["id"] == HOST
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert [each["id"] for each in options["excludeCredentials"]] == [as_text(phone.id)]
    assert elsewhere["excludeCredentials"] == []
    assert options["user"]["id"] == elsewhere["user"]["id"] != as_text(str(maria.id).encode())
    assert passkeys.options_to_sign_in(passkeys.challenge(), HOST)["userVerification"] == "required"


LIES = [
    {"challenge": as_text(bytes(32))},
    {"origin": "https://evil.example"},
    {"origin": "http://photos.example"},
    {"type": "x"},
]


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_to_another_question_makes_no_passkey(db: Database, maria: Account, lie: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="did not fit"):
        make(db, maria, Authenticator(ORIGIN), **lie)
    assert passkeys.of_user(db, maria.id) == []


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_to_another_question_signs_nobody_in(db: Database, maria: Account, lie: dict[str, str]) -> None:
    phone = Authenticator(ORIGIN)
    make(db, maria, phone)
    with pytest.raises(Refused, match="not known here"):
        sign_in(db, phone, **lie)


def test_a_device_that_did_not_check_who_sits_there_is_refused(db: Database, maria: Account) -> None:
    phone = Authenticator(ORIGIN)
    make(db, maria, phone)
    phone.flags = USER_PRESENT
    with pytest.raises(Refused):
        sign_in(db, phone)
    with pytest.raises(BadInput):
        make(db, maria, Authenticator(ORIGIN, flags=USER_PRESENT))


def test_another_key_under_the_same_name_is_refused(db: Database, maria: Account) -> None:
    phone = Authenticator(ORIGIN)
    make(db, maria, phone)
    with pytest.raises(Refused):
        sign_in(db, Authenticator(ORIGIN, id=phone.id, handle=phone.handle))


def test_a_copy_of_a_device_is_noticed_by_its_counter(db: Database, maria: Account) -> None:
    phone = Authenticator(ORIGIN)
    make(db, maria, phone)
    copy = Authenticator(ORIGIN, key=phone.key, id=phone.id, handle=phone.handle)
    phone.count = 7
    assert sign_in(db, phone) == maria.id
    with pytest.raises(Refused):
        sign_in(db, copy)


def test_a_passkey_of_one_user_does_not_say_it_is_anothers(db: Database, maria: Account) -> None:
    phone = Authenticator(ORIGIN)
    make(db, maria, phone)
    with write(db):
        phone.handle = as_text(passkeys.handle_of(db, users.add(db, "zoe").id))
    with pytest.raises(Refused):
        sign_in(db, phone)


def test_a_passkey_made_for_another_host_is_not_known(db: Database, maria: Account) -> None:
    phone = Authenticator(ORIGIN)
    make(db, maria, phone)
    challenged = passkeys.challenge()
    answer = phone.sign(passkeys.options_to_sign_in(challenged, "other.example"), origin="https://other.example")
    with pytest.raises(Refused), write(db):
        passkeys.whose(db, challenged, "other.example", "https://other.example", answer)


def test_a_passkey_is_removed_by_whose_it_is_alone(db: Database, maria: Account) -> None:
    phone = Authenticator(ORIGIN)
    made = make(db, maria, phone)
    with write(db):
        zoe = users.add(db, "zoe")
        with pytest.raises(NotFound):
            passkeys.remove(db, zoe.id, made.id)
        assert passkeys.remove(db, maria.id, made.id) == "phone"
    with pytest.raises(Refused):
        sign_in(db, phone)


def test_the_same_passkey_is_not_kept_twice(db: Database, maria: Account) -> None:
    phone = Authenticator(ORIGIN)
    make(db, maria, phone)
    with pytest.raises(BadInput, match="already"):
        make(db, maria, phone)


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb\0"])
def test_a_passkey_has_a_name_that_can_be_read(db: Database, maria: Account, name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        make(db, maria, Authenticator(ORIGIN), name)


nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "attestationObject", "userHandle", "signature",
                         "authenticatorData"]), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nonsense)
def test_no_bytes_break_it(db: Database, maria: Account, answer: Any) -> None:
    challenged = passkeys.challenge()
    with write(db):
        with pytest.raises(BadInput):
            passkeys.keep(db, maria.id, "phone", challenged, HOST, ORIGIN, answer)
        with pytest.raises(Refused):
            passkeys.whose(db, challenged, HOST, ORIGIN, answer)


@pytest.mark.parametrize(
    ("scheme", "host", "does"),
    [
        ("https", "photos.example", True), ("https", "photos.local", True), ("http", "localhost", True),
        ("http", "127.0.0.1", False), ("http", "photos.local", False), ("https", "192.168.1.7", False), ("https", "::1", False),
    ],
)  # fmt: skip
def test_passkeys_need_a_name_over_https_or_this_machine(scheme: str, host: str, does: bool) -> None:
    assert passkeys.fits(scheme, host) is does
