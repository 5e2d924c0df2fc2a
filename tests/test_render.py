"""What a reader sees is HTML of ours, and every word in it is text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup

from index.types import Article, Hit, Passage, Span
from rag.types import AnswerSentence
from web.conversations import Conversation, Turn
from web.render import carriers_html, empty_html, listed_html, live_html, pane_html, turn_html

EVIL = "<script>alert(1)</script> <img src=x onerror=alert(2)> **bold** [x](javascript:alert(3)) \" ' & ${1} {{2}} `"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def citation(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "number": number, "article": "a.txt", "title": "Title", "date": "2024-12-05", "page": None,
        "quote": f"quote {number}", "start": number * 10, "end": number * 10 + 7, "carriers": ["a.txt"],
    } | changed  # fmt: skip


def answer(text: str = "He heads it [1].", *citations: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "text": text, "abstained": False, "citations": list(citations or [citation(1)]), "withheld": [], "notes": [],
        "sentences": [{"text": "He heads it.", "citations": [1], "support": 0.9}], "hits": [],
        "model": "m", "engine": "embedded", "timings": {"total": 1500.0},
    } | changed  # fmt: skip


def shown(told: dict[str, Any] | None, question: str = "Who?", **changed: Any) -> BeautifulSoup:
    turn = {"trouble": None, "draft": ""} | changed
    return BeautifulSoup(turn_html(Turn(7, question, NOW, {}, told, **turn)), "html.parser")


def hit(text: str) -> Hit:
    return Hit(Passage("p", "a.txt", EVIL, date(2024, 12, 5), text, 0, len(text)), 0.1, 1, 0.5)


def no_markup_of(words: str, html: str) -> None:
    page = BeautifulSoup(html, "html.parser")
    assert not page.find_all(["script", "img", "b", "strong"])
    assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    assert words in page.get_text() or words in str([tag.attrs for tag in page.find_all(True)])


def test_each_number_of_a_citation_becomes_a_chip() -> None:
    page = shown(answer("He heads it [1]. She left [2].", citation(1), citation(2)))
    assert [chip.get_text() for chip in page.select(".chip")] == ["1", "2"]
    assert [chip["data-pane"] for chip in page.select(".chip")] == ["turn=7&number=1", "turn=7&number=2"]
    assert all(page.find(id=chip["aria-describedby"]) for chip in page.select(".chip"))


def test_a_number_in_brackets_that_no_citation_has_stays_text() -> None:
    page = shown(answer("It says “all [9] of them” [1]."))
    assert len(page.select(".chip")) == 1
    assert "“all [9] of them”" in page.get_text()


def test_copies_are_one_origin() -> None:
    page = shown(answer("He heads it [1].", citation(1, carriers=["a.txt", "b.txt"])))
    assert page.select_one(".quotes .origin").get_text() == "2 articles, one origin"


def test_a_refusal_looks_like_one_and_shows_related_passages() -> None:
    page = shown(
        answer("The articles do not answer this question.", abstained=True, citations=[], hits=[hit("Near.").to_dict()])
    )
    assert page.select_one(".refusal h3").get_text() == "Not in the articles"
    assert page.select_one(".related blockquote").get_text() == "Near."
    assert page.select_one(".related .way")["data-pane"] == "turn=7&hit=0"


def test_a_passage_is_shown_from_the_sentence_with_the_words_and_these_are_marked() -> None:
    text = f"{'The winter was long. ' * 30}Then <b>Velle</b> opened its harbour."
    at = text.index("Velle")
    near = replace(hit(text), marks=(Span(at, at + 5),))
    told = answer("The articles do not answer this question.", abstained=True, citations=[], hits=[near.to_dict()])
    for page in (shown(told), BeautifulSoup(live_html("?", [near], "Reading", [], ""), "html.parser")):
        quote = page.select_one(".found blockquote")
        assert quote.get_text() == "… Then <b>Velle</b> opened its harbour."
        assert [mark.get_text() for mark in quote.select("mark")] == ["Velle"]


def test_articles_that_differ_stand_side_by_side() -> None:
    told = answer(
        "50 [1].\n\n60 [2].", citation(1), citation(2, date="2024-12-06"),
        sentences=[{"text": "50.", "citations": [1]}, {"text": "60.", "citations": [2]}],
        notes=["the articles differ: 2 answers, each with its own source"],
    )  # fmt: skip
    cards = shown(told).select(".sides li")
    assert ["5 December 2024" in cards[0].get_text(), "6 December 2024" in cards[1].get_text()] == [True, True]


@pytest.mark.parametrize(
    ("title", "quote", "about"),
    [
        ("Harbour of Velle closed", "The harbour is closed.", "5 December 2024 · Harbour of Velle closed · a.txt"),
        ("The harbour of Velle is…", "The harbour of Velle is closed, its master said.", "5 December 2024 · a.txt"),
        ("The harbour is closed.", "The harbour\nis closed.", "5 December 2024 · a.txt"),
    ],
)
def test_a_source_is_told_by_its_day_in_words_and_a_title_that_is_no_more_than_the_quotes_beginning_is_not(
    title: str, quote: str, about: str
) -> None:
    page = shown(answer("It is closed [1].", citation(1, title=title, quote=quote)))
    assert page.select_one(".quotes .about").get_text() == about
    near = hit(quote).to_dict()
    near["passage"]["title"] = title
    page = shown(answer("No.", abstained=True, citations=[], hits=[near]))
    assert page.select_one(".found .about").get_text() == about.removesuffix(" · a.txt")


def test_what_was_withheld_is_there_with_its_reason() -> None:
    page = shown(answer(withheld=[{"text": "Homs fell.", "reason": "no article says it", "support": None}]))
    assert page.select_one("details.held summary").get_text() == "1 sentence withheld"
    assert page.select_one("details.held s").get_text() == "Homs fell."


def test_a_turn_without_an_answer_shows_why_and_the_unchecked_draft() -> None:
    page = shown(None, trouble="Ollama went away.", draft="Rami Abd")
    assert page.select_one("[role=alert]").get_text() == "Ollama went away."
    assert page.select_one(".draft").get_text() == "Rami Abd …"


def test_markup_in_questions_answers_and_quotes_is_text() -> None:
    told = answer(f"{EVIL} [1]", citation(1, quote=EVIL, title=EVIL, article=EVIL, carriers=[EVIL, "b"]), notes=[EVIL])
    told["withheld"] = [{"text": EVIL, "reason": EVIL, "support": None}]
    no_markup_of(EVIL, turn_html(Turn(7, EVIL, NOW, {}, told, None, "")))
    no_markup_of(
        EVIL, turn_html(Turn(7, EVIL, NOW, {}, answer(EVIL, abstained=True, hits=[hit(EVIL).to_dict()]), None, ""))
    )
    no_markup_of(EVIL, turn_html(Turn(7, EVIL, NOW, {}, None, EVIL, EVIL)))


def test_markup_while_answering_in_lists_and_in_articles_is_text() -> None:
    no_markup_of(EVIL, live_html(EVIL, [hit(EVIL)], EVIL, [], EVIL))
    no_markup_of(EVIL, live_html("?", [], "", [(AnswerSentence(EVIL, (1,), 1.0), ""), (None, EVIL)], ""))
    no_markup_of(EVIL, listed_html([Conversation("x", EVIL, NOW)], "x"))
    no_markup_of(EVIL, empty_html(2, date(2024, 12, 5), date(2024, 12, 6), [EVIL]))
    article = Article("a.txt", EVIL, EVIL, source=EVIL, author=EVIL, url=f"https://example.org/{EVIL}")
    no_markup_of(EVIL, pane_html(article, Span(3, 9), [Span(20, 30)], carriers_html(7, 1, ["a.txt", EVIL], "a.txt")))
    written = pane_html(Article("a.txt", "T", "It rains.", author="Ada Brook"), None, [], "")
    assert "no date · Ada Brook · a.txt" in written


def test_the_mark_holds_exactly_the_quotes_characters() -> None:
    text = "One é😀 two.\n\nThree <four> & five."
    page = BeautifulSoup(pane_html(Article("a", "T", text), Span(4, 11), [Span(0, 3), Span(14, 20)], ""), "html.parser")
    assert page.select_one("mark#here").get_text() == text[4:11]
    assert [mark.get_text() for mark in page.select("mark.other")] == [text[0:3], text[14:20]]
    assert page.select_one(".text").get_text() == text


def test_where_marks_overlap_the_opened_one_wins() -> None:
    page = BeautifulSoup(
        pane_html(Article("a", "T", "0123456789"), Span(2, 6), [Span(4, 8), Span(7, 9)], ""), "html.parser"
    )
    assert [mark.get_text() for mark in page.select("mark")] == ["2345", "78"]


def test_only_web_addresses_become_links() -> None:
    page = pane_html(Article("a", "T", "x", url="javascript:alert(1)"), None, [], "")
    assert "href" not in page


def test_checked_sentences_are_solid_and_the_draft_is_grey() -> None:
    drafting = BeautifulSoup(live_html("?", [hit("Near.")], "Writing", [], "He heads"), "html.parser")
    assert drafting.select_one(".draft").get_text() == "He heads"
    assert drafting.select_one(".found blockquote").get_text() == "Near."
    checked = [(AnswerSentence("He heads it.", (1,), 0.9), ""), (None, "no article says it")]
    done = BeautifulSoup(live_html("?", [], "Checking", checked, "It rained."), "html.parser")
    assert done.select_one(".kept").get_text() == "He heads it. "
    assert done.select_one(".held").get_text() == "withheld: no article says it"
    assert done.select_one(".draft").get_text() == "It rained."
