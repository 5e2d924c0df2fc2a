"""index/split.py and captions.py: sentences and captions end where a reader would end them, and no word is lost."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from time import process_time

import pytest
from index_helpers import ROOT, cases

from index.captions import find_captions
from index.split import paragraphs, passages_of, sentences_of, split_sentences
from index.types import Article, Passage, Span

SEEDS = [path.read_bytes().decode() for path in sorted((ROOT / "seeds").glob("0*.txt"))]


def article(text: str) -> Article:
    captions, credits = find_captions(text)
    return Article("an.txt", "A title", text, caption_spans=captions, aside_spans=credits)


def packed(one: Article) -> list[Passage]:
    return passages_of(one, sentences_of(one))


# "¦" marks where one sentence ends and the next begins
STRONG = "We are strong and we will win the city back from them all."
LAYOUT = [
    "It fell \ud800. ¦They left.",
    "The army\nleft the\r\ncity. ¦They\rcame back\x0con Monday.",
    "The army left\r\n\r\n¦They came back",
    "The army left\n \t\n¦They came back\u2029¦And left",
    "# What now? A heading\n¦The army left.",
    "Heading\n=====\n¦The army left.",
    "Rebels:\n¦- the army left\n¦- they came back. ¦Again\n¦1. First\n¦2. Second",
    "| Hama | fell |\n¦| Homs | stands |",
    "The city – the\n– largest of\nthem – fell.",
    "A title\n¦" + "The army left the city and " * 8 + "came back.",
    f"“{' ¦'.join([STRONG] * 10)}” ¦Then they left.",  # a long quotation is split, and keeps its marks
    "¦".join(["word " * 200] * 5),  # without punctuation at white space, or hard
    "¦".join(["x" * 1000, "x" * 1000, "x" * 500]),
]


@pytest.mark.parametrize("marked", [*cases("sentences.txt"), *LAYOUT])
def test_sentences_end_where_a_reader_would_end_them(marked: str) -> None:
    text, parts = marked.replace("¦", ""), [part.strip() for part in marked.split("¦")]
    assert [text[span.start : span.end] for span in split_sentences(text)] == parts


@pytest.mark.parametrize("unit", ["x", "word ", "It fell. ", "“", "(", "'", ".", "“A b. ", "“。", "?! ", SEEDS[0]])
def test_a_line_of_250_000_characters_needs_linear_time(unit: str) -> None:
    unit = " ".join(unit.split("\n"))
    begin = process_time()
    spans = split_sentences(unit * (250_000 // len(unit)))
    assert process_time() - begin < 10  # about a second; what is quadratic needs half a minute
    assert max(span.end - span.start for span in spans) <= 1000


def assert_covered(text: str, spans: list[Span], ignored: tuple[Span, ...] = ()) -> None:
    """Each character that is not white space is in exactly one of all these; the spans are in order."""
    covered = Counter(at for span in (*spans, *ignored) for at in range(span.start, span.end))
    assert max(covered, default=-1) < len(text)
    assert all(covered[at] == 1 or (char.isspace() and not covered[at]) for at, char in enumerate(text))
    assert all(text[span.start : span.end].strip() == text[span.start : span.end] != "" for span in spans)
    assert spans == sorted(spans, key=lambda span: span.start)


def assert_in_its_place(text: str, most: int = 900) -> None:
    """Every character of the text as an article is in one paragraph, one sentence and one passage of `most` at most."""
    assert_covered(text, paragraphs(text))
    assert_covered(text, spans := split_sentences(text))
    assert max((span.end - span.start for span in spans), default=0) <= 1000
    one = article(text)
    sentences = sentences_of(one)
    assert_covered(text, [Span(s.start, s.end) for s in sentences], one.aside_spans)
    assert [(s.number, s.paragraph) for s in sentences] == list(enumerate(sorted(s.paragraph for s in sentences)))
    for sentence in sentences:
        inside = any(c.start <= sentence.start and sentence.end <= c.end for c in one.caption_spans)
        assert sentence.kind == ("caption" if inside else "prose")
    passages = passages_of(one, sentences, most)
    held = [[s for s in sentences if p.start <= s.start and s.end <= p.end] for p in passages]
    assert [s for group in held for s in group] == sentences and len({p.id for p in passages}) == len(passages)
    for passage, group in zip(passages, held, strict=True):
        assert passage.text == text[passage.start : passage.end]
        assert {s.kind for s in group} == {passage.kind}
        assert (passage.start, passage.end) == (group[0].start, group[-1].end)
        assert len(passage.text) <= most or len(group) == 1
        assert all(aside.end <= passage.start or passage.end <= aside.start for aside in one.aside_spans)


@pytest.mark.parametrize("text", [*SEEDS, "", " ", "\n\n \r\n\x0c", "\u2029"])
@pytest.mark.parametrize("most", [200, 900])
def test_every_character_of_an_article_is_in_one_paragraph_one_sentence_and_one_passage(text: str, most: int) -> None:
    assert_in_its_place(text, most)  # of any text: tests/faults/test_fuzz_text.py


def test_a_caption_is_a_passage_of_its_own_and_an_aside_in_none() -> None:
    text = "It fell. A smoky (PA) city.\n\nFire burns. It glows.\n\nThey left."
    spans = {"caption_spans": (Span(9, 27), Span(29, 50)), "aside_spans": (Span(17, 21), Span(90, 99))}
    expected = ["It fell.", "A smoky", "city.", "Fire burns. It glows.", "They left."]
    assert [each.text for each in packed(Article("an.txt", "t", text, **spans))] == expected


def test_a_passage_is_filled_ends_with_a_paragraph_where_it_can_and_leaves_no_crumb() -> None:
    said = "The army left the city and came back on Monday. "
    long = article("\n\n".join([(said * 6).strip()] * 12))
    assert all(500 <= len(p.text) <= 900 and long.text[p.end : p.end + 2] in ("\n\n", "") for p in packed(long))
    assert [len(each.text) for each in packed(article(said * 20))] == [479, 479]


def test_a_changed_article_has_new_passage_ids() -> None:
    one = Article("an.txt", "t", "It fell.")
    changes = ({}, {"id": "other.txt"}, {"title": "T"}, {"text": "It fell!"}, {"date": date(2024, 12, 5)})
    ids = [packed(replace(one, **change))[0].id for change in changes]
    assert len(set(ids)) == len(ids)
    assert ids[0] == packed(one)[0].id and re.fullmatch(r"[0-9a-f]{16}:0", ids[0])


SMOKE = ["Smoke rises over Hama."]
BBC = "Image source, Getty Images\n\nImage caption, Smoke over Hama"
WRAPPED = "It fell.\r\n\r\nSmoke over\r\nHama (Omar\r\nAlbam/AP)\r\n\r\nThey left."


@pytest.mark.parametrize(
    ("text", "captions", "credits"),
    [
        *((f"It fell.\n\n{SMOKE[0]} {credit}\n\nThey left.", SMOKE, [credit]) for credit in cases("credits.txt")),
        *((f"It fell.\n\n{prose}\n\nThey left.", [], []) for prose in cases("no_credits.txt")),  # it looks like one
        *((text, [], []) for text in ("", " date 2024-12-05 ", "The army left the city. " * 18 + "(Omar Albam/AP)")),
        (f" date 2024-12-05 {SMOKE[0]} (Omar Albam/AP)", SMOKE, ["(Omar Albam/AP)"]),
        ("Smoke over Hama Omar Albam/AFP", ["Smoke over Hama"], ["Omar Albam/AFP"]),  # a name has two words
        ("It fell.\n\n(Omar Albam/AP)\n\nPhoto: AP", [], ["(Omar Albam/AP)", "Photo: AP"]),  # all credit
        (BBC, ["Smoke over Hama"], ["Image source, Getty Images", "Image caption,"]),
        (WRAPPED, ["Smoke over\r\nHama"], ["(Omar\r\nAlbam/AP)"]),
    ],
)
def test_a_caption_is_what_stands_before_its_credit(text: str, captions: list[str], credits: list[str]) -> None:
    found = [[text[span.start : span.end] for span in spans] for spans in find_captions(text)]
    assert found == [captions, credits]
