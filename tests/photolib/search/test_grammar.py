"""The search language: what each form means, and that nothing at all can break it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.search import grammar
from photolib.search.grammar import And, Choice, Near, Not, Number, Or, Phrase, Text, When, Word, parse

PIECES = st.sampled_from([
    "person:", "iso:", ":", ">", "<=", "800", "..", "near:", "5km", '"', "(", ")", "-", " ", " OR ", "|", "OR", "on:", "2019", "-06",
    "sarah", "is:", "favourite", "48.85,2.29", "f/2.8", "“", "ß", " 5 km", ",", "\x00", "\ud800", '"OR"', "bei:", "/", "\u2028",
])  # fmt: skip
QUERIES = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=300)
@given(QUERIES)
def test_any_text_is_a_query_and_reads_the_same_when_written_out(query: str) -> None:
    parsed = parse(query)
    written = str(parsed.tree)
    assert len(written) > grammar.LONGEST or parse(written).tree == parsed.tree


@settings(max_examples=100)
@given(QUERIES)
def test_every_part_says_where_it_stands(query: str) -> None:
    def look(node: grammar.Node) -> None:
        assert 0 <= node.start <= node.end <= len(query)
        if isinstance(node, Word):
            assert node.text in parse(query).query[node.start : node.end]
        for part in getattr(node, "parts", ()) or ((node.part,) if isinstance(node, Not) else ()):
            look(part)

    look(parse(query).tree)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("", And(())),
        ("beach", Word("beach")),
        ("red  beach", And((Word("red"), Word("beach")))),
        ('"red beach"', Phrase("red beach")),
        ("„red beach“", Phrase("red beach")),
        ("-dog", Not(Word("dog"))),
        ("--dog", Word("dog")),
        ("a - b", And((Word("a"), Word("b")))),
        ("a-b", Word("a-b")),
        ("cat OR dog", Or((Word("cat"), Word("dog")))),
        ("cat or dog", And((Word("cat"), Word("or"), Word("dog")))),
        ("cat OR dog beach", And((Or((Word("cat"), Word("dog"))), Word("beach")))),
        ("cat OR (dog beach)", Or((Word("cat"), And((Word("dog"), Word("beach")))))),
        ("-(cat dog)", Not(And((Word("cat"), Word("dog"))))),
        ("OR cat OR", Word("cat")),
        ("((cat)", Word("cat")),
        (") cat", Word("cat")),
        ("() -() cat", Word("cat")),
        ("person:sarah", Text("person", "sarah")),
        ('WER:"Marie Curie"', Text("person", "Marie Curie")),
        ("person: sarah", Text("person", "sarah")),
        ("http://example.org", Word("http://example.org")),
        ("is:favorite", Choice("is", "favourite")),
        ("has:GPS", Choice("has", "gps")),
        ("type:video", Choice("type", "video")),
        ("iso:800", Number("iso", 800, 800)),
        ("iso:>800", Number("iso", 800, None, low_open=True)),
        ("rating:>=4", Number("rating", 4, None)),
        ("iso:<=800", Number("iso", None, 800)),
        ("iso:100..800", Number("iso", 100, 800)),
        ("iso:800..100", Number("iso", 100, 800)),
        ("iso:100..", Number("iso", 100, None)),
        ("f:f/2.8", Number("f", 2.8, 2.8)),
        ("focal:50mm", Number("focal", 50, 50)),
        ("before:2019-06", When("before", "2019-06", "2019-06")),
        ("on:14.6.2019", When("on", "2019-06-14", "2019-06-14")),
        ("on:2018..2019-06", When("on", "2018", "2019-06")),
        ('near:"Venice" 5km', Near("Venice", None, None, 5)),
        ("near:Venice 5 km", Near("Venice", None, None, 5)),
        ("near:Venice", Near("Venice", None, None, grammar.DEFAULT_KM)),
        ("near:48.85,2.29 500m", Near("", 48.85, 2.29, 0.5)),
        ("near:-33.86,151.2 beach", And((Near("", -33.86, 151.2, grammar.DEFAULT_KM), Word("beach")))),
    ],
)
def test_a_query_means_what_it_says(query: str, tree: grammar.Node) -> None:
    parsed = parse(query)
    assert parsed.tree == tree
    assert not parsed.notes


@pytest.mark.parametrize(
    "query", ["iso:many", "on:31.2.2019", "before:2019..2020", "is:blue", "on:0000", "rating:>", "f:..", "person:"]
)
def test_what_makes_no_sense_is_read_as_words_and_said(query: str) -> None:
    parsed = parse(query)
    assert parsed.notes
    assert all(isinstance(part, Word | Phrase) for part in getattr(parsed.tree, "parts", (parsed.tree,)))


def test_a_query_has_bounds() -> None:
    assert len(parse("x" * 10_000).query) == grammar.LONGEST
    assert parse("x" * 10_000).notes
    deep = parse("(" * 200 + "a OR b" + ")" * 200)
    assert deep.notes
    many = parse("a " * 200)
    assert isinstance(many.tree, And)
    assert len(many.tree.parts) == grammar.MOST_TERMS
    assert many.notes
