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

from evals.curves import DEPTHS, at_threshold, has_support, recall_curves, tradeoff
from evals.report import render, write_report
from evals.report_cases import marked, view
from evals.runs import Run
from evals.scoring import summarise
from evals.types import GoldQuote, Place, Row
from rag.types import AnswerSentence, Timings, Withheld

EVIL = "</script><script>evil()</script>\"'><img src=x onerror=evil()>"

# ------------------------------------------------------------------------------------------ over the threshold


def test_an_answer_is_shown_if_a_sentence_has_the_support() -> None:
    rows = [weighed("a", kept=(("Homs.", 0.8),)), weighed("b", withheld=(("Homs.", 0.4),))]
    shares = [point.refused_answerable for point in tradeoff(rows, [0.4, 0.41, 0.8, 0.81])]
    assert shares == [0.0, 0.5, 0.5, 1.0]


def test_what_has_no_answer_is_answered_where_a_sentence_has_the_support() -> None:
    rows = [weighed("a", withheld=(("Two to one.", 0.5),), answerable=False)]
    assert [point.answered_unanswerable for point in tradeoff(rows, [0.5, 0.6])] == [1.0, 0.0]


def test_what_a_number_or_a_name_alone_withheld_stays_withheld() -> None:
    (point,) = tradeoff([weighed("a", withheld=(("Homs.", None),))], [0.0])
    assert (point.refused_answerable, point.shown) == (1.0, 0)


def test_a_withheld_sentence_is_judged_by_its_own_words_once_it_is_shown() -> None:
    rows = [weighed("a", withheld=(("Homs.", 0.4),)), weighed("b", withheld=(("Hama.", 0.4),))]
    (point,) = tradeoff(rows, [0.4])
    assert (point.right_of_shown, point.shown) == (0.5, 2)


def test_an_answer_to_what_has_no_answer_is_wrong() -> None:
    rows = [weighed("a", kept=(("Homs.", 0.9),)), weighed("b", kept=(("Two to one.", 0.9),), answerable=False)]
    (point,) = tradeoff(rows, [0.5])
    assert (point.right_of_shown, point.shown) == (0.5, 2)


def test_where_nothing_is_shown_nothing_is_right_or_wrong() -> None:
    (point,) = tradeoff([weighed("a", kept=(("Homs.", 0.9),))], [1.0])
    assert (point.right_of_shown, point.answered_unanswerable) == (None, None)


def test_failed_cases_do_not_count() -> None:
    (point,) = tradeoff([weighed("a", kept=(("Homs.", 0.9),)), broken("b")], [0.5])
    assert (point.refused_answerable, point.shown) == (0.0, 1)


def test_at_the_threshold_in_use_the_curve_meets_the_scores() -> None:
    rows = [
        weighed("a", kept=(("Homs.", 0.8),), withheld=(("Aleppo.", 0.5),)),
        weighed("b", kept=(("Hama.", 0.7),)),
        weighed("c", withheld=(("Homs.", 0.6),)),
        weighed("d", kept=(("Two.", 0.9),), answerable=False),
        weighed("e", withheld=(("Three.", 0.2),), answerable=False),
    ]
    (point,) = tradeoff(rows, [0.65])
    scores = summarise(rows, ["dateline"])["dateline"]
    assert point.refused_answerable == scores["refused_answerable"].mean
    assert point.answered_unanswerable == scores["answered_unanswerable"].mean
    assert (point.right_of_shown, point.shown) == (1 / 3, 3)


def test_what_a_refusal_says_besides_is_no_answer() -> None:
    row = weighed("a", kept=(("The articles say Hama instead.", 0.9),))
    assert row.outcome.answer
    refusal = replace(row, outcome=replace(row.outcome, answer=replace(row.outcome.answer, abstained=True)))
    then = at_threshold(refusal, 0.5).outcome.answer
    assert then is not None and then.abstained


def test_a_system_that_weighs_nothing_has_no_curve() -> None:
    assert not has_support([weighed("a", kept=(("Homs.", 1.0),))])
    assert has_support([weighed("a", withheld=(("Homs.", 0.3),))])


# -------------------------------------------------------------------------------------------- over the depth


def test_recall_curves_are_the_recall_scores_at_every_depth() -> None:
    gold = Place("gold.txt", 0, 10)
    rank = {"bm25": 3, "dense": 7, "fused": 1}
    rankings = {mode: (*(Place(f"{n}.txt", 0, 10) for n in range(1, place)), gold) for mode, place in rank.items()}
    row = Row(case(evidence=(GoldQuote("gold.txt", "ten letter"),)), outcome(rankings=rankings, gold=(gold,)))
    curves, scores = recall_curves([row]), summarise([row], ["dateline"])["dateline"]
    for mode, place in rank.items():
        for unit in ("article", "quote"):
            assert curves[f"{mode}.{unit}"] == [float(k >= place) for k in DEPTHS]
            for k in (1, 5, 10):
                assert curves[f"{mode}.{unit}"][k - 1] == scores[f"{mode}.{unit}.recall@{k}"].mean


def test_two_passages_of_one_article_are_one_article_and_two_passages() -> None:
    gold = Place("gold.txt", 0, 10)
    ranking = (Place("a.txt", 0, 9), Place("a.txt", 9, 20), gold)
    row = Row(case(evidence=(GoldQuote("gold.txt", "ten letter"),)), outcome(rankings={"bm25": ranking}, gold=(gold,)))
    curves = recall_curves([row])
    assert curves["bm25.article"][:3] == [0, 1, 1]
    assert curves["bm25.quote"][:3] == [0, 0, 1]


# ------------------------------------------------------------------------------------------------ the marks


def test_the_gold_quote_is_marked_where_it_stands_in_the_cited_quote() -> None:
    cited = citation(1, "a.txt", 100, 130, "They captured Homs on Thursday")
    asked = case(evidence=(GoldQuote("a.txt", "captured Homs"),))
    pieces = marked(cited, asked, (Place("a.txt", 105, 118),))
    assert pieces == (("They ", False), ("captured Homs", True), (" on Thursday", False))


def test_the_same_words_elsewhere_in_the_gold_article_are_not_marked() -> None:
    cited = citation(1, "a.txt", 100, 130, "They captured Homs on Thursday")
    asked = case(evidence=(GoldQuote("a.txt", "They captured Homs on Thursday"),))
    assert marked(cited, asked, (Place("a.txt", 500, 530),)) == (("They captured Homs on Thursday", False),)


def test_in_a_copy_of_the_article_the_words_are_marked() -> None:
    cited = citation(1, "copy.txt", 0, 35, "Rebels: “They captured Homs, today”")
    asked = case(evidence=(GoldQuote("a.txt", "They captured Homs today."),))
    pieces = marked(cited, asked, (Place("a.txt", 0, 25),))
    assert [text for text, gold in pieces if gold] == ["They captured Homs, today"]


def test_a_few_common_words_of_another_article_are_not_marked() -> None:
    cited = citation(1, "b.txt", 0, 25, "They captured the airport")
    asked = case(evidence=(GoldQuote("a.txt", "They captured Homs on Thursday morning"),))
    assert not any(gold for _, gold in marked(cited, asked, (Place("a.txt", 0, 38),)))


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
    assert (seen.verdict, seen.refused) == (verdict, refusal)


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


def test_the_page_asks_nothing_of_any_network() -> None:
    page = Page(render([full_run()]))
    assert page.addresses
    assert all(address.startswith("#") or address == "data:," for address in page.addresses)
    assert "default-src 'none'" in render([full_run()])


def test_nothing_that_articles_questions_or_models_say_is_taken_for_markup() -> None:
    hostile = render([full_run(EVIL)])
    assert "<script>evil" not in hostile
    assert "<img" not in hostile
    assert hostile.count("&lt;script&gt;evil()") > 20
    page = Page(hostile)
    assert page.tags.count("script") == len(page.plots) + 2  # plotly.js and our own
    assert set(page.tags) == set(Page(render([full_run("harmless")])).tags)


def test_the_pictures_are_whole_whatever_systems_are_called() -> None:
    plots = Page(render([full_run(EVIL)])).plots
    assert len(plots) >= 6
    assert all(set(json.loads(plot)) == {"data", "layout"} for plot in plots)


def test_every_case_of_every_system_is_on_the_page() -> None:
    page = Page(render([run_of(right("a"), broken("b"), wrong("a", system="peer"))]))
    assert sorted(page.ids) == ["dateline", "dateline", "peer"]


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
    ):
        assert shown in text, shown


def test_a_run_that_only_searched_has_a_page() -> None:
    gold = Place("a.txt", 0, 10)
    searched = outcome(None, system="retrieval", rankings={"bm25": (gold,)}, gold=(gold,))
    text = render([run_of(Row(case(evidence=(GoldQuote("a.txt", "ten letter"),)), searched))])
    assert "The gold quote is found" in text
    assert "failed" not in Page(text).ids


def test_a_run_in_which_everything_failed_has_a_page() -> None:
    assert "The model server does not answer." in render([run_of(broken("a"), broken("b", answerable=False))])


def test_runs_whose_files_have_one_name_are_told_apart() -> None:
    text = render([run_of(right(), path="old/run.jsonl"), run_of(wrong(), path="new/run.jsonl")])
    assert "dateline, 1. old/run" in text
    assert "dateline, 2. new/run" in text


def test_the_report_is_one_file(tmp_path: Path) -> None:
    write_report([run_of(right())], tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


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
        verdict=f"Yes{evil}",
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
