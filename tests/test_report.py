"""The page of a run: what it computes, what it shows, and what it must never do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from eval_helpers import answer, case, citation, outcome
from run_helpers import broken, refused, right, run_of, weighed, wrong

from evals.curves import DEPTHS, Point, at_threshold, has_support, recall_curves, tradeoff
from evals.report import render, write_report
from evals.report_cases import marked, view
from evals.runs import Run
from evals.scoring import summarise
from evals.types import GoldQuote, Place, Row
from rag.types import AnswerSentence, Timings, Withheld

EVIL = "</script><script>evil()</script>\"'><img src=x onerror=evil()>"

# ------------------------------------------------------------------------------------------ over the threshold

HOMS, HAMA = (("Homs.", 0.8),), (("Hama.", 0.4),)


@pytest.mark.parametrize(
    ("rows", "threshold", "refused_answerable", "answered_unanswerable", "right_of_shown", "shown"),
    [
        ([weighed("a", kept=HOMS), weighed("b", withheld=HAMA)], 0.4, 0.0, None, 0.5, 2),  # judged by their own words
        ([weighed("a", kept=HOMS), weighed("b", withheld=HAMA)], 0.41, 0.5, None, 1.0, 1),
        ([weighed("a", kept=HOMS), weighed("b", withheld=HAMA)], 0.81, 1.0, None, None, 0),
        ([weighed("a", withheld=HAMA, answerable=False)], 0.4, None, 1.0, 0.0, 1),  # is answered, and so wrong
        ([weighed("a", withheld=HAMA, answerable=False)], 0.5, None, 0.0, None, 0),
        # what a number or a name alone withheld stays withheld
        ([weighed("a", withheld=(("Homs.", None),))], 0.0, 1.0, None, None, 0),
        ([weighed("a", kept=HOMS), broken("b")], 0.5, 0.0, None, 1.0, 1),  # failed cases do not count
    ],
)
def test_a_sentence_is_shown_if_it_has_the_support(
    rows: list[Row], threshold: float, refused_answerable: float | None, answered_unanswerable: float | None,
    right_of_shown: float | None, shown: int,
) -> None:  # fmt: skip
    (point,) = tradeoff(rows, [threshold])
    assert point == Point(threshold, refused_answerable, answered_unanswerable, right_of_shown, shown)


def test_at_the_threshold_in_use_the_curve_meets_the_scores() -> None:
    rows = [
        weighed("a", kept=HOMS, withheld=(("Aleppo.", 0.5),)), weighed("b", kept=(("Hama.", 0.7),)),
        weighed("c", withheld=(("Homs.", 0.6),)), weighed("d", kept=(("Two.", 0.9),), answerable=False),
        weighed("e", withheld=(("Three.", 0.2),), answerable=False),
    ]  # fmt: skip
    (point,) = tradeoff(rows, [0.65])
    scores = summarise(rows, ["dateline"])["dateline"]
    assert point.refused_answerable == scores["refused_answerable"].mean
    assert point.answered_unanswerable == scores["answered_unanswerable"].mean
    assert (point.right_of_shown, point.shown) == (1 / 3, 3)
    assert has_support(rows)
    assert not has_support([weighed("a", kept=(("Homs.", 1.0),))])  # a system that weighs nothing has no curve


def test_what_a_refusal_says_besides_is_no_answer() -> None:
    row = weighed("a", kept=(("The articles say Hama instead.", 0.9),))
    assert row.outcome.answer
    refusal = replace(row, outcome=replace(row.outcome, answer=replace(row.outcome.answer, abstained=True)))
    then = at_threshold(refusal, 0.5).outcome.answer
    assert then is not None and then.abstained


def test_recall_curves_are_the_recall_scores_at_every_depth() -> None:
    gold = Place("gold.txt", 0, 10)
    rank = {"bm25": 3, "dense": 7, "fused": 1}
    # two passages of one article are one article and two passages
    rankings = {mode: (*(Place("a.txt", 0, n) for n in range(1, place)), gold) for mode, place in rank.items()}
    row = Row(case(evidence=(GoldQuote("gold.txt", "ten letter"),)), outcome(rankings=rankings, gold=(gold,)))
    curves, scores = recall_curves([row]), summarise([row], ["dateline"])["dateline"]
    for mode, place in rank.items():
        assert curves[f"{mode}.quote"] == [float(k >= place) for k in DEPTHS]
        assert curves[f"{mode}.article"] == [float(k >= min(2, place)) for k in DEPTHS]
        for unit in ("article", "quote"):
            assert curves[f"{mode}.{unit}"][4] == scores[f"{mode}.{unit}.recall@5"].mean


# ------------------------------------------------------------------------------------------------ the marks


@pytest.mark.parametrize(
    ("cited", "gold", "place", "marks"),
    [
        # in the gold article its place decides, elsewhere in it the same words do not
        (("a.txt", "They captured Homs on Thursday"), "captured Homs", (105, 118), ["captured Homs"]),
        (("a.txt", "They captured Homs on Thursday"), "They captured Homs on Thursday", (500, 530), []),
        # in a copy its words do, if they are more than a few
        (("copy.txt", "Rebels: “They took Homs, today”"), "They took Homs today.", (0, 25), ["They took Homs, today"]),
        (("b.txt", "They captured the airport"), "They captured Homs on Thursday morning", (0, 38), []),
        (("b.txt", "They captured the airport"), None, (0, 38), []),
    ],
)  # fmt: skip
def test_the_gold_quote_is_marked_in_the_cited_quote(
    cited: tuple[str, str], gold: str | None, place: tuple[int, int], marks: list[str]
) -> None:
    article, quote = cited
    given = citation(1, article, 100, 100 + len(quote), quote)
    pieces = marked(given, case(evidence=(GoldQuote("a.txt", gold),)), (Place("a.txt", *place),))
    assert [text for text, is_gold in pieces if is_gold] == marks
    assert "".join(text for text, _ in pieces) == quote


@pytest.mark.parametrize(
    ("row", "verdict", "refusal"),
    [
        (right(), "right", False),
        (wrong(), "wrong", False),
        (refused(), "wrong", True),
        (refused(answerable=False), "right", True),
        (broken(), "failed", False),
        (Row(case(accepted=()), outcome("Homs.")), "not judged", False),
    ],
)
def test_every_case_says_what_it_came_to(row: Row, verdict: str, refusal: bool) -> None:
    seen = view(row)
    assert (seen["verdict"], seen["refused"]) == (verdict, refusal)


# ------------------------------------------------------------------------------------------------- the page


class Page(HTMLParser):
    """What of a page a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.plots: list[str] = []
        self._in_plot = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.addresses += [found[key] or "" for key in ("src", "href", "srcset", "data", "action") if key in found]
        self._in_plot = tag == "script" and "data-plot" in found
        if tag == "details":
            self.ids.append(found["data-system"] or "")
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        if self._in_plot:
            self.plots.append(data)
            self._in_plot = False


def test_the_page_asks_nothing_of_any_network_and_is_one_file(tmp_path: Path) -> None:
    write_report([full_run()], tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    text = (tmp_path / "page.html").read_text("utf-8")
    addresses = Page(text).addresses
    assert addresses
    assert all(address.startswith("#") or address == "data:," for address in addresses)
    assert "default-src 'none'" in text


def test_nothing_that_articles_questions_or_models_say_is_taken_for_markup() -> None:
    hostile = render([full_run(EVIL)])
    assert "<script>evil" not in hostile
    assert "<img" not in hostile
    assert hostile.count("&lt;script&gt;evil()") > 20
    page = Page(hostile)
    assert page.tags.count("script") == len(page.plots) + 2  # plotly.js and our own
    assert set(page.tags) == set(Page(render([full_run("harmless")])).tags)
    assert len(page.plots) >= 6
    assert all(set(json.loads(plot)) == {"data", "layout"} for plot in page.plots)


def test_a_case_shows_its_gold_quote_its_citations_and_its_explanations() -> None:
    text = render([full_run("")])
    for shown in (
        "<blockquote>They <mark>captured Homs</mark> today",
        "<blockquote>captured Homs</blockquote>",
        "What happened?",
        "no article says it, support 0.40",
        "Hama, some say.",
        "says &#34;Homs&#34;, which is accepted",
        "1 of 1 quotes are exact",
        "By kind, %",
        '<td class="heat" style="background: rgb(var(--heat) / 0.56)"><span class="figure">100</span>',
    ):
        assert shown in text, shown


def test_runs_stand_side_by_side_each_case_of_each_system_and_those_of_one_name_are_told_apart() -> None:
    old = run_of(right("a"), broken("b"), wrong("a", system="peer"), path="old/run.jsonl")
    new = run_of(wrong("a"), path="new/run.jsonl", settings={}, machine="a laptop", dataset=None)
    text = render([old, new])
    assert "dateline, 1. old/run" in text
    assert "dateline, 2. new/run" in text
    assert sorted(Page(text).ids) == ["dateline", "dateline", "dateline", "peer"]


def test_a_run_that_only_searched_and_one_in_which_everything_failed_have_a_page() -> None:
    gold = Place("a.txt", 0, 10)
    searched = outcome(None, system="retrieval", rankings={"bm25": (gold,)}, gold=(gold,))
    text = render([run_of(Row(case(evidence=(GoldQuote("a.txt", "ten letter"),)), searched))])
    assert "The gold quote is found" in text
    assert "Retrieval by quote, %" in text
    assert "failed" not in Page(text).ids
    assert "The model server does not answer." in render([run_of(broken("a"), broken("b", answerable=False))])


def full_run(evil: str = "") -> Run:
    """A run with something in every field that the page shows, each with `evil` in it."""
    gold = Place(f"a.txt{evil}", 5, 18)
    quote = "They captured Homs today"
    asked = case(
        f"Which city?{evil}",
        ("Homs", f"Homs{evil}"),
        id=f"q1{evil}",
        kind=f"fact{evil}",
        patterns=(f"Homs|{re.escape(evil)}",),
        wrong=(f"Hama{evil}",),
        evidence=(GoldQuote(f"a.txt{evil}", f"captured Homs{evil}"),),
        history=({"role": f"user{evil}", "content": f"What happened?{evil}"},),
        exclude=(f"b.txt{evil}",),
        as_of=date(2024, 12, 5),
    )
    cited = replace(
        citation(1, f"a.txt{evil}", 0, len(quote + evil), quote + evil, (f"a.txt{evil}", f"c.txt{evil}")),
        title=f"Title{evil}",
        page=1,
    )
    given = replace(
        answer(f"They captured Homs [1].{evil}", notes=(f"a note{evil}",), timings=Timings(1, 2000, 3000)),
        standalone_question=f"Which city did they capture?{evil}",
        sentences=(AnswerSentence(f"They captured Homs.{evil}", (1,), 0.9),),
        withheld=(Withheld(f"Hama, some say.{evil}", f"no article says it{evil}", 0.4),),
        citations=(cited,),
        model=f"tiny{evil}",
    )
    done = outcome(
        given,
        rankings={mode: (Place(f"a.txt{evil}", 0, 30),) for mode in ("bm25", "dense", "fused")},
        gold=(gold,),
        stood={1: f"other words{evil}" if evil else quote},
    )
    peer = outcome(None, system=f"peer{evil}", error=f"It broke.{evil}")
    answered = outcome(f"Hama.{evil}", system=f"peer{evil}")
    return run_of(
        Row(asked, done),
        Row(asked, peer),
        Row(replace(asked, id="q2"), answered),
        weighed("q3", withheld=((f"Two.{evil}", 0.3),), answerable=False),
        path=f"runs/a{evil.replace('/', '')}.jsonl",
        judge=f"support judge{evil}",
        model=f"tiny{evil}",
        commit=f"abc{evil}",
        dataset={"name": f"seeds{evil}", f"key{evil}": f"value{evil}"},
        settings={"threshold": "0.65", "embedder": f"minilm{evil}"},
        machine={"processor": f"A processor{evil}"},
        systems={"dateline": f"Dateline{evil}", f"peer{evil}": f"A peer{evil}"},
    )
