"""What a reader sees is HTML of ours, and every word in it is text."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import eval_helpers
import pytest
from bs4 import BeautifulSoup

from index.types import Article, Hit, Listed, Passage, Span, SyncReport
from rag.export import Source, exported
from rag.types import AnswerSentence, Citation, Withheld
from web.conversations import Conversation, Turn
from web.corpus import report_html, table_html
from web.render import carriers_html, empty_html, listed_html, live_html, pane_html, read_html, turn_html

EVIL = "<script>alert(1)</script> <img src=x onerror=alert(2)> **bold** [x](javascript:alert(3)) \" ' & ${1} {{2}} `"
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def citation(number: int = 1, **changed: Any) -> Citation:
    known = eval_helpers.citation(number, "a.txt", 10 * number, 10 * number + 7, f"quote {number}")
    return replace(known, **{"title": "Title", "date": date(2024, 12, 5)} | changed)


def answer(text: str = "He heads it [1].", *citations: Citation, **changed: Any) -> dict[str, Any]:
    return eval_helpers.answer(text, citations=citations or (citation(),), **changed).to_dict()


def refusal(*hits: Hit) -> dict[str, Any]:
    return eval_helpers.answer("The articles do not say.", abstained=True, hits=hits).to_dict()


def turn_of(told: dict[str, Any] | None, question: str = "Who?", trouble: str | None = None, draft: str = "") -> Turn:
    return Turn(7, question, NOW, {}, told, trouble, draft)


def hit(text: str, title: str = "Title") -> Hit:
    return Hit(Passage("p", "a.txt", title, date(2024, 12, 5), text, 0, len(text)), 0.1, 1, 0.5)


def parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def shown(told: dict[str, Any] | None, **changed: Any) -> BeautifulSoup:
    return parsed(turn_html(turn_of(told, **changed)))


def texts(page: BeautifulSoup, selector: str) -> list[str]:
    return [found.get_text() for found in page.select(selector)]


def test_markup_stays_text_wherever_it_stands() -> None:
    copied, held = citation(quote=EVIL, title=EVIL, article=EVIL, carriers=(EVIL, "b")), Withheld(EVIL, EVIL)
    told = answer(f"{EVIL} [1]", copied, notes=(EVIL,), withheld=(held,))
    article = Article("a.txt", EVIL, EVIL, source=EVIL, author=EVIL, url=f"https://example.org/{EVIL}")
    for html in (
        turn_html(turn_of(told, EVIL)),
        turn_html(turn_of(refusal(hit(EVIL, EVIL)), EVIL)),
        turn_html(turn_of(None, EVIL, EVIL, EVIL)),
        live_html(EVIL, [hit(EVIL, EVIL)], EVIL, [], EVIL),
        live_html("?", [], "", [(AnswerSentence(EVIL, (1,), 1.0), ""), (None, EVIL)], ""),
        listed_html([Conversation("x", EVIL, NOW)], "x"),
        empty_html(2, date(2024, 12, 5), date(2024, 12, 6), read_html(NOW, NOW), [EVIL]),
        pane_html(article, Span(3, 9), [Span(20, 30)], carriers_html(7, 1, ["a.txt", EVIL], "a.txt")),
        table_html([Listed(EVIL, EVIL, None, EVIL, 1, "uploads/x")]),
        report_html(SyncReport(skipped=[(EVIL, EVIL)])),
    ):
        page = parsed(html)
        assert not page.find_all(["script", "img", "b", "strong"])
        assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
        assert EVIL in page.get_text() or EVIL in str([tag.attrs for tag in page.find_all(True)])
    turns = [turn_of(told, EVIL).told()]
    markdown = exported("md", EVIL, turns, lambda id: Source(EVIL, EVIL, None)).decode()
    html = exported("html", EVIL, turns, lambda id: Source(EVIL, EVIL, None)).decode()
    assert not parsed(html).find_all(["script", "img", "b", "strong"])
    assert "\\<script\\>" in markdown and "**bold**" not in markdown
    assert "href" not in pane_html(Article("a", "T", "x", url="javascript:alert(1)"), None, [], "")


def test_the_number_of_each_citation_and_no_other_is_a_chip_that_its_quote_describes() -> None:
    page = shown(answer("He heads “all [9] of them” [1]. She left [2].", citation(1), citation(2)))
    assert texts(page, ".chip") == ["1", "2"]
    assert [chip["data-pane"] for chip in page.select(".chip")] == ["turn=7&number=1", "turn=7&number=2"]
    assert all(page.find(id=chip["aria-describedby"]) for chip in page.select(".chip"))
    assert "“all [9] of them”" in page.get_text()


def test_what_stands_beside_an_answer_a_refusal_and_what_is_not_one_yet() -> None:
    copied, held = citation(carriers=("a.txt", "b.txt")), Withheld("Homs fell.", "no article says it")
    page = shown(answer("He heads it [1].", copied, withheld=(held,)))
    assert texts(page, ".quotes .origin") == ["2 articles, one origin"]
    assert texts(page, "details.held summary, details.held s") == ["1 sentence withheld", "Homs fell."]
    page = shown(refusal(hit("Near.")))
    assert texts(page, ".refusal h3") == ["Not in the articles", "Related, not an answer"]
    assert texts(page, ".related blockquote") == ["Near."]
    assert page.select_one(".related .way")["data-pane"] == "turn=7&hit=0"
    checked = [(AnswerSentence("He heads it.", (1,), 0.9), ""), (None, "no article says it")]
    page = parsed(live_html("?", [hit("Near.")], "Checking", checked, "It rained."))
    assert texts(page, ".found, .words span") == ["He heads it. ", "withheld: no article says it", "It rained."]
    page = shown(None, trouble="Ollama went away.", draft="Rami Abd")
    assert texts(page, "[role=alert], .draft") == ["Rami Abd …", "Ollama went away."]
    note = "the articles differ: 2 answers, each with its own source"
    differ = answer("50 [1].\n\n60 [2].", citation(1), citation(2, date=date(2024, 12, 6)), notes=(note,))
    first, second = texts(shown(differ), ".sides li")
    assert ("5 December 2024" in first, "6 December 2024" in second) == (True, True)


@pytest.mark.parametrize(
    ("title", "quote", "told"),
    [
        ("Harbour of Velle closed", "The harbour is closed.", ["Harbour of Velle closed", "5 December 2024"]),
        ("The harbour of Velle is…", "The harbour of Velle is closed, its master said.", ["5 December 2024"]),
        ("The harbour is closed.", "The harbour\nis closed.", ["5 December 2024"]),
    ],
)
def test_a_title_that_only_repeats_the_quotes_beginning_is_not_told(title: str, quote: str, told: list[str]) -> None:
    page = shown(answer("It is [1].", citation(title=title, quote=quote)))
    assert texts(page, ".quotes .about") == [" · ".join([*told, "a.txt"])]
    (about,) = texts(shown(refusal(hit(quote, title))), ".found .about")
    assert sorted(about.split(" · ")) == sorted(told)


def test_a_passage_is_shown_from_the_sentence_with_the_words_and_these_are_marked() -> None:
    text = f"{'The winter was long. ' * 30}Then <b>Velle</b> opened its harbour."
    at = text.index("Velle")
    near = replace(hit(text), marks=(Span(at, at + 5),))
    for page in (shown(refusal(near)), parsed(live_html("?", [near], "Reading", [], ""))):
        assert texts(page, ".found blockquote") == ["… Then <b>Velle</b> opened its harbour."]
        assert texts(page, ".found mark") == ["Velle"]


def test_the_marks_of_an_article_hold_exactly_the_quotes_characters_and_the_opened_one_wins() -> None:
    text = "One é😀 two.\n\nThree <four> & five."
    others = [Span(0, 3), Span(9, 12), Span(14, 25)]
    page = parsed(pane_html(Article("a", "T", text, author="Ada Brook"), Span(4, 11), others, ""))
    assert texts(page, "mark#here") == [text[4:11]]
    assert texts(page, "mark.other") == [text[0:3], text[14:25]]
    assert texts(page, ".text, .about") == ["no date · Ada Brook · a", text]
