"""The run: every case is asked once, what happened is observed, what fails is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from checking import CheckedAssistant
from eval_helpers import answer, case
from ollama_double import RECORDED_MODEL, OllamaDouble, error_in_mid_stream, installed, speaks

from evals.cases import without_gold
from evals.judge import SupportJudge
from evals.peers import Bm25Top
from evals.progress import Progress
from evals.run import MODES, Observer, corpus, header, run
from evals.runs import read, writing
from evals.types import Case, GoldQuote, Outcome, Place, Row
from rag.engines.ollama import OllamaEngine
from rag.errors import EngineTimeout

HOMS = GoldQuote("001_8034130e071ff64c.txt", "Homs is about 40 kilometres (25 miles) south of Hama.")
CASES = [
    case("How far is Homs from Hama?", ["25 miles"], id="homs", evidence=(HOMS,)),
    case("Who is the mayor of Hama?", id="mayor", answerable=False),
    case("What is the capital of Australia?", id="other", answerable=False),
]


@pytest.fixture(scope="module")
def assistant(seeds_dir: Path) -> Iterator[CheckedAssistant]:
    with CheckedAssistant(seeds_dir, "embedded") as assistant:
        yield assistant


@pytest.fixture
def observer(assistant: CheckedAssistant) -> Observer:
    return Observer(assistant, None)


class Says:
    """A system that cites the first four characters of an article for whatever it is asked, or fails."""

    name, about = "dateline", ""

    def __init__(self, said: str | Exception) -> None:
        self.said = said

    def answer(self, case: Case) -> Any:
        if isinstance(self.said, Exception):
            raise self.said
        return answer("It lies far away [1].", cites=[(HOMS.article, 0, 4, self.said)])


def written(
    path: Path, meets: Callable[[Case], Outcome], cases: list[Case] = CASES, told: Progress = lambda *_: None
) -> tuple[Row, ...]:
    """The rows of the run at `path`, begun or gone on with."""
    with writing(path, {"created": "now", "cases": len(cases), "systems": {"any": ""}}) as writer:
        run(cases, {meets(CASES[0]).system: meets}, writer, told)
    return read(path).rows


def test_every_case_is_observed_and_an_interrupted_run_asks_only_what_is_left(
    assistant: CheckedAssistant, observer: Observer, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int, system: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    path, told, meets = tmp_path / "r.jsonl", list[int](), partial(observer.answered, Bm25Top(assistant))
    with pytest.raises(KeyboardInterrupt):
        written(path, meets, told=interrupt)
    assert len(read(path).rows) == 2
    rows = written(path, meets, told=lambda done, total, system: told.append(done))
    assert ([row.case.id for row in rows], told) == (["homs", "mayor", "other"], [2, 3])
    seen = rows[0].outcome
    gold = seen.gold[0]
    assert gold and assistant.article(gold.article).text[gold.start : gold.end] == HOMS.quote
    assert seen.answer and seen.stood == {1: seen.answer.citations[0].quote}
    assert seen.memory_mb and seen.memory_mb > 50


def test_what_ollama_holds_the_model_in_is_counted(seeds_dir: Path) -> None:
    def memory(ollama: OllamaDouble) -> float:
        with CheckedAssistant(seeds_dir, "ollama", RECORDED_MODEL, ollama_host=ollama.url) as assistant:
            return Observer(assistant, None).answered(Bm25Top(assistant), CASES[0]).memory_mb or 0.0

    with OllamaDouble() as loaded, OllamaDouble(ps="ps_empty") as empty:
        alone, together = memory(empty), memory(loaded)
    assert together - alone >= 550  # the recorded size of the model in memory


def test_what_an_answer_stands_on_and_what_the_judge_says_are_kept_with_it(assistant: CheckedAssistant) -> None:
    yes = speaks(lambda messages, options: "Yes", first_token=lambda messages: {"Yes": -0.01, "No": -5.0})
    for chat, supported in ((yes, True), (error_in_mid_stream(), None)):
        with OllamaDouble(models=[installed("tiny:1b", "1.0B")], chat=chat) as server:
            judge = SupportJudge(OllamaEngine("tiny:1b", host=server.url), assistant.embed)
            seen = Observer(assistant, judge).answered(Says("Far from here it lies"), CASES[0])
        assert (seen.error, [one.supported for one in seen.support]) == (None, [supported])
    assert (seen.stood, set(seen.rankings)) == ({1: " dat"}, set(MODES))
    gold = seen.gold[0]
    assert gold and any(gold.shared(place) == len(HOMS.quote or "") for place in seen.rankings["fused"])


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (EngineTimeout("The engine said nothing: try again."), "The engine said nothing: try again."),
        (ValueError("could not parse"), "ValueError: could not parse"),  # nobody foresaw what a peer's library does
    ],
)
def test_a_case_that_fails_is_recorded_and_the_run_goes_on(
    observer: Observer, tmp_path: Path, failure: Exception, error: str
) -> None:
    rows = written(tmp_path / "r.jsonl", partial(observer.answered, Says(failure)))
    assert [(row.outcome.answer, row.outcome.error) for row in rows] == [(None, error)] * 3


def test_a_run_of_searches_has_no_answers_and_sees_what_its_case_lets_it(
    assistant: CheckedAssistant, observer: Observer, tmp_path: Path
) -> None:
    rows = written(tmp_path / "r.jsonl", observer.retrieval)
    assert [(row.outcome.answer, row.outcome.error) for row in rows] == [(None, None)] * 3
    (blind,) = without_gold(CASES)
    found = observer.retrieval(blind).rankings
    assert found["fused"] and all(place.article != HOMS.article for mode in MODES for place in found[mode])
    gone = (GoldQuote(HOMS.article, "no such words"), GoldQuote("gone.txt", "x"), GoldQuote(HOMS.article))
    whole = Place(HOMS.article, 0, len(assistant.article(HOMS.article).text))
    assert observer.retrieval(replace(CASES[0], evidence=gone)).gold == (None, None, whole)


def test_a_header_changes_with_the_cases_and_the_settings(assistant: CheckedAssistant, seeds_dir: Path) -> None:
    def made(one: CheckedAssistant, cases: list[Case]) -> dict[str, object]:
        head = header(one, cases, {"dateline": ""}, {"name": "seeds"} | corpus(one))
        return {key: value for key, value in head.items() if key not in ("created", "machine")}

    first = made(assistant, CASES)
    assert first == made(assistant, CASES)
    assert first != made(assistant, CASES[:2])
    assert len(str(first["model_sha256"])) == 64
    with CheckedAssistant(seeds_dir, "embedded", threshold=0.3) as bolder:
        assert made(bolder, CASES) != first
