"""Which language a page speaks, and the catalogues its sentences are translated by.

The English text is the name of each sentence. A language is one file, web/languages/<code>.po, read when the app starts: whoever adds
one needs no tool but an editor. `make words` collects the sentences of templates, Python and JavaScript into the files.
"""

import hashlib
import io
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask, Response, abort, g, has_app_context, has_request_context, request
from markupsafe import Markup

from photolib.errors import PhotolibError
from photolib.said import Said
from web.guard import FOR_EVER

ENGLISH = "en"
FOLDER = Path(__file__).with_name("languages")
FEWEST_LETTERS = 4  # of a sentence beside its values, for it to be known again by them


@dataclass(frozen=True)
class Language:
    """A language the pages can speak. script: its sentences for the browser, as a module; version: changes with them.

    patterns: what the English sentences with values in them look like, and their translations; those that say the most come first.
    """

    code: str
    name: str
    translations: Translations
    script: str
    version: str
    patterns: list[tuple[re.Pattern[str], str]]


@cache
def languages() -> dict[str, Language]:
    """English, and every language there is a catalogue for, by code."""
    found = {ENGLISH: _language(ENGLISH, Catalog(locale=ENGLISH))}
    for file in sorted(FOLDER.glob("*.po")):
        with file.open("rb") as source:
            found[file.stem] = _language(file.stem, read_po(source, locale=file.stem))
    return found


def _language(code: str, catalogue: Catalog) -> Language:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    script = _script(catalogue)
    name = Locale.parse(code).get_display_name(code) or code
    version = hashlib.sha256(script.encode()).hexdigest()[:12]
    return Language(code, name.capitalize(), Translations(compiled), script, version, _patterns(catalogue))


def _patterns(catalogue: Catalog) -> list[tuple[re.Pattern[str], str]]:
    found = []
    for message in catalogue:
        is_kept = any(where.startswith(("photolib/", "models/")) for where, _ in message.locations)
        if not (is_kept and isinstance(message.id, str) and message.string):
            continue
        pieces = re.split(r"%\((\w+)\)s", message.id.replace("%%", "%"))
        said, names = pieces[::2], pieces[1::2]
        if not names or len("".join(said)) < FEWEST_LETTERS:
            continue
        pattern, seen = re.escape(said[0]), set[str]()
        for name, rest in zip(names, said[1:], strict=True):
            pattern += (f"(?P={name})" if name in seen else f"(?P<{name}>.+?)") + re.escape(rest)
            seen.add(name)
        found.append((len("".join(said)), re.compile(pattern, re.DOTALL), str(message.string)))
    return [(pattern, string) for _, pattern, string in sorted(found, key=lambda each: -each[0])]


def _script(catalogue: Catalog) -> str:
    """The sentences that JavaScript says, as a module, with the language's own rule for plurals."""
    said = {}
    for message in catalogue:
        if message.id and message.string and any(str(where).endswith(".js") for where, _ in message.locations):
            is_plural = isinstance(message.id, tuple)
            said[message.id[0] if is_plural else message.id] = list(message.string) if is_plural else message.string
    rule = catalogue.plural_expr
    if not re.fullmatch(r"[n\d\s()?:!=<>&|%+*-]+", rule):
        raise ValueError(f"the rule for plurals of {catalogue.locale} is none: {rule}")
    return f"export default {json.dumps(said, ensure_ascii=False)}\nexport const form = (n) => Number({rule})\n"


def current() -> Language:
    """The language of the answer to this request: what the person chose, else what their browser asks for."""
    known = languages()
    if not has_app_context() or not (has_request_context() or "language" in g):
        return known[ENGLISH]
    if "language" not in g:
        chosen = getattr(g.get("user"), "language", None)
        asked = (tag.split("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
        g.language = known.get(chosen or "") or next((known[each] for each in asked if each in known), known[ENGLISH])
    return g.language


def locale() -> Locale:
    """How this request's language writes numbers and names days."""
    return Locale.parse(current().code)


def gettext(sentence: str, **values: Any) -> str:
    """A sentence in the language of the request, with its %(values)s."""
    said = current().translations.ugettext(sentence)
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """The sentence that fits the number, which is its %(num)s, written as the language writes numbers."""
    said = current().translations.ungettext(one, many, num)
    return said % {"num": number(num), **values}


def explained(problem: PhotolibError) -> str:
    """What a problem says, in the language of the request as far as it knows the sentence."""
    if not problem.values:
        return retold(problem.sentence)
    return gettext(problem.sentence, **{name: said(value) for name, value in problem.values.items()})


def said(sentence: Any) -> Any:
    """A Said in the language of the request, numbers as it writes them; anything else as it is."""
    if isinstance(sentence, int) and not isinstance(sentence, bool):
        return number(sentence)
    if not isinstance(sentence, Said):
        return sentence
    return gettext(sentence.sentence, **{name: said(value) for name, value in sentence.values.items()})


def retold(text: str | None) -> str:
    """A sentence that was kept in English with its values put in, such as why a photo could not be read, in the request's language."""
    if not text or current().code == ENGLISH:
        return text or ""
    if isinstance(text, Said):
        return str(said(text))
    found = current().translations.ugettext(text)
    if found != text:
        return found
    for pattern, sentence in current().patterns:
        if match := pattern.fullmatch(text):
            return sentence % {name: retold(value) for name, value in match.groupdict().items()}
    return text


def N_(sentence: str) -> str:
    """Marks a sentence that is translated later, where it is said."""
    return sentence


def number(value: float) -> str:
    """1,200 or 1.200"""
    return format_decimal(value, locale=locale())


_ = gettext


def register(app: Flask) -> None:
    app.add_url_rule("/words/<code>-<version>.js", "words", _words)
    app.jinja_env.globals.update(_=_for_pages, ngettext=_plural_for_pages, language=current)


def _for_pages(sentence: str, **values: Any) -> Markup:
    return Markup(gettext(sentence)) % values if values else Markup(gettext(sentence))


def _plural_for_pages(one: str, many: str, num: int, **values: Any) -> Markup:
    said = current().translations.ungettext(one, many, num)
    return Markup(said) % {"num": number(num), **values}


def _words(code: str, version: str) -> Response:
    """What JavaScript says in a language. The version in the address is that of the sentences, so they may be kept."""
    language = languages().get(code) or abort(404)
    response = Response(language.script, mimetype="text/javascript")
    if version == language.version:
        response.headers["Cache-Control"] = FOR_EVER
    return response
