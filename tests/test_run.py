"""The run: every case is asked once, what happened is observed, what fails is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from checking import CheckedAssistant
from eval_helpers import answer, case
from ollama_double import RECORDED_MODEL, OllamaDouble

from evals.cases import without_gold
from evals.peers import Bm25Top
from evals.run import MODES, Observer, corpus, header, run, search_only
from evals.runs import read, writing
from evals.types import Case, GoldQuote, Place
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


def a_header(cases: int = len(CASES), system: str = "bm25-top") -> dict[str, object]:
    return {"created": "now", "cases": cases, "systems": {system: ""}}


def quiet(done: int, total: int, system: str) -> None:
    pass


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


def test_every_case_is_observed(assistant: CheckedAssistant, observer: Observer, tmp_path: Path) -> None:
    with writing(tmp_path / "r.jsonl", a_header()) as writer:
        run(CASES, [Bm25Top(assistant)], observer, writer, quiet)
    rows = read(tmp_path / "r.jsonl").rows
    assert [row.case.id for row in rows] == ["homs", "mayor", "other"]
    gold = rows[0].outcome.gold[0]
    assert gold and assistant.article(gold.article).text[gold.start : gold.end] == HOMS.quote
    cited = rows[0].outcome.answer
    assert cited and rows[0].outcome.stood == {1: cited.citations[0].quote}
    assert rows[0].outcome.memory_mb and rows[0].outcome.memory_mb > 50


def test_what_ollama_holds_the_model_in_is_counted(seeds_dir: Path, tmp_path: Path) -> None:
    def of_a_run(ollama: OllamaDouble, name: str) -> float:
        with CheckedAssistant(seeds_dir, "ollama", RECORDED_MODEL, ollama_host=ollama.url) as assistant:
            with writing(tmp_path / name, a_header(cases=1)) as writer:
                run(CASES[:1], [Bm25Top(assistant)], Observer(assistant, None), writer, quiet)
        return read(tmp_path / name).rows[0].outcome.memory_mb or 0.0

    with OllamaDouble() as loaded, OllamaDouble(ps="ps_empty") as empty:
        alone, together = of_a_run(empty, "empty.jsonl"), of_a_run(loaded, "loaded.jsonl")
    assert together - alone >= 550  # the recorded size of the model in memory


def test_an_interrupted_run_asks_only_what_is_left(
    assistant: CheckedAssistant, observer: Observer, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int, system: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    path = tmp_path / "r.jsonl"
    with pytest.raises(KeyboardInterrupt), writing(path, a_header()) as writer:
        run(CASES, [Bm25Top(assistant)], observer, writer, interrupt)
    assert len(read(path).rows) == 2
    told: list[int] = []
    with writing(path, a_header()) as writer:
        run(CASES, [Bm25Top(assistant)], observer, writer, lambda done, total, system: told.append(done))
    assert [row.case.id for row in read(path).rows] == ["homs", "mayor", "other"]
    assert told == [2, 3]


@pytest.mark.parametrize(
    ("system", "error"),
    [(Failing(), "The engine said nothing for 120 seconds: try again."), (Confused(), "ValueError: could not parse")],
)
def test_a_case_that_fails_is_recorded_and_the_run_goes_on(
    observer: Observer, tmp_path: Path, system: Failing, error: str
) -> None:
    with writing(tmp_path / "r.jsonl", a_header(system="failing")) as writer:
        run(CASES, [system], observer, writer, quiet)
    rows = read(tmp_path / "r.jsonl").rows
    assert [(row.outcome.answer, row.outcome.error) for row in rows] == [(None, error)] * 3


def test_what_the_article_has_at_the_offsets_is_kept_beside_the_quote(observer: Observer) -> None:
    outcome = observer.answered(Says(), CASES[0])
    assert outcome.stood == {1: " dat"}


def test_searching_is_observed_three_ways(observer: Observer) -> None:
    outcome = observer.answered(Says(), CASES[0])
    assert set(outcome.rankings) == set(MODES)
    gold = outcome.gold[0]
    assert gold and any(gold.shared(place) == len(HOMS.quote or "") for place in outcome.rankings["fused"])


def test_a_run_of_searches_has_no_answers(observer: Observer, tmp_path: Path) -> None:
    with writing(tmp_path / "r.jsonl", a_header(system="retrieval")) as writer:
        search_only(CASES, observer, writer, quiet)
    rows = read(tmp_path / "r.jsonl").rows
    assert len(rows) == 3
    assert all(row.outcome.answer is None and row.outcome.error is None for row in rows)


def test_without_gold_the_gold_article_is_not_searched(observer: Observer) -> None:
    (blind,) = without_gold(CASES)
    found = observer.retrieval(blind).rankings
    assert all(place.article != HOMS.article for mode in MODES for place in found[mode])
    assert found["fused"]


def test_an_evidence_that_is_not_there_has_no_place(observer: Observer) -> None:
    gone = replace(CASES[0], evidence=(GoldQuote(HOMS.article, "no such words"), GoldQuote("gone.txt", "x")))
    assert observer.retrieval(gone).gold == (None, None)


def test_an_article_without_a_quote_is_its_whole_text(assistant: CheckedAssistant, observer: Observer) -> None:
    whole = replace(CASES[0], evidence=(GoldQuote(HOMS.article),))
    assert observer.retrieval(whole).gold == (Place(HOMS.article, 0, len(assistant.article(HOMS.article).text)),)


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
