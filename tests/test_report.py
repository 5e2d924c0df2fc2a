"""The page of a run: what it computes, what it shows, and what it must never do."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from eval_helpers import answer, case, citation, outcome
from run_helpers import broken, refused, right, run_of, weighed, wrong

from evals.plots import DEPTHS, Point, recall_curves, tradeoff
from evals.report import marked, render, view, write_report
from evals.runs import Run
from evals.scoring import summarise
from evals.types import GoldQuote, Place, Row
from rag.types import AnswerSentence, Timings, Withheld

EVIL = "</script><script>evil()</script>\"'><img src=x onerror=evil()>"
HOMS, HAMA = weighed("a", kept=(("Homs.", 0.8),)), weighed("b", withheld=(("Hama.", 0.4),))
UNASKED = weighed("a", withheld=(("Hama.", 0.4),), answerable=False)


@pytest.mark.parametrize(
    ("rows", "point"),
    [
        ([HOMS, HAMA], Point(0.4, 0, None, 50, 2)),  # judged by their own words
        ([HOMS, HAMA], Point(0.41, 50, None, 100, 1)),
        ([HOMS, HAMA], Point(0.81, 100, None, None, 0)),
        ([UNASKED], Point(0.4, None, 100, 0, 1)),  # is answered, and so wrong
        ([UNASKED], Point(0.5, None, 0, None, 0)),
        ([weighed("a", withheld=(("Homs.", None),))], Point(0.0, 100, None, None, 0)),  # a name alone withheld it
        ([HOMS, broken("b")], Point(0.5, 0, None, 100, 1)),  # failed cases do not count
        # what a refusal says besides is no answer
        ([Row(case(), outcome(answer("Homs [1].", abstained=True)))], Point(0.5, 100, None, None, 0)),
    ],
)
def test_a_sentence_is_shown_if_it_has_the_support(rows: list[Row], point: Point) -> None:
    assert tradeoff(rows, [point.threshold]) == [point]


def test_at_the_threshold_in_use_the_curve_meets_the_scores() -> None:
    rows = [
        weighed("a", kept=(("Homs.", 0.8),), withheld=(("Aleppo.", 0.5),)), weighed("b", kept=(("Hama.", 0.7),)),
        weighed("c", withheld=(("Homs.", 0.6),)), weighed("d", kept=(("Two.", 0.9),), answerable=False),
        weighed("e", withheld=(("Three.", 0.2),), answerable=False),
    ]  # fmt: skip
    (point,) = tradeoff(rows, [0.65])
    scores = summarise(rows, ["dateline"])["dateline"]
    means = [100 * (scores[name].mean or 0) for name in ("refused_answerable", "answered_unanswerable")]
    assert [point.refused_answerable, point.answered_unanswerable] == pytest.approx(means)
    assert (point.right_of_shown, point.shown) == (100 / 3, 3)


def test_recall_curves_are_the_recall_scores_at_every_depth() -> None:
    gold = Place("gold.txt", 0, 10)
    rank = {"bm25": 3, "dense": 7, "fused": 1}
    # two passages of one article are one article and two passages
    rankings = {mode: (*(Place("a.txt", 0, n) for n in range(1, place)), gold) for mode, place in rank.items()}
    row = Row(case(evidence=(GoldQuote("gold.txt", "ten letter"),)), outcome(rankings=rankings, gold=(gold,)))
    curves, scores = recall_curves([row]), summarise([row], ["dateline"])["dateline"]
    for mode, place in rank.items():
        for unit, first in (("quote", place), ("article", min(2, place))):
            assert curves[f"{mode}.{unit}"] == [float(k >= first) for k in DEPTHS]
            assert curves[f"{mode}.{unit}"][4] == scores[f"{mode}.{unit}.recall@5"].mean


@pytest.mark.parametrize(
    ("article", "quote", "gold", "place", "marks"),
    [
        # in the gold article its place decides, elsewhere in it the same words do not
        ("a.txt", "They captured Homs on Thursday", "captured Homs", (105, 118), ["captured Homs"]),
        ("a.txt", "They captured Homs on Thursday", "They captured Homs on Thursday", (500, 530), []),
        # in a copy its words do, if they are more than a few
        ("copy.txt", "Rebels: “They took Homs, today”", "They took Homs today.", (0, 25), ["They took Homs, today"]),
        ("b.txt", "They captured the airport", "They captured Homs on Thursday morning", (0, 38), []),
        ("b.txt", "They captured the airport", None, (0, 38), []),
    ],
)
def test_the_gold_quote_is_marked(article: str, quote: str, gold: str | None, place: Any, marks: list[str]) -> None:
    given = citation(1, article, 100, 100 + len(quote), quote)
    pieces = marked(given, case(evidence=(GoldQuote("a.txt", gold),)), (Place("a.txt", *place),))
    assert [text for text, is_gold in pieces if is_gold] == marks
    assert "".join(text for text, _ in pieces) == quote


def test_every_case_says_what_it_came_to() -> None:
    rows = [right(), wrong(), refused(), refused(answerable=False), broken(), Row(case(accepted=()), outcome("Homs."))]
    assert [view(row)["verdict"] for row in rows] == ["right", "wrong", "wrong", "right", "failed", "not judged"]
    assert [view(row)["refused"] for row in rows] == [False, False, True, True, False, False]


def tags(page: str) -> list[Tag]:
    """What of a page a browser would act on."""
    found = BeautifulSoup(page, "html.parser").find_all()
    assert not [name for tag in found for name in tag.attrs if name.startswith("on")]
    return found


def test_the_page_asks_nothing_of_any_network_and_is_one_file(tmp_path: Path) -> None:
    write_report([full_run()], tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    text = (tmp_path / "page.html").read_text("utf-8")
    names = {"src", "href", "srcset", "data", "action"}
    addresses = [str(tag[name]) for tag in tags(text) for name in names & tag.attrs.keys()]
    assert addresses and all(address[:1] == "#" or address == "data:," for address in addresses)
    assert "default-src 'none'" in text
    heat = '<td class="heat" style="background: rgb(var(--heat) / 0.56)"><span class="figure">100</span>'
    for shown in (
        heat, "<blockquote>They <mark>captured Homs</mark> today", "<blockquote>captured Homs</blockquote>",
        "What happened?", "no article says it, support 0.40", "Hama, some say.",
        "says &#34;Homs&#34;, which is accepted", "1 of 1 quotes are exact", "By kind, %",
    ):  # fmt: skip
        assert shown in text, shown


def test_nothing_that_articles_questions_or_models_say_is_taken_for_markup() -> None:
    hostile = render([full_run(EVIL)])
    assert "<script>evil" not in hostile and "<img" not in hostile
    assert hostile.count("&lt;script&gt;evil()") > 20
    page, harmless = tags(hostile), tags(render([full_run("harmless")]))
    plots = [json.loads(tag.text) for tag in page if tag.has_attr("data-plot")]
    assert sum(tag.name == "script" for tag in page) == len(plots) + 2  # plotly.js and our own
    assert {tag.name for tag in page} == {tag.name for tag in harmless}
    assert len(plots) >= 6 and all(set(plot) == {"data", "layout"} for plot in plots)


def test_runs_stand_side_by_side_each_case_of_each_system_and_those_of_one_name_are_told_apart() -> None:
    old = run_of(right("a"), broken("b"), wrong("a", system="peer"), path="old/run.jsonl")
    text = render([old, run_of(wrong("a"), path="new/run.jsonl")])
    assert "dateline, 1. old/run" in text and "dateline, 2. new/run" in text
    assert sorted(tag["data-system"] for tag in tags(text) if tag.get("data-system")) == ["dateline"] * 3 + ["peer"]


def test_a_run_that_only_searched_and_one_in_which_everything_failed_have_a_page() -> None:
    gold = Place("a.txt", 0, 10)
    searched = outcome(None, system="retrieval", rankings={"bm25": (gold,)}, gold=(gold,))
    text = render([run_of(Row(case(evidence=(GoldQuote("a.txt", "ten letter"),)), searched))])
    assert "The gold quote is found" in text and "Retrieval by quote, %" in text
    assert "The model server does not answer." in render([run_of(broken("a"), broken("b", answerable=False))])


def full_run(evil: str = "") -> Run:
    """A run with something in every field that the page shows, each with `evil` in it."""
    article, quote = f"a.txt{evil}", f"They captured Homs today{evil}"
    asked = case(
        f"Which city?{evil}", ("Homs", f"Homs{evil}"), id=f"q1{evil}", kind=f"fact{evil}", wrong=(f"Hama{evil}",),
        patterns=(f"Homs|{re.escape(evil)}",), evidence=(GoldQuote(article, f"captured Homs{evil}"),),
        history=({"role": f"user{evil}", "content": f"What happened?{evil}"},), exclude=(f"b.txt{evil}",),
        as_of=date(2024, 12, 5),
    )  # fmt: skip
    cited = citation(1, article, 0, len(quote), quote, (article, f"c.txt{evil}"))
    given = replace(
        answer(f"They captured Homs [1].{evil}", notes=(f"a note{evil}",), timings=Timings(1, 2000, 3000)),
        standalone_question=f"Which city did they capture?{evil}",
        sentences=(AnswerSentence(f"They captured Homs.{evil}", (1,), 0.9),),
        withheld=(Withheld(f"Hama, some say.{evil}", f"no article says it{evil}", 0.4),),
        citations=(replace(cited, title=f"T{evil}", page=1),),
        model=f"tiny{evil}",
    )
    done = outcome(
        given, rankings={mode: (Place(article, 0, 30),) for mode in ("bm25", "dense", "fused")},
        gold=(Place(article, 5, 18),), stood={1: f"other words{evil}" if evil else quote},
    )  # fmt: skip
    return run_of(
        Row(asked, done),
        Row(asked, outcome(None, system=f"peer{evil}", error=f"It broke.{evil}")),
        Row(replace(asked, id="q2"), outcome(f"Hama.{evil}", system=f"peer{evil}")),
        weighed("q3", withheld=((f"Two.{evil}", 0.3),), answerable=False),
        path=f"runs/a{evil.replace('/', '')}.jsonl", judge=f"support judge{evil}", model=f"tiny{evil}",
        commit=f"abc{evil}", dataset={"name": f"seeds{evil}", f"key{evil}": f"value{evil}"},
        settings={"threshold": "0.65", "embedder": f"minilm{evil}"}, machine={"processor": f"A processor{evil}"},
        systems={"dateline": f"Dateline{evil}", f"peer{evil}": f"A peer{evil}"},
    )  # fmt: skip
