"""Deliberately worse systems are caught, case by case, by the scores that are meant to catch them.

The honest answers are the real model's on the seeds; each worse system spoils one thing and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from checking import CheckedAssistant

from evals.cases import SEEDS_GOLD, load
from evals.judge import SupportJudge
from evals.run import Observer
from evals.scoring import score
from evals.systems import build
from evals.types import Case, Outcome, Row
from index.types import Hit
from rag.types import Answer, AnswerSentence, Citation

pytestmark = pytest.mark.slow

ANSWERABLE = ("homs-distance", "hts-break-year", "known-for", "kind-of-attacks", "whose-words")
UNANSWERABLE = ("exact-troop-deaths", "hts-fighters", "capture-of-homs", "kremlin-reaction")
CASES = {case.id: case for case in load(SEEDS_GOLD) if case.id in ANSWERABLE + UNANSWERABLE}


class Remembered:
    """A system whose answers are known already."""

    about = ""

    def __init__(self, answers: dict[str, Answer], name: str = "dateline") -> None:
        self.name = name
        self._answers = answers

    def answer(self, case: Case) -> Answer:
        return self._answers[case.id]


class ShuffledEvidence(CheckedAssistant):
    """Reads the evidence of another question than the one it is asked; the next but one's, as the next one's may do."""

    def search(self, query: str, k: int = 10, **filters: Any) -> list[Hit]:
        questions = [CASES[id].question for id in ANSWERABLE]
        other = questions[(questions.index(query) + 2) % len(questions)] if query in questions else query
        return super().search(other, 1, **filters)


@pytest.fixture(scope="module")
def observer(asked: CheckedAssistant) -> Observer:
    return Observer(asked, SupportJudge(asked.engine, asked.embed))


@pytest.fixture(scope="module")
def honest(asked: CheckedAssistant, observer: Observer) -> dict[str, Outcome]:
    (dateline,) = build(["dateline"], asked)
    return {id: observer.answered(dateline, case) for id, case in CASES.items()}


@pytest.fixture(scope="module")
def shuffled(seeds_dir: Path) -> Iterator[ShuffledEvidence]:
    with ShuffledEvidence(seeds_dir, "embedded", threads=1, timeout=300) as assistant:
        yield assistant


def scores(id: str, outcome: Outcome) -> dict[str, float | None]:
    return {given.name: given.value for given in score(Row(CASES[id], outcome))}


def answers(outcomes: dict[str, Outcome]) -> dict[str, Answer]:
    return {id: outcome.answer for id, outcome in outcomes.items() if outcome.answer}


@pytest.mark.parametrize("id", ANSWERABLE)
def test_the_honest_system_scores_well(honest: dict[str, Outcome], id: str) -> None:
    found = scores(id, honest[id])
    names = ("correct", "citation_recall", "citation_precision", "quote_exact", "gold_cited")
    assert {name: found.get(name) for name in names} == dict.fromkeys(names, 1.0), honest[id].answer
    assert found["refused_answerable"] == 0.0


@pytest.mark.parametrize("id", UNANSWERABLE)
def test_the_honest_system_refuses(honest: dict[str, Outcome], id: str) -> None:
    found = scores(id, honest[id])
    assert (found["refusal_recall"], found["refusal_precision"], found["answered_unanswerable"]) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize("id", ANSWERABLE)
def test_shuffled_evidence_is_wrong_or_refused(shuffled: ShuffledEvidence, observer: Observer, id: str) -> None:
    (read,) = shuffled.search(CASES[id].question)
    assert all(quoted.quote not in read.passage.text for quoted in CASES[id].evidence)  # or it would answer rightly
    (system,) = build(["dateline"], shuffled)
    found = scores(id, observer.answered(system, CASES[id]))
    assert found["correct"] == 0.0
    assert found["refused_answerable"] == 1.0 or found["gold_cited"] == 0.0


def shifted(asked: CheckedAssistant, answer: Answer) -> Answer:
    """Every citation moved to the next sentence of its article: exact words, at the wrong place."""
    return replace(answer, citations=tuple(_next(asked, citation) for citation in answer.citations))


def _next(asked: CheckedAssistant, citation: Citation) -> Citation:
    article = asked.article(citation.article)
    sentences = asked.articles.sentences(article.id)
    after = [sentence for sentence in sentences if sentence.start >= citation.end and sentence.kind == "prose"]
    there = after[0] if after else sentences[0]
    return replace(
        citation, start=there.start, end=there.end, quote=article.text[there.start : there.end], carriers=(article.id,)
    )


@pytest.mark.parametrize("id", ANSWERABLE)
def test_citations_that_are_off_by_one_do_not_support(
    asked: CheckedAssistant, observer: Observer, honest: dict[str, Outcome], id: str
) -> None:
    system = Remembered({id: shifted(asked, answers(honest)[id])})
    found = scores(id, observer.answered(system, CASES[id]))
    assert (found["correct"], found["quote_exact"]) == (1.0, 1.0)  # what else is right stays right
    assert (found["citation_recall"], found["citation_precision"], found["gold_cited"]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("id", ANSWERABLE)
def test_a_quote_that_is_not_the_articles_is_not_exact(observer: Observer, honest: dict[str, Outcome], id: str) -> None:
    answer = answers(honest)[id]
    spoiled = tuple(replace(citation, quote=citation.quote.replace("e", "3", 1)) for citation in answer.citations)
    found = scores(id, observer.answered(Remembered({id: replace(answer, citations=spoiled)}), CASES[id]))
    assert found["quote_exact"] == 0.0


@pytest.mark.parametrize("id", UNANSWERABLE)
def test_a_system_that_never_refuses_is_seen_to_answer(observer: Observer, honest: dict[str, Outcome], id: str) -> None:
    found = scores(id, observer.answered(Remembered({id: unrefused(answers(honest)[id])}), CASES[id]))
    assert (found["refusal_recall"], found["answered_unanswerable"]) == (0.0, 1.0)
    assert "refusal_precision" not in found  # it refused nothing that could be right or wrong


def unrefused(answer: Answer) -> Answer:
    """What it would have said without a check: the draft that was withheld, or the first words found."""
    text = answer.withheld[0].text if answer.withheld else answer.hits[0].passage.text.split(". ")[0] + "."
    return replace(answer, text=text, abstained=False, sentences=(AnswerSentence(text, (), 0.0),))


@pytest.mark.parametrize("id", ANSWERABLE)
def test_an_answer_that_copies_its_sources_is_not_to_the_point(
    observer: Observer, honest: dict[str, Outcome], id: str
) -> None:
    found = scores(id, observer.answered(Remembered({id: copied(answers(honest)[id])}), CASES[id]))
    before = scores(id, honest[id])
    assert found["f1"] is not None and before["f1"] is not None
    assert found["correct"] == 1.0  # the answer is among the words, which is why the match alone does not do
    assert found["f1"] < before["f1"] / 2


def copied(answer: Answer) -> Answer:
    """The three passages found first, word for word, each citing itself."""
    passages = [hit.passage for hit in answer.hits[:3]]
    citations = tuple(
        Citation(number, one.article, one.title, one.date, None, one.text, one.start, one.end, (one.article,))
        for number, one in enumerate(passages, 1)
    )
    text = " ".join(f"{one.text} [{number}]" for number, one in enumerate(passages, 1))
    whole = AnswerSentence(" ".join(one.text for one in passages), (1, 2, 3), 1.0)
    return replace(answer, text=text, sentences=(whole,), citations=citations)
