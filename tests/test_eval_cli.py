"""`dateline eval` and the bench as a person types them. Where a model must speak, it is Ollama's double."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_helpers import MODEL, says
from commands import Result, Run
from eval_helpers import answer, lines
from ollama_double import OllamaDouble

from evals.bench import main as bench
from evals.cases import CasesError, load
from evals.fit import SIGNALS
from evals.fit import read as read_signals
from evals.runs import read
from evals.systems import SYSTEMS
from evals.types import Row
from web.conversations import Conversations

Evaluate = Callable[..., Result]
RIVER, HILL = "The river in Hama is the Orontes.", "Aleppo has a citadel on a hill."
ON_OLLAMA = ("--engine", "ollama", "--model", MODEL)


@pytest.fixture
def evaluate(run: Run, tmp_path: Path) -> Evaluate:
    """Runs `dateline eval …` in this process."""
    return lambda *arguments: run("eval", "--data-dir", tmp_path / "data", "--engine", "embedded", *arguments)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two articles and two questions, in the plain form of a dataset."""
    river = {"id": "river", "question": "Which river is in Hama?", "answers": ["Orontes"]}
    hill = {"id": "hill", "question": "What stands on a hill in Aleppo?", "answers": ["citadel"]}
    for asked, text in ((river, RIVER), (hill, HILL)):
        article = lines(tmp_path / "cities" / "articles" / f"{asked['id']}.txt", f"{text} It is old.".encode())
        asked |= {"answerable": True, "evidence": [{"article": article.name, "quote": text}]}
    return lines(tmp_path / "cities" / "questions.jsonl", river, hill).parent


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[OllamaDouble]:
    """A model that knows one river, and finds everything stated."""
    with OllamaDouble(chat=says(RIVER)) as server:
        monkeypatch.setenv("DATELINE_OLLAMA_HOST", server.url)
        yield server


def test_retrieval_alone_is_measured_compared_and_reported_on(evaluate: Evaluate, data: Path, tmp_path: Path) -> None:
    result = evaluate("--dataset", data, "--format", "folder", "--retrieval")
    assert result.code == 0, result.err
    assert "recall@1" in result.out and "100 [34–100] n=2" in result.out
    path = tmp_path / "data" / "runs" / "cities-retrieval.jsonl"
    assert read(path).complete and read(path).header["dataset"]["articles"] == 2
    again = evaluate("--rescore", path, "--json")
    assert json.loads(again.out)["systems"]["retrieval"]["scores"]["fused.quote.recall@1"]["mean"] == 1
    compared = evaluate("compare", path, path, "--system", "retrieval")
    assert (compared.code, "30 retrieval scores are the same in every case." in compared.out) == (0, True)
    assert evaluate("report", path, "--out", tmp_path / "r.html").code == 0
    assert "<html" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert evaluate("causes", path, "--system", "retrieval") == (0, "", "")


def test_what_is_asked_can_be_chosen_and_is_the_seeds_if_nothing_else_is_named(
    evaluate: Evaluate, data: Path, tmp_path: Path
) -> None:
    def rows(name: str, *options: object) -> tuple[Row, ...]:
        assert evaluate(*options, "--retrieval", "--out", tmp_path / name).code == 0
        return read(tmp_path / name).rows

    ids, cities = lines(data / "ids", b"river\n"), ("--dataset", data, "--format", "folder")
    assert [row.case.id for row in rows("left", *cities, "--skip", ids)] == ["hill"]
    assert [row.case.id for row in rows("limited", *cities, "--limit", 1)] == ["river"]
    blind, other = rows("blind", *cities, "--without-gold")
    assert [row.case.id for row in (blind, other)] == ["river-without-gold", "hill-without-gold"]
    assert not blind.case.answerable and not other.case.answerable
    assert blind.outcome.rankings["fused"][0].article == "hill.txt"
    assert [row.case.split for row in rows("seeds", "--split", "dev", "--limit", 3)] == ["dev"] * 3


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ("--dataset {data}", 2, "--dataset needs --format: one of folder, squad, ramdocs, passages."),
        ("--limit 1 --peer oracle", 1, f"There is no system 'oracle' to evaluate: choose from {', '.join(SYSTEMS)}."),
        ("--rescore {data}/questions.jsonl", 1, "is not a run of dateline eval"),
        ("--cases {data}/questions.jsonl --corpus {data}", 1, "questions.jsonl, line 1, kind: it is missing"),
        ("--dataset {data} --format folder --skip {data}/ids", 1, "No case is left to run: choose"),
        ("fit {data}/vibes.jsonl", 1, "is no file of signals"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(evaluate: Evaluate, data: Path, options: str, code: int, told: str) -> None:
    (data / "ids").write_text("river hill", encoding="utf-8")
    lines(data / "vibes.jsonl", {"id": "x", "signals": {"vibes": 1}})
    result = evaluate(*(option.format(data=data) for option in options.split()))
    assert (result.code, told in result.err) == (code, True), result.err


def test_signals_are_fitted_and_shown_by_threshold(evaluate: Evaluate, tmp_path: Path) -> None:
    seen = [
        {"id": f"case-{n}", "form": form, "right": n % 2 == 0, "signals": {"answers": 4.0 - n % 2 * 8}}
        for form in SIGNALS
        for n in range(40)
    ]
    result = evaluate("fit", lines(tmp_path / "signals.jsonl", {"id": "never asked"}, *seen))
    assert result.code == 0, result.err
    assert "quote: 20 right, 20 wrong, AUC 1.000 on held-out folds" in result.out
    assert "from 0.5: shows 100% of the right ones, 0% of the wrong ones" in result.out


def test_a_memory_is_asked_first(evaluate: Evaluate, data: Path, tmp_path: Path, ollama: OllamaDouble) -> None:
    asked = ("--dataset", data, "--format", "folder", "--limit", 1, "--peer", "bm25-top", *ON_OLLAMA)
    asked = (*asked, "--remember", tmp_path / "said.db", "--out")
    result = evaluate(*asked, tmp_path / "first.jsonl")
    assert result.code == 0, result.err
    assert "bm25-top" in result.out and "right answers" in result.out
    first, chats = read(tmp_path / "first.jsonl"), len(ollama.chats)
    assert first.complete and first.systems == ("dateline", "bm25-top") and chats
    assert all(row.outcome.answer and "Orontes" in row.outcome.answer.text for row in first.rows)
    assert evaluate(*asked, tmp_path / "again.jsonl").code == 0
    before, after = (run.rows[0].outcome.answer for run in (first, read(tmp_path / "again.jsonl")))
    assert before and after and len(ollama.chats) == chats
    assert (after.text, after.sentences, after.usage) == (before.text, before.sentences, before.usage)


def test_signals_are_gathered_once(evaluate: Evaluate, data: Path, tmp_path: Path, ollama: OllamaDouble) -> None:
    options = ("--dataset", data, "--format", "folder", "--signals", tmp_path / "signals.jsonl", *ON_OLLAMA)
    assert evaluate(*options, "--limit", 1).code == 0
    first = read_signals(tmp_path / "signals.jsonl")
    assert {one.form for one in first} == set(SIGNALS)
    assert all(one.right for one in first if one.form == "draft")
    assert evaluate(*options).code == 0
    both = read_signals(tmp_path / "signals.jsonl")
    assert both[: len(first)] == first
    assert {one.id for one in both} == {"river", "hill"}


def test_a_failed_gate_exits_with_1(evaluate: Evaluate, tmp_path: Path, ollama: OllamaDouble) -> None:
    bars = tmp_path / "gate.toml"
    for bar, code, told in ((1.1, 1, "The gate is shut: correct is"), (0.0, 0, "The gate is open")):
        bars.write_text(f"cases = 1\n[at_least]\ncorrect = {bar}\n[at_most]\n")
        result = evaluate(*ON_OLLAMA, "gate", "--bars", bars)
        assert (result.code, told in result.err + result.out) == (code, True), result.err


CLAIMS = [
    {"id": f"{label}{half}", "claim": claim, "label": label, "evidence_sentences": [RIVER, "It is old and wide."]}
    for half in "ab"
    for label, claim in ((1, "The Orontes is a river in Hama."), (0, "The river has 90 bridges."))
]


def test_the_judge_is_measured_on_gold_sentences_without_a_chat_model(evaluate: Evaluate, tmp_path: Path) -> None:
    result = evaluate("judge", "--split", "dev", "--limit", 6, "--claims", lines(tmp_path / "c.jsonl", *CLAIMS))
    assert result.code == 0, result.err
    found = {line[:50].strip(): float(line[50:58]) for line in result.out.splitlines()}
    assert found["recall@3 of the gold sentence, judge"] >= 0.5
    assert found["AUC, an answer is there or not"] > 0.5
    assert found["AUC, claims with human labels"] == 1


def test_the_marker_is_measured_on_claims_with_labels(evaluate: Evaluate, tmp_path: Path, ollama: OllamaDouble) -> None:
    result = evaluate(*ON_OLLAMA, "marker", lines(tmp_path / "claims.jsonl", *CLAIMS), "--half", "second")
    assert result.code == 0, result.err
    assert result.out.startswith(f"{MODEL}: support judge: balanced accuracy 1.00, AUC 1.00 on 2 claims")


def test_a_verdict_gives_what_is_known_and_loading_asks_for_the_rest(evaluate: Evaluate, tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "data" / "conversations.db")
    here, told = kept.begin("anna"), answer("He heads it [1].", [("a.txt", 10, 17, "quote 1")]).to_dict()
    for question, verdict in (("Who heads it?", "up"), ("Since when?", "down"), ("Why?", "up"), ("And then?", None)):
        turn = kept.ask("anna", here, question)
        kept.answered("anna", turn, answer("Not said.", abstained=True).to_dict() if question == "Why?" else told)
        kept.judged("anna", turn, verdict, "He left." if verdict == "down" else None)
    path = tmp_path / "data" / "feedback.jsonl"
    assert evaluate("--from-feedback").out == f"3 candidates in {path}: finish them, then ask with --cases.\n"
    good, bad, refused = map(json.loads, path.read_text("utf-8").splitlines())
    assert (good["question"], good["answerable"], good["accepted"]) == ("Who heads it?", True, ["He heads it."])
    assert good["evidence"] == [{"article": "a.txt", "quote": "quote 1"}]
    assert (bad["accepted"], bad["wrong"], bad["note"]) == ([], ["He heads it."], "He left.")
    assert [message["content"] for message in bad["history"]] == ["Who heads it?", "He heads it [1]."]
    assert (refused["question"], refused["answerable"]) == ("Why?", False)
    with pytest.raises(CasesError, match=r"feedback.jsonl.*2.*no answer is accepted; add one to 'accepted'"):
        load(path)


def test_the_bench_times_two_systems(data: Path, ollama: OllamaDouble, capsys: pytest.CaptureFixture[str]) -> None:
    lines(data / "articles.jsonl", *({"article": name, "title": "Cities"} for name in ("river.txt", "hill.txt")))
    bench([str(data), "--questions", "2", *ON_OLLAMA], standalone_mode=False)
    out = capsys.readouterr().out
    assert "2 short articles, 2 questions" in out and "1 long articles, 2 questions" in out
    figures = [line.split()[-3:] for line in out.splitlines() if line.startswith("prompt tokens, median")]
    assert len(figures) == 2 and all(float(mine) > 0 and float(theirs) > 0 for mine, theirs, _ in figures)
    assert out.count("first token, p95, s") == 2
