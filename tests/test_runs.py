"""Runs: how cases are asked and observed, on disk, on the page of past runs, at the gate, and why a case went wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from app_helpers import MODEL, says
from checking import CheckedAssistant
from eval_helpers import answer, case, failed, outcome, unanswerable
from ollama_double import RECORDED_MODEL, OllamaDouble, error_in_mid_stream
from run_helpers import broken, kept, refused, right, run_of, wrong

from evals import causes
from evals.cases import without_gold
from evals.gate import BARS, Gate
from evals.judge import SupportJudge
from evals.peers import Bm25Top
from evals.progress import Progress
from evals.run import Observer, corpus, header, run
from evals.runs import RunError, place_for, read, writing
from evals.scoring import MODES
from evals.types import Case, GoldQuote, Outcome, Place, Row, Support
from index.errors import DatelineError
from index.types import Hit, Passage
from rag.engines.ollama import OllamaEngine
from rag.errors import EngineTimeout
from rag.types import Answer, Usage, Withheld
from web.runs import Runs

HOMS = GoldQuote("001_8034130e071ff64c.txt", "Homs is about 40 kilometres (25 miles) south of Hama.")
CASES = [
    case("How far is Homs from Hama?", ["25 miles"], id="homs", evidence=(HOMS,)),
    case("Who is the mayor of Hama?", id="mayor", answerable=False),
    case("What is the capital of Australia?", id="other", answerable=False),
]


class Says:
    """A system that cites the first four characters of an article for whatever it is asked, or fails."""

    name, about = "dateline", ""

    def __init__(self, said: str | Exception) -> None:
        self.said = said

    def answer(self, case: Case) -> Any:
        if isinstance(self.said, Exception):
            raise self.said
        return answer("It lies far away [1].", cites=[(HOMS.article, 0, 4, self.said)])


def written(path: Path, meets: Callable[[Case], Outcome], told: Progress = lambda *_: None) -> tuple[Row, ...]:
    """The rows of the run at `path`, begun or gone on with."""
    with writing(path, {"created": "now", "cases": len(CASES), "systems": {"any": ""}}) as writer:
        run(CASES, {meets(CASES[0]).system: meets}, writer, told)
    return read(path).rows


def test_an_interrupted_run_asks_what_is_left(asked: CheckedAssistant, tmp_path: Path) -> None:
    def interrupt(done: int, total: int, system: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    path, told, meets = tmp_path / "r.jsonl", list[int](), partial(Observer(asked, None).answered, Bm25Top(asked))
    with pytest.raises(KeyboardInterrupt):
        written(path, meets, told=interrupt)
    assert len(read(path).rows) == 2
    rows = written(path, meets, told=lambda done, total, system: told.append(done))
    assert ([row.case.id for row in rows], told) == (["homs", "mayor", "other"], [2, 3])
    seen = rows[0].outcome
    gold = seen.gold[0]
    assert gold and asked.article(gold.article).text[gold.start : gold.end] == HOMS.quote
    assert seen.answer and seen.stood == {1: seen.answer.citations[0].quote}
    assert seen.memory_mb and seen.memory_mb > 50


def test_what_ollama_holds_the_model_in_is_counted(seeds_dir: Path) -> None:
    def memory(ollama: OllamaDouble) -> float:
        with CheckedAssistant(seeds_dir, "ollama", RECORDED_MODEL, ollama_host=ollama.url) as assistant:
            return Observer(assistant, None).answered(Bm25Top(assistant), CASES[0]).memory_mb or 0.0

    with OllamaDouble() as loaded, OllamaDouble(ps="ps_empty") as empty:
        alone, together = memory(empty), memory(loaded)
    assert together - alone >= 550  # the recorded size of the model in memory


def test_what_an_answer_stands_on_and_what_the_judge_says_are_kept_with_it(asked: CheckedAssistant) -> None:
    for chat, supported in ((says("Yes"), True), (error_in_mid_stream(), None)):
        with OllamaDouble(chat=chat) as server:
            judge = SupportJudge(OllamaEngine(MODEL, host=server.url), asked.embed)
            seen = Observer(asked, judge).answered(Says("Far from here it lies"), CASES[0])
        assert (seen.error, [one.supported for one in seen.support]) == (None, [supported])
    assert (seen.stood, set(seen.rankings)) == ({1: " dat"}, set(MODES))
    gold = seen.gold[0]
    assert gold and any(gold.shared(place) == len(HOMS.quote or "") for place in seen.rankings["fused"])


def test_the_run_goes_on_after_a_failure_even_one_that_nobody_foresaw(asked: CheckedAssistant, tmp_path: Path) -> None:
    for failure, error in ((EngineTimeout("Try again."), "Try again."), (ValueError("odd"), "ValueError: odd")):
        rows = written(tmp_path / type(failure).__name__, partial(Observer(asked, None).answered, Says(failure)))
        assert [(row.outcome.answer, row.outcome.error) for row in rows] == [(None, error)] * 3


def test_a_search_sees_what_its_case_lets_it(asked: CheckedAssistant, tmp_path: Path) -> None:
    observer = Observer(asked, None)
    rows = written(tmp_path / "r.jsonl", observer.retrieval)
    assert [(row.outcome.answer, row.outcome.error) for row in rows] == [(None, None)] * 3
    (blind,) = without_gold(CASES)
    found = observer.retrieval(blind).rankings
    assert found["fused"] and all(place.article != HOMS.article for mode in MODES for place in found[mode])
    gone = (GoldQuote(HOMS.article, "no such words"), GoldQuote("gone.txt", "x"), GoldQuote(HOMS.article))
    whole = Place(HOMS.article, 0, len(asked.article(HOMS.article).text))
    assert observer.retrieval(replace(CASES[0], evidence=gone)).gold == (None, None, whole)


def test_a_header_changes_with_the_cases_and_the_settings(asked: CheckedAssistant, seeds_dir: Path) -> None:
    def made(one: CheckedAssistant, cases: list[Case]) -> dict[str, object]:
        head = header(one, cases, {"dateline": ""}, {"name": "seeds"} | corpus(one))
        return {key: value for key, value in head.items() if key not in ("created", "machine")}

    first = made(asked, CASES)
    assert first == made(asked, CASES) != made(asked, CASES[:2])
    assert len(str(first["model_sha256"])) == 64
    for threshold in (asked.settings.threshold, 0.3):
        with CheckedAssistant(seeds_dir, "embedded", threads=1, timeout=300, threshold=threshold) as another:
            assert (made(another, CASES) == first) is (threshold != 0.3)


HEADER = {"created": "2026-01-01T00:00:00+00:00", "commit": "abc", "cases": 2, "systems": {"dateline": "us"}}
SAID = answer("It is Homs [1].", cites=[("a.txt", 10, 14, "Homs")])
SEEN = {"rankings": {"bm25": (Place("a.txt", 0, 20),)}, "support": (Support(0, (1,), 0.5, False, "no"),)}
TURN = {"role": "user", "content": "Hi"}
KNOWN = case(id="one", evidence=(GoldQuote("a.txt", "Homs"),), as_of=date(2024, 12, 5), history=(TURN,))
ONE = Row(KNOWN, outcome(SAID, **SEEN))
TWO = Row(case(id="two"), Outcome("dateline", None, error="the engine died"))


def begun(path: Path, *rows: Row, **changed: Any) -> Path:
    """A run at `path` with these rows, or gone on with by them."""
    with writing(path, HEADER | changed) as writer:
        for row in rows:
            writer.add(row)
    return path


def test_what_is_written_is_read_again_and_an_interrupted_run_is_gone_on_with(tmp_path: Path) -> None:
    path = begun(tmp_path / "runs" / "r.jsonl", ONE, TWO)
    assert (read(path).rows, read(path).complete) == ((ONE, TWO), True)
    path.write_bytes(path.read_bytes()[:-5])  # the power went
    assert (read(path).rows, read(path).complete) == ((ONE,), False)
    with writing(path, HEADER | {"created": "later", "machine": {"cores": 3}}) as writer:
        assert writer.done == {("dateline", "one")}
    assert read(begun(path, TWO)).rows == (ONE, TWO)


def test_a_run_is_not_mixed_with_another_nor_written_twice(tmp_path: Path) -> None:
    path = begun(tmp_path / "r.jsonl")
    with pytest.raises(RunError, match=r"another run \(its commit, judge differ\): name another file with --out"):
        begun(path, commit="def", judge="a judge")
    with writing(path, HEADER), pytest.raises(RunError, match="Another process is writing"):
        begun(path)


def test_a_complete_run_is_left_and_an_interrupted_one_is_taken(tmp_path: Path) -> None:
    first = begun(place_for(tmp_path, "seeds", HEADER), ONE)
    second = tmp_path / "seeds-2.jsonl"
    assert place_for(tmp_path, "seeds", HEADER) == first
    assert place_for(tmp_path, "seeds", HEADER | {"commit": "def"}) == second
    begun(first, TWO)
    assert place_for(tmp_path, "seeds", HEADER) == second
    second.write_text("no run")
    assert place_for(tmp_path, "seeds", HEADER) == tmp_path / "seeds-3.jsonl"


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    for content, message in (
        (None, "cannot be read"),
        ("", "is not a run of dateline eval"),
        ('{"id": 1}\n', "is not a run of dateline eval"),
        ('{"dateline_run": 99}\n', "another version"),
        ('{"dateline_run": 1, "cases": 1, "systems": {}}\n{"case": 3}\n', "line 2, case: Input should be"),
    ):
        if content is not None:
            (tmp_path / "r.jsonl").write_text(content)
        with pytest.raises(RunError, match=message):
            read(tmp_path / "r.jsonl")


def test_runs_are_listed_with_their_scores_as_they_are_now_and_only_these_open(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    assert "dateline eval" in runs.html()
    kept(tmp_path, "opal.jsonl", run_of(right("q1"), wrong("q2"), refused("q3"), refused("q4")))
    (tmp_path / "<b>.jsonl").write_text("nothing", encoding="utf-8")
    for told in (
        'href="reports?run=opal.jsonl"', "seeds · dev · 4 cases · 22 November 2026", "<td>25.0</td>",
        '<td class="wide">50.0</td>', "&lt;b&gt;.jsonl is not a run of dateline eval",
    ):  # fmt: skip
        assert told in runs.html()
    (tmp_path / "opal.jsonl").unlink()
    for name in ("opal.jsonl", "jade.jsonl"):
        kept(tmp_path, name, run_of(right("q1")))
    assert runs.html().count("<td>100.0</td>") == 2
    page = runs.report(["opal.jsonl", "jade.jsonl"])
    assert ("opal" in page, "jade" in page) == (True, True)
    for name in ("none.jsonl", "../runs/opal.jsonl", "/etc/passwd", str(tmp_path / "opal.jsonl")):
        with pytest.raises(RunError, match="There is no run"):
            runs.report([name])


HALF_RIGHT, HALF_REFUSED = [right("a"), wrong("b")], [refused("d", answerable=False), wrong("c", answerable=False)]


@pytest.mark.parametrize(
    ("rows", "at_least", "at_most", "said"),
    [
        (HALF_RIGHT, {"correct": 0.5}, {}, []),
        (HALF_RIGHT, {"correct": 0.6}, {}, ["correct is 0.500, the bar 0.6"]),
        (HALF_REFUSED, {}, {"answered_unanswerable": 0.5}, []),
        (HALF_REFUSED, {}, {"answered_unanswerable": 0.4}, ["answered_unanswerable is 0.500, the bar 0.4"]),
        ([right()], {"refusal_recall": 0.1}, {}, ["refusal_recall has no score"]),
        ([right(), broken("e")], {"correct": 0.5}, {}, ["e failed (The model server does not answer.)"]),
    ],
)
def test_what_shuts_it(rows: list[Row], at_least: dict[str, float], at_most: dict[str, float], said: list[str]) -> None:
    assert Gate(len(rows), at_least, at_most).failures(run_of(*rows)) == said


def test_the_gate_asks_25_cases_or_more_for_every_kind_of_score_and_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    gate = Gate.load(BARS)
    wanted = {"correct", "refusal_recall", "refused_answerable", "citation_recall", "citation_precision", "quote_exact"}
    assert gate.cases >= 25 and wanted <= {*gate.at_least, *gate.at_most}
    for text in ("cases = 30", "cases = [", "cases = 30\nat_least = 3\nat_most = 4"):
        (tmp_path / "gate.toml").write_text(text)
        with pytest.raises(DatelineError, match="is not a gate"):
            Gate.load(tmp_path / "gate.toml")


GOLD = (Place("a.txt", 100, 150),)
ASKED = case(evidence=(GoldQuote("a.txt", "They captured Homs."),))
HITS = {name: (Hit(Passage("1", name, name, None, "", 0, 400), 0.03, 1, 0.6),) for name in ("a.txt", "b.txt")}
SOFT = Withheld("It is Homs.", "no article says it", 0.4)


def said(text: str, article: str, start: int) -> Answer:
    return answer(f"{text} [1].", cites=[(article, start, start + 50, "")], hits=HITS[article])


def refusal(*withheld: Withheld, written: int = 9) -> Answer:
    usage = Usage(100, 0, written)
    return answer("The articles do not say.", abstained=True, hits=HITS["a.txt"], usage=usage, withheld=withheld)


@pytest.mark.parametrize(
    ("asked", "given", "expected"),
    [
        (ASKED, said("It is Homs", "a.txt", 100), None),
        (ASKED, said("It is Aleppo", "a.txt", 100), causes.WRONG_GOLD),
        (ASKED, said("It is Aleppo", "a.txt", 300), causes.WRONG_ELSEWHERE),
        (ASKED, said("It is Aleppo", "b.txt", 100), causes.NOT_FOUND),
        (ASKED, refusal(SOFT), causes.RIGHT_BUT_SOFT),
        (ASKED, refusal(Withheld("It is Homs.", "the name Homs is in no article found")), causes.RIGHT_BUT_HARD),
        (ASKED, refusal(Withheld("It is Aleppo.", "no article says it", 0.4)), causes.WRONG_WITHHELD),
        (ASKED, refusal(), causes.DECLINED),
        (ASKED, refusal(written=0), causes.NOT_ASKED),
        (unanswerable(), answer("It is Homs."), causes.ANSWERED),
        (unanswerable(), refusal(), None),
        (ASKED, None, None),  # only searched
    ],
)
def test_the_cause_of_a_wrong_case(asked: Case, given: Answer | None, expected: str | None) -> None:
    assert causes.cause(asked, Outcome("any", given, gold=GOLD)) == expected


def test_the_largest_cause_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Row(ASKED, failed()), *(Row(ASKED, outcome(refusal(SOFT), gold=GOLD)) for _ in range(2))]
    causes.print_causes(rows)
    told = capsys.readouterr().out.splitlines()
    heads = [f"{causes.RIGHT_BUT_SOFT}: 2", f"{causes.FAILED}: 1"]
    assert [line for line in told if line and not line.startswith(" ")] == heads
    assert "    withheld: “It is Homs.” (no article says it, 0.40)" in told
