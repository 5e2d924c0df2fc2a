"""`dateline eval` as a person types it. No model is loaded but where a test says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from evals.runs import read
from evals.signals import Observation
from evals.signals import read as read_signals
from rag.cli import main
from rag.support import Signals


class Result(NamedTuple):
    code: int
    out: str
    err: str


Evaluate = Callable[..., Result]


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Evaluate:
    """Runs `dateline eval …` in this process."""

    def command(*arguments: object) -> Result:
        with pytest.raises(SystemExit) as exit:
            main(["eval", "--data-dir", str(tmp_path / "data"), "--engine", "embedded", *map(str, arguments)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Result(int(exit.value.code or 0), printed.out, printed.err)

    return command


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two articles and two questions, in the plain form of a dataset."""
    folder = tmp_path / "cities"
    (folder / "articles").mkdir(parents=True)
    (folder / "articles" / "a.txt").write_text("The river in Hama is the Orontes. It is old.", encoding="utf-8")
    (folder / "articles" / "b.txt").write_text("Aleppo has a citadel on a hill.", encoding="utf-8")
    questions = [
        {"id": "river", "question": "Which river is in Hama?", "answers": ["Orontes"], "answerable": True,
         "evidence": [{"article": "a.txt", "quote": "The river in Hama is the Orontes."}]},
        {"id": "hill", "question": "What stands on a hill in Aleppo?", "answers": ["citadel"], "answerable": True,
         "evidence": [{"article": "b.txt", "quote": "Aleppo has a citadel on a hill."}]},
    ]  # fmt: skip
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")
    return folder


def test_retrieval_alone_is_measured_without_a_model(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    result = evaluate("--dataset", data, "--format", "folder", "--retrieval")
    assert result.code == 0, result.err
    assert "recall@1" in result.out and "100 [34–100] n=2" in result.out
    run = read(tmp_path / "data" / "runs" / "cities-retrieval.jsonl")
    assert run.complete and run.header["dataset"]["articles"] == 2


def test_cases_that_tuning_has_seen_can_be_left_out(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    (tmp_path / "seen.txt").write_text("river\n", encoding="utf-8")
    options = ("--dataset", data, "--format", "folder", "--retrieval", "--skip", tmp_path / "seen.txt")
    assert evaluate(*options, "--out", tmp_path / "r.jsonl").code == 0
    assert [row.case.id for row in read(tmp_path / "r.jsonl").rows] == ["hill"]


def test_signals_are_fitted_and_shown_by_threshold(evaluate: Evaluate, tmp_path: Path) -> None:
    lines = [one.to_json() for form in ("draft", "quote") for one in observations(form)]
    (tmp_path / "signals.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = evaluate("fit", tmp_path / "signals.jsonl")
    assert result.code == 0, result.err
    assert "draft: 20 right, 20 wrong, AUC 1.000 on held-out folds" in result.out
    assert "from 0.5: shows 100% of the right ones, 0% of the wrong ones" in result.out


@pytest.mark.slow
def test_what_speaks_for_a_draft_is_gathered_once_for_each_case(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    options = ("--dataset", data, "--format", "folder", "--signals", tmp_path / "signals.jsonl")
    assert evaluate(*options, "--limit", 1).code == 0
    first = read_signals(tmp_path / "signals.jsonl")
    assert {one.form for one in first} == {"draft", "quote"}
    assert all(one.right for one in first if one.form == "draft")
    assert evaluate(*options).code == 0
    both = read_signals(tmp_path / "signals.jsonl")
    assert both[: len(first)] == first
    assert {one.id for one in both} == {"river", "hill"}


def observations(form: str) -> list[Observation]:
    """Right where it is stated and answered."""
    return [
        Observation(f"case-{n}", form, n % 2 == 0, Signals(0.5, 0.5, 0.5, 0.5, 2.0 - n % 2 * 4, -0.1, 1, 0))  # type: ignore[arg-type]
        for n in range(40)
    ]


def test_a_run_is_scored_again_without_a_model(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    evaluate("--dataset", data, "--format", "folder", "--retrieval", "--out", tmp_path / "r.jsonl")
    result = evaluate("--rescore", tmp_path / "r.jsonl", "--json")
    assert result.code == 0
    scores = json.loads(result.out)
    assert "fused.quote.recall@1" in json.dumps(scores)


def test_without_gold_the_cases_are_unanswerable(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    options = ("--dataset", data, "--format", "folder", "--without-gold", "--retrieval")
    assert evaluate(*options, "--out", tmp_path / "r.jsonl").code == 0
    rows = read(tmp_path / "r.jsonl").rows
    assert [(row.case.id, row.case.answerable) for row in rows] == [
        ("river-without-gold", False), ("hill-without-gold", False),
    ]  # fmt: skip
    assert rows[0].outcome.rankings["fused"][0].article == "b.txt"


def test_a_limit_takes_so_many_cases(evaluate: Evaluate, tmp_path: Path) -> None:
    assert evaluate("--split", "dev", "--limit", 3, "--retrieval", "--out", tmp_path / "r.jsonl").code == 0
    rows = read(tmp_path / "r.jsonl").rows
    assert len(rows) == 3 and all(row.case.split == "dev" for row in rows)


def test_a_dataset_needs_its_form(evaluate: Evaluate, data: Path) -> None:
    result = evaluate("--dataset", data)
    assert result.code == 2
    assert "--dataset needs --format: one of folder, squad, ramdocs, passages." in result.err


def test_a_peer_that_is_not_there_is_named(evaluate: Evaluate) -> None:
    result = evaluate("--limit", 1, "--peer", "oracle")
    assert result.code == 1
    assert "There is no system 'oracle' to evaluate" in result.err


def test_what_is_no_run_is_said(evaluate: Evaluate, data: Path) -> None:
    result = evaluate("--rescore", data / "questions.jsonl")
    assert result.code == 1
    assert "is not a run of dateline eval" in result.err


def test_two_runs_are_compared_and_reported_on(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        evaluate("--dataset", data, "--format", "folder", "--retrieval", "--out", tmp_path / name)
    compared = evaluate("compare", tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--system", "retrieval")
    assert compared.code == 0, compared.err
    reported = evaluate("report", tmp_path / "a.jsonl", "--out", tmp_path / "r.html")
    assert reported.code == 0, reported.err
    assert "<html" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_failed_gate_exits_with_1(evaluate: Evaluate, tmp_path: Path) -> None:
    bars = tmp_path / "gate.toml"
    bars.write_text("cases = 1\n[at_least]\ncorrect = 1.1\n[at_most]\n")
    result = evaluate("gate", "--bars", bars)
    assert result.code == 1
    assert "The gate is shut: correct is" in result.err


@pytest.mark.slow
def test_a_question_is_asked_scored_and_printed(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    result = evaluate("--dataset", data, "--format", "folder", "--limit", 1, "--peer", "bm25-top", "--judge")
    assert result.code == 0, result.err
    run = read(tmp_path / "data" / "runs" / "cities.jsonl")
    assert run.complete and run.systems == ("dateline", "bm25-top")
    assert all(row.outcome.answer and "Orontes" in row.outcome.answer.text for row in run.rows)
    assert "bm25-top" in result.out and "right answers" in result.out


@pytest.mark.slow
def test_what_was_remembered_needs_no_model(
    evaluate: Evaluate, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--dataset", data, "--format", "folder", "--limit", 1, "--remember", tmp_path / "said.db", "--out")
    assert evaluate(*asked, tmp_path / "first.jsonl").code == 0
    monkeypatch.setenv("DATELINE_CACHE_DIR", str(tmp_path / "no-model"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    again = evaluate(*asked, tmp_path / "again.jsonl")
    assert again.code == 0, again.err
    first, second = (read(tmp_path / name).rows[0].outcome.answer for name in ("first.jsonl", "again.jsonl"))
    assert first and second and "Orontes" in first.text
    assert (second.text, second.sentences, second.usage) == (first.text, first.sentences, first.usage)
