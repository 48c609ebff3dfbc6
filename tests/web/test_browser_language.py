"""Pages in German in a browser: what script says, and words that are longer than the English ones."""

from urllib.parse import urljoin

import pytest

PAGES = [
    "/",
    "/collections",
    "/search",
    "/people",
    "/places",
    "/albums",
    "/trash",
    "/tags",
    "/add",
    "/account",
    "/admin",
    "/admin/users",
]

# What reaches over the right edge, and buttons and headings whose words are cut off. A pixel wide is what only ears are told.
TOO_WIDE = """() => {
  const isCut = (each) => getComputedStyle(each).overflowX === "hidden" && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1
  const shown = [...document.querySelectorAll("button, .button, h1, h2, .tabs a, label")].filter((each) => each.checkVisibility())
  const isWide = document.documentElement.scrollWidth > innerWidth
  return [...(isWide ? ["the page"] : []), ...shown.filter(isCut).map((each) => each.textContent.trim())]
}"""

SAID = """async () => {
  const script = document.querySelector("script[type=module][src*='/static/']").src
  const { _, plural } = await import(new URL("words.js", script).href)
  return [_("Undo"), _("album"), plural("{n} photo", "{n} photos", 1), plural("{n} photo", "{n} photos", 12345)]
}"""


def test_no_page_is_too_wide_for_german_on_a_phone(open_page) -> None:
    page = open_page("/collections", "phone", locale="de-DE")
    for path in PAGES:
        page.goto(urljoin(page.url, path))
        assert page.evaluate("document.documentElement.lang") == "de"
        assert page.evaluate(TOO_WIDE) == [], path


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de-DE", ["Rückgängig", "Album", "1 Foto", "12.345 Fotos"]),
        ("en-GB", ["Undo", "album", "1 photo", "12,345 photos"]),
    ],
)
def test_script_says_it_in_the_language_of_the_page(open_page, locale: str, said: list[str]) -> None:
    assert open_page("/collections", locale=locale).evaluate(SAID) == said
