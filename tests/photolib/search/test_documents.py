"""The words photos are found by, and the names that are counted: copies that catch up with everything said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib import catalog, scopes, understood
from photolib.db import write
from photolib.library import Library
from photolib.search import documents, engine
from photolib.search.documents import Name
from photolib.search.wording import exactly, fold, forms, name_words, words
from tests.conftest import DrawPhoto, ImportFolder

from .conftest import Tell


def said(library: Library, photo_id: int) -> dict[str, set[str]]:
    documents.catch_up(library.db)
    found = documents.said_about(library.db, [photo_id]).get(photo_id, {})
    return {column: set(text.split()) for column, text in found.items()}


def test_a_photo_met_again_in_another_folder_is_found_by_that_one_too(
    library: Library, draw_photo: DrawPhoto, import_folder: ImportFolder
) -> None:
    first = draw_photo("first/a.jpg")
    import_folder(first.parent)
    (photo,) = scopes.page(library.db, 1).photos
    assert "menhir" not in said(library, photo.id)["file"]
    again = draw_photo("brittany/menhir.jpg")
    again.write_bytes(first.read_bytes())
    import_folder(again.parent)
    found = said(library, photo.id)
    assert ("menhir" in found["file"], "brittany" in found["folder"]) == (True, True)


def test_a_photo_is_found_by_everything_said_about_it(library: Library, tell: Tell) -> None:
    photo = tell(
        "IMG_2034.jpg", title="Straße am Meer", description="so nice #GoldenGate2019", tags=("Holiday",), labels=("dog",),
        people=("Zoë Šimić",), place=("IT", "Italy", "Veneto", "Venice"), albums=("Italy 2019",), make="Canon", model="EOS 5D",
        lens="EF 50mm", lines=("FRESH BREAD", "1.20 €"), looks={"kind": "document", "colours": [["blue", 0.5]]},
    )  # fmt: skip
    found = said(library, photo)
    assert {"strasse", "am", "meer"} <= found["title"]
    assert {"holiday", "goldengate2019", "golden", "gate"} <= found["tags"]
    assert {exactly("dog"), exactly("animal")} <= found["labels"]
    assert {"document", "dokument", "blue", "blau"} <= found["looks"]
    assert {"zoe", "simic"} <= found["people"]
    assert {"venice", "venedig", "veneto", "italy", "italien"} <= found["place"]
    assert {"canon", "eos", "5d"} <= found["camera"]
    assert {"fresh", "bread", "20"} <= found["text"]
    assert {"img", "2034"} <= found["file"]


def test_an_edit_changes_the_words(library: Library, tell: Tell, owner_id: int) -> None:
    photo = tell(labels=("dog",), albums=("Lake",))
    assert exactly("dog") in said(library, photo)["labels"]
    with write(library.db) as db:
        understood.correct_label(db, photo, "dog", is_there=False)
        catalog.tag(db, owner_id, photo, "boat", "person")
        db.conn.execute("update albums set title = 'Sea'")
    found = said(library, photo)
    assert exactly("dog") not in found["labels"]
    assert "boat" in found["tags"]
    assert "sea" in found["album"]
    assert "lake" not in found["album"]


def test_words_catch_up_in_short_steps_and_only_with_what_changed(library: Library, tell: Tell) -> None:
    for _ in range(5):
        tell()
    assert documents.is_behind(library.db)
    assert documents.catch_up(library.db, 3) == 3
    assert documents.catch_up(library.db) == 2
    assert not documents.is_behind(library.db)
    assert documents.catch_up(library.db) == 0


def test_names_are_counted_for_listed_photos(library: Library, tell: Tell, owner_id: int) -> None:
    first = tell(people=("Sarah",), labels=("dog",))
    tell(people=("Sarah",))
    tell(people=("Sarah",), hot={"is_archived": True})
    documents.catch_up(library.db)
    assert documents.names(library.db, owner_id, ("person",)) == [Name("person", "Sarah", 2)]
    with write(library.db) as db:
        db.conn.execute("delete from faces where photo_id = ?", (first,))
        db.conn.execute("update people set name = 'Sara'")
    documents.catch_up(library.db)
    assert documents.names(library.db, owner_id, ("person",)) == [Name("person", "Sara", 1)]


def test_a_deleted_photo_leaves_no_words_and_no_counts(library: Library, tell: Tell, owner_id: int) -> None:
    photo = tell(labels=("dog",), tags=("boat",))
    assert said(library, photo)
    with write(library.db) as db:
        for table in ("details", "photo_tags", "jobs"):
            db.conn.execute(f"delete from {table} where photo_id = ?", (photo,))
        db.conn.execute("delete from photos where id = ?", (photo,))
    assert said(library, photo) == {}
    assert documents.names(library.db, owner_id, ("label", "tag", "type", "year")) == []


def test_hidden_people_are_no_words(library: Library, tell: Tell, owner_id: int) -> None:
    photo = tell(people=("Sarah",))
    with write(library.db) as db:
        db.conn.execute("update people set is_hidden = 1")
    assert said(library, photo)["people"] == set()
    assert documents.names(library.db, owner_id, ("person",)) == []


def test_hidden_people_are_no_words_where_only_the_file_names_them(library: Library, tell: Tell, owner_id: int) -> None:
    tell(people=("Sarah",))
    photo = tell()
    with write(library.db) as db:
        db.conn.execute("update details set people = ? where photo_id = ?", ('["Sarah"]', photo))
    assert "sarah" in said(library, photo)["people"]
    for is_hidden in (1, 0):
        with write(library.db) as db:
            db.conn.execute("update people set is_hidden = ?", (is_hidden,))
        assert ("sarah" in said(library, photo)["people"]) != is_hidden


def test_what_somebody_else_calls_a_photo_is_no_word_about_it(
    library: Library, tell: Tell, stranger_id: int, owner_id: int
) -> None:
    photo = tell()
    with write(library.db) as db:
        catalog.put_in_album(db, stranger_id, photo, "Ugly pictures")
    assert said(library, photo)["album"] == set()
    assert documents.names(library.db, owner_id, ("album",)) == []


def test_rebuilding_gives_the_same(library: Library, tell: Tell, owner_id: int) -> None:
    photos = [tell(f"IMG_{number}.jpg", labels=("dog",)) for number in range(3)]
    before = [said(library, photo) for photo in photos]
    names = documents.names(library.db, owner_id, ("label", "year"))
    with write(library.db) as db:
        db.conn.execute("delete from photo_words where rowid = ?", (photos[1],))
    assert documents.rebuild(library.db) == 3
    assert [said(library, photo) for photo in photos] == before
    assert documents.names(library.db, owner_id, ("label", "year")) == names


def test_rebuilding_puts_right_what_has_gone_wrong_in_any_way(library: Library, tell: Tell, owner_id: int) -> None:
    photos = [tell(f"IMG_{number}.jpg", labels=("dog",)) for number in range(3)]
    before = [said(library, photo) for photo in photos]
    names = documents.names(library.db, owner_id, ("label", "year"))
    content = "select id, c0, c9 from photo_words_content order by id"
    written = library.db.conn.execute(content).fetchall()
    with write(library.db) as db:
        db.conn.execute("update photo_words set labels = 'cat' where rowid = ?", (photos[0],))
        db.conn.execute("insert into photo_words (rowid, labels, owner) values (999, 'dog', 'o1')")
        db.conn.execute("insert into photo_names (photo_id, names) select 999, names from photo_names limit 1")
        db.conn.execute("update owner_names set photos = photos + 5 where kind = 'label'")
        db.conn.execute("delete from owner_names where kind = 'year'")
    assert documents.rebuild(library.db) == 3
    assert [said(library, photo) for photo in photos] == before
    assert documents.names(library.db, owner_id, ("label", "year")) == names
    assert library.db.conn.execute(content).fetchall() == written
    assert len(engine.search(library, owner_id, "label:dog").items) == 3


def test_rebuilding_holds_up_nobody_and_hides_nothing_meanwhile(
    library: Library, tell: Tell, owner_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        tell(f"{number}.jpg", labels=("dog",))
    documents.catch_up(library.db)
    found: list[int] = []

    def others(_: float) -> None:
        assert not library.db.conn.in_transaction
        found.append(len(engine.search(library, owner_id, "label:dog").items))

    monkeypatch.setattr(documents, "BATCH", 2)
    monkeypatch.setattr(documents.time, "sleep", others)
    assert documents.rebuild(library.db) == 5
    assert found == [5, 5, 5]


def test_what_many_edits_leave_is_merged_away(
    library: Library, tell: Tell, owner_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MANY_WRITTEN", 30)

    def segments() -> int:
        return library.db.conn.execute("select count(distinct segid) from photo_words_idx").fetchone()[0]

    for number in range(40):
        tell(f"{number}.jpg", title=f"dog {number}")
        if number < 20:
            documents.catch_up(library.db)
            assert not documents.tidy(library.db)
    documents.catch_up(library.db)
    before = segments()
    while documents.tidy(library.db, 1):
        pass
    assert segments() < before
    assert not documents.tidy(library.db)
    assert len(engine.search(library, owner_id, "dog").items) == 40


def test_file_names_are_taken_apart() -> None:
    assert name_words("gatewayofIndia.webp") == ["gatewayof", "india", "gatewayofindia"]
    assert name_words("IMG_2034.JPG") == ["img", "2034"]
    assert name_words("PXL2023cats.jpg") == ["pxl", "2023", "cats", "pxl2023cats"]
    assert name_words(".jpg") == ["jpg"]


def test_singular_and_plural_find_each_other() -> None:
    for one, other in (
        ("dogs", "dog"),
        ("dog", "dogs"),
        ("hunde", "hund"),
        ("cities", "city"),
        ("hauser", "haus"),
        ("boxes", "box"),
    ):
        assert other in forms(one), (one, other)
    assert "munchen" in forms("muenchen")
    assert "glas" not in forms("glass")
    assert fold("Žižkov STRASSE Straße") == "zizkov strasse strasse"


@given(st.text(max_size=40))
def test_words_of_any_text_are_words(text: str) -> None:
    assert all(word and not word.isspace() and word == fold(word) for word in words(text))
