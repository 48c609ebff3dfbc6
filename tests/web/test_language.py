"""Every sentence can be said in every language there is a catalogue for, and pages speak the language that is asked for."""

import re
import shutil
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from photolib.errors import BadInput
from photolib.said import Said
from web import language, words
from web.language import FOLDER, explained, gettext, ngettext, retold

from .test_guard import ROUTES, paths_of

ROOT = Path(__file__).resolve().parents[2]
CODES = [file.stem for file in sorted(FOLDER.glob("*.po"))]


# ---------------------------------------------------------------- catalogues


@dataclass(frozen=True)
class Sentence:
    """What the code says, at one place: one text, or two where a number is in it."""

    where: str
    forms: tuple[str, ...]


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    """What `make words` finds in the code."""
    settings = ConfigParser()
    settings.read(FOLDER / "babel.cfg")
    methods = [tuple(reversed(section.split(": "))) for section in settings.sections()]
    options = {section.split(": ")[1]: dict(settings[section]) for section in settings.sections()}
    methods.sort(key=lambda each: each[1] != "ignore")
    makefile = (ROOT / "Makefile").read_text()
    problems = re.search(r"^ERRORS := \$\(addprefix -k ,(.*)\)$", makefile, re.MULTILINE)
    assert problems is not None
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(["N_", "plural:1,2", *problems[1].split()])}
    found = []
    for folder in ("web", "photolib", "models"):
        inside = [(path.removeprefix(f"{folder}/"), kind) for path, kind in methods if path.startswith(f"{folder}/")]
        given = {path.removeprefix(f"{folder}/"): each for path, each in options.items()}
        for file, line, forms, *_ in extract_from_dir(ROOT / folder, inside, given, keywords):
            found.append(Sentence(f"{folder}/{file}:{line}", forms if isinstance(forms, tuple) else (forms,)))
    assert len({each.forms for each in found}) > 1000
    return found


def messages(code: str) -> list[Message]:
    with (FOLDER / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    assert not catalogue.obsolete
    assert catalogue.locale is not None
    return [message for message in catalogue if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_of_the_code_is_translated(code: str, sentences: list[Sentence]) -> None:
    known = {forms(message.id)[0]: message for message in messages(code)}
    said = {each.forms[0]: each.where for each in sentences}
    assert {text: where for text, where in said.items() if text not in known} == {}, (
        "`make words` adds them to the file"
    )
    assert set(known) - set(said) == set(), "`make words` takes away what nobody says any more"
    for message in known.values():
        assert all(forms(message.string)), message.id
        assert not message.fuzzy, message.id
        assert len(forms(message.string)) == len(forms(message.id))


def test_a_sentence_with_a_number_is_followed_by_one_plural_everywhere(sentences: list[Sentence]) -> None:
    plurals: dict[str, str] = {}
    for each in sentences:
        if len(each.forms) == 2:
            assert plurals.setdefault(each.forms[0], each.forms[1]) == each.forms[1], each


@pytest.mark.parametrize("code", CODES)
def test_a_translation_has_the_same_values_in_it(code: str) -> None:
    for message in messages(code):
        for english, own in zip(forms(message.id), forms(message.string), strict=True):
            assert values(own) == values(english), message.id
            assert english.startswith(" ") == own.startswith(" ")
            assert english.endswith(" ") == own.endswith(" ")


def values(text: str) -> list[str]:
    return sorted(set(re.findall(r"%\(\w+\)s|%%|\{\w+\}", text)))


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_says_what_it_is_and_where_its_sentences_are_but_no_lines(code: str) -> None:
    text = (FOLDER / f"{code}.po").read_text(encoding="utf-8")
    assert f'"Language: {code}\\n"' in text
    assert '"Plural-Forms: nplurals=' in text
    assert not re.search(r"^#:.*:\d+", text, re.MULTILINE)
    assert "\n#~" not in text


def test_a_sentence_that_is_said_with_a_number_and_without_is_found_both_ways(app: Flask) -> None:
    with speaking(app, "de"):
        assert gettext("album") == "Album"
        assert ngettext("album", "albums", 2) == "Alben"


# ---------------------------------------------------------------- saying


def speaking(app: Flask, code: str):
    return app.test_request_context(headers={"Accept-Language": code})


def test_numbers_and_days_are_written_as_in_german(app: Flask) -> None:
    with speaking(app, "de-AT,de;q=0.9,en;q=0.5"):
        assert words.count(1200, "photo") == "1.200 Fotos"
        assert words.count(1, "photo") == "1 Foto"
        assert words.size(1_234_000_000) == "1,2 GB"
        assert words.long_day("2025-06-14T12:00:00") == "Samstag, 14. Juni 2025"
        assert words.day("2019-06-14T12:00:00") == "Fr., 14. Juni 2019"
        now = date(date.today().year, 6, 14)
        weekday = ("Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So.")[now.weekday()]
        assert words.day(f"{now.isoformat()}T12:00:00") == f"{weekday}, 14. Juni"
        assert words.month("2025-06") == "Juni 2025"
        assert words.time_left(120) == "noch etwa 2 Minuten"


def test_countries_are_called_as_the_reader_calls_them(app: Flask) -> None:
    with speaking(app, "de"):
        assert words.country("France", "FR") == "Frankreich"
        assert words.country("Nowhere", None) == "Nowhere"
    with speaking(app, "en"):
        assert words.country("Czechia", "CZ") == "Czechia"


def test_a_date_understood_in_a_search_is_shown_in_german(gallery) -> None:
    answer = gallery.client.get("/search?q=summer+2019", headers={"Accept-Language": "de"})
    assert 'aria-label="Sommer 2019: ohne das suchen"' in answer.text


def test_a_problem_is_told_in_german_with_its_numbers(app: Flask) -> None:
    with speaking(app, "de"):
        assert explained(BadInput("There are %(most)s albums already; delete one first.", most=5000)) == (
            "Es gibt schon 5.000 Alben; lösche erst eines."
        )
        inner = Said("switched off; the setting read_text = true turns it on")
        assert explained(BadInput("This needs a model: %(why)s.", why=inner)) == (
            "Das braucht ein Modell: ausgeschaltet; die Einstellung read_text = true schaltet es ein."
        )
    with speaking(app, "en"):
        assert explained(BadInput("There are %(most)s albums already; delete one first.", most=5000)) == (
            "There are 5,000 albums already; delete one first."
        )


def test_what_was_kept_in_english_is_retold_in_german(app: Flask) -> None:
    kept = {
        "It is a text file.": "Das ist eine Textdatei.",
        "It is named like a photo or video but is a file of zeros.": "Sie heißt wie ein Foto oder Video, ist aber eine Datei aus Nullen.",
        "The file ends too early: the lower 94 % of the picture is missing.": (
            "Die Datei endet zu früh: die unteren 94 % des Bildes fehlen."
        ),
        "Something that nobody has translated: 100 %": "Something that nobody has translated: 100 %",
        "": "",
    }
    with speaking(app, "de"):
        assert {text: retold(text) for text in kept} == kept
        assert retold(None) == ""
        assert retold(Said("%(free)s MB are free.", free=65782)) == "65.782 MB sind frei."
    with speaking(app, "en"):
        assert {text: retold(text) for text in kept} == {text: text for text in kept}


# ---------------------------------------------------------------- pages

# Words that are in no German text, and in nearly every English one.
ENGLISH = {
    "the", "and", "of", "to", "your", "you", "this", "that", "with", "photos", "people", "places", "albums", "search", "add", "save",
    "delete", "cancel", "close", "more", "move", "trash", "favourites", "settings", "sign", "out", "yes", "from", "not", "is", "are",
    "be", "for", "by", "it", "has", "have", "no", "none", "where", "when", "what", "which", "new", "back", "choose", "show", "tags",
    "folder", "folders", "date", "time", "keep", "remove", "make", "videos.",
}  # fmt: skip


UNSEEN = {"script", "style", "code", "kbd", "pre"}
ALONE = {
    "input",
    "img",
    "link",
    "meta",
    "br",
    "use",
    "path",
    "wbr",
    "hr",
    "source",
    "circle",
    "rect",
    "line",
    "polyline",
}


class Told(HTMLParser):
    """What a page says to a person, by eye and by ear; nothing that is code, a key, an address or in another language."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.language = ""
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.language = given["lang"] if tag == "html" else self.language
        is_unseen = tag in UNSEEN or (tag != "html" and "lang" in given)
        if not is_unseen:
            self.said += [given[name] for name in ("aria-label", "title", "placeholder", "alt") if given.get(name)]
        if tag not in ALONE:
            self._open.append((tag, is_unseen))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(is_unseen for _, is_unseen in self._open):
            self.said.append(" ".join(data.split()))


def pages() -> list[str]:
    return [
        name
        for name, what in ROUTES.items()
        if what in ("a list of photos", "one photo", "one user", "for an admin", "a door")
    ]


@pytest.mark.parametrize("endpoint", pages())
def test_no_page_in_german_says_anything_in_english(gallery, endpoint: str) -> None:
    for path in paths_of(gallery.app, endpoint, gallery.photo["photo_id"], gallery.photo["key"]):
        answer = gallery.client.get(path, headers={"Accept-Language": "de"})
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        told = Told()
        told.feed(answer.text)
        assert told.language in ("de", ""), path  # a part of a page does not say
        said = [re.sub(r"\S*/\S*|\S+:\S+", "", each).lower() for each in told.said]  # without folders and searches
        told_in_english = [each for each in said if ENGLISH & set(re.findall(r"[a-z]+", each))]
        assert told_in_english == [], path


def test_a_page_that_is_not_there_says_so_in_german(gallery) -> None:
    answer = gallery.client.get("/nowhere", headers={"Accept-Language": "de"})
    assert answer.status_code == 404
    assert "Hier ist nichts. Vielleicht wurde die Adresse abgeschnitten." in answer.text


def test_scripts_get_the_sentences_they_say_and_may_keep_them(gallery) -> None:
    page = gallery.client.get("/", headers={"Accept-Language": "de"})
    found = re.search(r'<html lang="de" data-words="(/words/de-[0-9a-f]+\.js)"', page.text)
    assert found is not None
    answer = gallery.client.get(found[1])
    assert answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]
    assert '"Undo": "Rückgängig"' in answer.text
    assert '"{n} photo": ["{n} Foto", "{n} Fotos"]' in answer.text
    assert "Zugangsschlüssel" not in answer.text  # what only pages say
    assert gallery.client.get("/words/xx-1.js").status_code == 404


def test_the_language_that_was_chosen_wins_over_the_browsers(client: FlaskClient) -> None:
    def speaks(asked_for: str) -> str:
        told = Told()
        told.feed(client.get("/collections", headers={"Accept-Language": asked_for}).text)
        return told.language

    assert (speaks("de-CH"), speaks("fr, de;q=0.5"), speaks("fr"), speaks("en-GB, de;q=0.9")) == (
        "de",
        "de",
        "en",
        "en",
    )
    assert client.post("/account/profile", data={"language": "de"}).status_code == 303
    assert speaks("en") == "de"
    client.post("/account/profile", data={"language": "en"})
    assert speaks("de") == "en"
    client.post("/account/profile", data={"language": ""})
    assert speaks("de") == "de"
    assert client.post("/account/profile", data={"language": "tlh"}).status_code == 400


# ---------------------------------------------------------------- another language

POLISH = """
msgid ""
msgstr ""
"Language: pl\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

#: web/templates/base.html
msgid "Collections"
msgstr "Kolekcje"

#: web/words.py
msgid "%(num)s photo"
msgid_plural "%(num)s photos"
msgstr[0] "%(num)s zdjęcie"
msgstr[1] "%(num)s zdjęcia"
msgstr[2] "%(num)s zdjęć"

#: web/static/toast.js
msgid "Undo"
msgstr "Cofnij"
"""


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of catalogues to add to, with those there are."""
    folder = tmp_path / "languages"
    shutil.copytree(FOLDER, folder)
    monkeypatch.setattr(language, "FOLDER", folder)
    language.languages.cache_clear()
    yield folder
    language.languages.cache_clear()


def test_a_file_of_another_language_is_all_it_takes(catalogues: Path, client: FlaskClient, app: Flask) -> None:
    (catalogues / "pl.po").write_text(POLISH, encoding="utf-8")
    page = client.get("/collections", headers={"Accept-Language": "pl"}).text
    assert '<html lang="pl"' in page
    assert "Kolekcje" in page
    assert "Favourites" in page  # what it does not say is said in English
    assert '<option value="pl" lang="pl">Polski</option>' in client.get("/account").text
    with speaking(app, "pl"):
        assert [words.count(n, "photo") for n in (1, 3, 5, 22)] == ["1 zdjęcie", "3 zdjęcia", "5 zdjęć", "22 zdjęcia"]
    script = client.get(language.languages()["pl"] and f"/words/pl-{language.languages()['pl'].version}.js").text
    assert '"Undo": "Cofnij"' in script
    assert "n%100" in script.replace(" ", "")


def test_a_rule_for_plurals_that_would_be_a_script_is_refused(catalogues: Path) -> None:
    (catalogues / "pl.po").write_text(POLISH.replace("plural=(n==1", "plural=(alert(1)==1"), encoding="utf-8")
    with pytest.raises(ValueError):
        language.languages()


def test_an_empty_file_is_a_language_to_begin_with(catalogues: Path, client: FlaskClient) -> None:
    (catalogues / "fr.po").write_text("", encoding="utf-8")
    page = client.get("/collections", headers={"Accept-Language": "fr"}).text
    assert '<html lang="fr"' in page
    assert "Favourites" in page
