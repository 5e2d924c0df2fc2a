"""Runs in memory, with only what a test is about written out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from eval_helpers import answer, case, outcome, unanswerable

from evals.runs import Run, writing
from evals.types import Row
from rag.types import AnswerSentence, Withheld

ABOUT = "Dateline, as it answers"


def run_of(*rows: Row, path: str = "runs/a.jsonl", **header: Any) -> Run:
    """A run of these rows; its systems are those of the rows."""
    systems = {row.outcome.system: ABOUT for row in rows}
    ids = {row.case.id for row in rows}
    known = {
        "created": "2026-11-22T06:40:00+00:00",
        "commit": "abc1234",
        "dataset": {"name": "seeds", "articles": 2},
        "split": "dev",
        "cases": len(ids),
        "systems": systems,
        "engine": "embedded",
        "model": "tiny",
        "settings": {"threshold": "0.65"},
        "machine": {"processor": "A processor", "cores": 2},
        "judge": None,
    }
    return Run(Path(path), known | header, rows)


def right(id: str = "q1", *, system: str = "dateline", **rest: Any) -> Row:
    """A case that the system answered right."""
    return Row(case(id=id, **rest), outcome("They captured Homs.", system=system))


def wrong(id: str = "q1", *, system: str = "dateline", **rest: Any) -> Row:
    """A case that it answered wrong."""
    return Row(case(id=id, **rest), outcome("They captured Hama.", system=system))


def refused(id: str = "q1", *, system: str = "dateline", answerable: bool = True, **rest: Any) -> Row:
    """A case that it refused."""
    asked = case(id=id, **rest) if answerable else unanswerable(id=id, **rest)
    return Row(asked, outcome(answer("The articles do not answer this question.", abstained=True), system=system))


def broken(id: str = "q1", *, system: str = "dateline", answerable: bool = True) -> Row:
    """A case that it failed."""
    asked = case(id=id) if answerable else unanswerable(id=id)
    return Row(asked, outcome(None, system=system, error="The model server does not answer."))


def weighed(
    id: str,
    *,
    kept: tuple[tuple[str, float], ...] = (),
    withheld: tuple[tuple[str, float | None], ...] = (),
    answerable: bool = True,
) -> Row:
    """A case with sentences of the given support, kept or withheld; a refusal if none was kept."""
    text = " ".join(sentence for sentence, _ in kept) or "The articles do not answer this question."
    given = replace(
        answer(text, abstained=not kept),
        sentences=tuple(AnswerSentence(sentence, (), support) for sentence, support in kept),
        withheld=tuple(Withheld(sentence, "no article says it", support) for sentence, support in withheld),
    )
    return Row(case(id=id) if answerable else unanswerable(id=id), outcome(given))


def kept(folder: Path, name: str, run: Run) -> Path:
    """`run` as a file in `folder`."""
    path = folder / name
    with writing(path, run.header) as writer:
        for row in run.rows:
            writer.add(row)
    return path
