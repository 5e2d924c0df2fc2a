"""The run: every case is asked once, what happened is observed, what fails is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
from evals.run import MODES, Observer, corpus, header, run, search_only
from evals.runs import read, writing
from evals.types import Case, GoldQuote, Place, Row
from rag.engines.ollama import OllamaEngine
from rag.errors import EngineTimeout
from rag.types import Answer

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


class Failing:
    """A system that always runs out of time."""

    name, about = "failing", ""

    def answer(self, case: Case) -> Answer:
        raise EngineTimeout("The engine said nothing for 120 seconds: try again.")


class Confused(Failing):
    """A system whose library breaks in a way that nobody foresaw."""

    def answer(self, case: Case) -> Answer:
        raise ValueError("could not parse")


class Says(Failing):
    """A system that cites the first characters of an article for whatever it is asked."""

    name = "dateline"

    def answer(self, case: Case) -> Answer:
        return answer("It is 25 miles [1].", cites=[("001_8034130e071ff64c.txt", 0, 4, "what it says")])


def written(
    path: Path, system: Any, observer: Observer, cases: list[Case] = CASES, told: Progress = lambda *_: None
) -> tuple[Row, ...]:
    """The rows of the run at `path`, begun or gone on with; of a search if `system` is None."""
    head = {"created": "now", "cases": len(cases), "systems": {getattr(system, "name", "retrieval"): ""}}
    with writing(path, head) as writer:
        if system is None:
            search_only(cases, observer, writer, told)
        else:
            run(cases, [system], observer, writer, told)
    return read(path).rows


def test_every_case_is_observed(assistant: CheckedAssistant, observer: Observer, tmp_path: Path) -> None:
    rows = written(tmp_path / "r.jsonl", Bm25Top(assistant), observer)
    assert [row.case.id for row in rows] == ["homs", "mayor", "other"]
    gold = rows[0].outcome.gold[0]
    assert gold and assistant.article(gold.article).text[gold.start : gold.end] == HOMS.quote
    cited = rows[0].outcome.answer
    assert cited and rows[0].outcome.stood == {1: cited.citations[0].quote}
    assert rows[0].outcome.memory_mb and rows[0].outcome.memory_mb > 50


def test_what_ollama_holds_the_model_in_is_counted(seeds_dir: Path, tmp_path: Path) -> None:
    def of_a_run(ollama: OllamaDouble, name: str) -> float:
        with CheckedAssistant(seeds_dir, "ollama", RECORDED_MODEL, ollama_host=ollama.url) as assistant:
            rows = written(tmp_path / name, Bm25Top(assistant), Observer(assistant, None), CASES[:1])
        return rows[0].outcome.memory_mb or 0.0

    with OllamaDouble() as loaded, OllamaDouble(ps="ps_empty") as empty:
        alone, together = of_a_run(empty, "empty.jsonl"), of_a_run(loaded, "loaded.jsonl")
    assert together - alone >= 550  # the recorded size of the model in memory


def test_what_the_judge_says_or_that_it_failed_is_kept_with_the_answer(assistant: CheckedAssistant) -> None:
    class Quotes(Says):
        def answer(self, case: Case) -> Answer:
            return answer("It lies far away [1].", cites=[(HOMS.article, 0, 4, "Far from here it lies")])

    yes = speaks(lambda messages, options: "Yes", first_token=lambda messages: {"Yes": -0.01, "No": -5.0})
    for chat, supported in ((yes, True), (error_in_mid_stream(), None)):
        with OllamaDouble(models=[installed("tiny:1b", "1.0B")], chat=chat) as server:
            judge = SupportJudge(OllamaEngine("tiny:1b", host=server.url), assistant.embed)
            seen = Observer(assistant, judge).answered(Quotes(), CASES[0])
        assert (seen.error, [one.supported for one in seen.support]) == (None, [supported])


def test_an_interrupted_run_asks_only_what_is_left(
    assistant: CheckedAssistant, observer: Observer, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int, system: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    path, told = tmp_path / "r.jsonl", list[int]()
    with pytest.raises(KeyboardInterrupt):
        written(path, Bm25Top(assistant), observer, told=interrupt)
    assert len(read(path).rows) == 2
    rows = written(path, Bm25Top(assistant), observer, told=lambda done, total, system: told.append(done))
    assert [row.case.id for row in rows] == ["homs", "mayor", "other"]
    assert told == [2, 3]


@pytest.mark.parametrize(
    ("system", "error"),
    [(Failing(), "The engine said nothing for 120 seconds: try again."), (Confused(), "ValueError: could not parse")],
)
def test_a_case_that_fails_is_recorded_and_the_run_goes_on(
    observer: Observer, tmp_path: Path, system: Failing, error: str
) -> None:
    rows = written(tmp_path / "r.jsonl", system, observer)
    assert [(row.outcome.answer, row.outcome.error) for row in rows] == [(None, error)] * 3


def test_what_stands_at_the_offsets_and_three_searches_are_kept_beside_the_answer(observer: Observer) -> None:
    seen = observer.answered(Says(), CASES[0])
    assert seen.stood == {1: " dat"}
    assert set(seen.rankings) == set(MODES)
    gold = seen.gold[0]
    assert gold and any(gold.shared(place) == len(HOMS.quote or "") for place in seen.rankings["fused"])


def test_a_run_of_searches_has_no_answers_and_sees_what_its_case_lets_it(
    assistant: CheckedAssistant, observer: Observer, tmp_path: Path
) -> None:
    rows = written(tmp_path / "r.jsonl", None, observer)
    assert [(row.outcome.answer, row.outcome.error) for row in rows] == [(None, None)] * 3
    (blind,) = without_gold(CASES)
    found = observer.retrieval(blind).rankings
    assert found["fused"] and all(place.article != HOMS.article for mode in MODES for place in found[mode])
    gone = (GoldQuote(HOMS.article, "no such words"), GoldQuote("gone.txt", "x"), GoldQuote(HOMS.article))
    whole = Place(HOMS.article, 0, len(assistant.article(HOMS.article).text))
    assert observer.retrieval(replace(CASES[0], evidence=gone)).gold == (None, None, whole)


def test_a_header_changes_with_the_cases_and_the_settings(assistant: CheckedAssistant, seeds_dir: Path) -> None:
    def made(one: CheckedAssistant, cases: list[Case]) -> dict[str, object]:
        head = header(one, cases, {"dateline": ""}, dataset={"name": "seeds"} | corpus(one), split=None, judge=None)
        return {key: value for key, value in head.items() if key not in ("created", "machine")}

    first = made(assistant, CASES)
    assert first == made(assistant, CASES)
    assert first != made(assistant, CASES[:2])
    assert len(str(first["model_sha256"])) == 64
    with CheckedAssistant(seeds_dir, "embedded", threshold=0.3) as bolder:
        assert made(bolder, CASES) != first
