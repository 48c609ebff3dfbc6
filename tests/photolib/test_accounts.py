"""Accounts below the web app: passwords, browsers in words, quotas, what users' photos take, and whose address counts as one."""

from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from photolib import catalog
from photolib.accounts import browsers, passwords, setup, signin, throttle, tokens, users
from photolib.accounts.sessions import Client
from photolib.catalog import Original
from photolib.db import connect, write
from photolib.errors import BadInput, NotSignedIn, Refused
from photolib.library import Library
from photolib.migrations import schema

HOME = Client("192.168.1.7", "Firefox on Linux")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


# ---------------------------------------------------------------- passwords


def test_a_password_is_kept_slowly_and_salted() -> None:
    one, other = passwords.hash("correct horse battery"), passwords.hash("correct horse battery")
    assert one != other
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches("correct horse battery", one)
    assert not passwords.matches("correct horse batterz", one)
    assert not passwords.matches("correct horse battery", None)
    assert not passwords.matches("correct horse battery", "none")


def test_a_password_is_the_same_however_a_keyboard_composes_it(quick: None) -> None:
    assert passwords.matches("cafe\u0301 noir et gateau", passwords.hash("caf\u00e9 noir et gateau"))


def test_a_hash_of_yesterdays_parameters_is_made_anew_at_the_next_log_in(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with write(library.db) as db:
        zoe = users.add(db, "zoe")
        users.set_password(db, zoe.id, passwords.hash("correct horse battery"))
    before = users.password_hash(library.db, zoe.id)
    signin.with_password(library.db, "zoe", "correct horse battery", HOME)
    assert users.password_hash(library.db, zoe.id) == before
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    with pytest.raises(NotSignedIn):
        signin.with_password(library.db, "zoe", "wrong", HOME)
    assert users.password_hash(library.db, zoe.id) == before
    signin.with_password(library.db, "zoe", "correct horse battery", HOME)
    assert "m=16,t=2" in str(users.password_hash(library.db, zoe.id))
    signin.with_password(library.db, "zoe", "correct horse battery", HOME)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "aaaaaaaaaaaaaaaa",
        "1234567890",
        "PASSWORD123",
        "marathon12",
        "x" * 2000,
        "Mara Lind 1",
        "liverpool1",
        "Password2024",
        "qwertyuiop12",
        "letmein123456",
        "hallohallo",
        "geheim1234",
        "P@ssw0rd123",
        "marathon2024",
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_what_helps(password: str) -> None:
    with pytest.raises(BadInput, match=r"password"):
        passwords.check_new(password, "marathon", "Mara Lind")


@pytest.mark.parametrize(
    "password",
    [
        "seven green bottles",
        "xk3!9dTmq2",
        "Blaue Katze tanzt",
        "корова и луна",
        "a" * 20 + " but then words",
        "q" * 3 + "😀" * 9 + "jx!",
    ],
)
def test_a_password_of_some_words_or_of_many_kinds_of_characters_will_do(password: str) -> None:
    passwords.check_new(password, "marathon", "Mara Lind")
    passwords.check_new(password + " and on it goes" * 60, "marathon", "Mara Lind")


def test_a_code_can_be_typed_in_any_way() -> None:
    for _ in range(50):
        code = tokens.new_code()
        assert set(code) <= set(tokens.LETTERS) | {"-"}
        assert len(code.replace("-", "")) == 12
        for typed in (
            code.lower(),
            code.replace("-", ""),
            code.replace("-", " "),
            f"  {code}\t",
            code.replace("-", "–"),
        ):
            assert tokens.typed_code(typed) == code
    assert len({tokens.new() for _ in range(100)}) == 100
    assert len(tokens.new()) >= 43  # 256 bits


@given(st.text())
def test_any_text_as_a_code_is_no_more_than_wrong(text: str) -> None:
    tokens.hashed(tokens.typed_code(text))


# ---------------------------------------------------------------- browsers, quotas


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
         "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 "
         "Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
         "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
         "Safari on Mac"),
        ("curl/8.5.0", "curl"),
        ("", ""),
        ("<script>", ""),
    ],
)  # fmt: skip
def test_a_browser_is_named_as_people_name_it(said: str, words: str) -> None:
    assert browsers.in_words(said) == words


@given(st.integers(0, 2**60 - 1))
def test_a_quota_is_read_as_it_was_written(quota: int) -> None:
    assert users.parse_quota(users.quota_text(quota)) == quota


@pytest.mark.parametrize(
    ("text", "quota"),
    [("50 GB", 50 * 10**9), ("1,5tb", 1500 * 10**9), ("1.5 T", 1500 * 10**9), ("700", 700), ("none", None), ("", None), ("0", 0)],
)  # fmt: skip
def test_a_quota_is_written_as_people_do(text: str, quota: int | None) -> None:
    assert users.parse_quota(text) == quota


@given(st.text(max_size=40))
def test_any_text_as_a_quota_is_one_or_explained(text: str) -> None:
    try:
        quota = users.parse_quota(text)
    except BadInput:
        return
    assert quota is None or quota >= 0


# ---------------------------------------------------------------- users


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\u202eeve", "x" * 61, "ADMIN", "Zoe", "zoe "])
def test_a_name_that_cannot_be_one_is_explained(library: Library, name: str) -> None:
    with write(library.db) as db:
        users.add(db, "zoe")
    with pytest.raises(BadInput), write(library.db) as db:
        users.add(db, name)


def test_the_name_of_the_owner_to_be_never_comes_to_mean_somebody_else(library: Library, quick: None) -> None:
    with write(library.db) as db:
        code = setup.new_code(db)
    setup.finish(library.db, code, "mara", "", "correct horse battery", HOME)
    with pytest.raises(BadInput, match="set photolib up"), write(library.db) as db:
        users.add(db, "Admin")
    assert catalog.user_named(library.db, catalog.OWNER_TO_BE).name == "mara"  # as the settings of a library may say
    with pytest.raises(Refused):
        setup.finish(library.db, code, "eve", "", "correct horse battery", HOME)


def test_what_a_users_photos_take_is_counted_as_they_come_and_go(library: Library) -> None:
    def keep(db: Any, owner: int, name: str, size: int) -> int:
        return catalog.add_photo(
            db,
            owner,
            Original(name * 64, "jpg", "jpeg", "image/jpeg", size),
            "photo",
            "a.jpg",
            "2024-01-01T00:00:00.000",
        )[0]

    with write(library.db) as db:
        zoe, ben = users.add(db, "zoe", quota_bytes=10_000), users.add(db, "ben")
        one, raw = keep(db, zoe.id, "a", 1000), keep(db, zoe.id, "b", 5000)
        keep(db, zoe.id, "a", 1000)  # the same again
        keep(db, ben.id, "a", 1000)  # the same bytes count for each who keeps them
    assert users.usage(library.db, zoe.id) == users.Usage(2, 6000)
    assert users.usage(library.db, ben.id) == users.Usage(1, 1000)
    assert users.room_left(library.db, zoe) == 4000
    assert users.room_left(library.db, ben) is None
    with write(library.db) as db:
        db.conn.execute("insert into parts (photo_id, role, key) values (?, 'raw', ?)", (one, "b" * 64))
        db.conn.execute(
            "insert into parts (photo_id, role, key, byte_offset, byte_length) values (?, 'motion', ?, 1, 2)",
            (one, "a" * 64),
        )
        db.conn.execute("delete from photos where id = ?", (raw,))
    assert users.usage(library.db, zoe.id).bytes == 6000
    before = users.usages(library.db)
    with write(library.db) as db:
        db.conn.execute("update usage set bytes = 17")
        users.recount(db)
    assert users.usages(library.db) == before
    with write(library.db) as db:
        db.conn.execute("delete from parts")
        db.conn.execute("update users set quota_bytes = 500")
    assert users.usage(library.db, zoe.id).bytes == 1000
    assert users.room_left(library.db, zoe) == 0


def test_how_much_room_is_left_is_known_without_looking_at_photos(library: Library) -> None:
    plan = library.db.conn.execute(
        "explain query plan select bytes from usage where owner_id = 1 union all select sum(photos) from months where owner_id = 1"
    ).fetchall()
    assert not any("SCAN photos" in str(row) for row in plan)


def test_an_older_data_folder_knows_what_its_photos_take(tmp_path: Path) -> None:
    database = connect(tmp_path / "photolib.db")
    schema.apply(database, stop_before="m004_accounts")
    owner = catalog.ensure_owner_to_be(database).id
    for name, size in (("a", 1000), ("b", 5000)):
        database.conn.execute(
            "insert into originals (key, extension, format, media_type, size, stored_at) values (?, 'jpg', 'jpeg', 'image/jpeg', ?, '')",
            (name * 64, size),
        )
        database.conn.execute(
            """insert into photos (owner_id, key, type, status, is_listed, shown_at, month, taken_at_source, filename, added_at)
               values (?, ?, 'photo', 'ready', 1, '2024-01-01', '2024-01', 'exif', 'a.jpg', '2024-01-01')""",
            (owner, name * 64),
        )
    database.conn.execute("insert into parts (photo_id, role, key) values (1, 'raw', ?)", ("b" * 64,))
    schema.apply(database)
    assert users.usage(database, owner) == users.Usage(2, 11000)
    database.close()


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.168.1.7", "192.168.1.8", False), ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False), ("::ffff:10.0.0.1", "10.0.0.1", True), ("fe80::1%eth0", "fe80::2%wlan0", True),
        ("", "unix", False),
    ],
)  # fmt: skip
def test_a_house_counts_as_one_address(one: str, other: str, are_one: bool) -> None:
    assert (throttle.network_of(one) == throttle.network_of(other)) is are_one
