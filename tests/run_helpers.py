"""Runs in memory, with only what a test is about written out."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from eval_helpers import answer, case, outcome, unanswerable
from rich.console import Console

from evals.runs import Run, writing
from evals.types import Row
from rag.types import Answer, AnswerSentence, Withheld

ABOUT = "Dateline, as it answers"
Weights = tuple[tuple[str, float | None], ...]
_REFUSAL = "The articles do not answer this question."


def run_of(*rows: Row, path: str = "runs/a.jsonl", **header: Any) -> Run:
    """A run of these rows; its systems are those of the rows."""
    systems = {row.outcome.system: ABOUT for row in rows}
    known = {
        "created": "2026-11-22T06:40:00+00:00", "commit": "abc1234", "dataset": {"name": "seeds", "articles": 2},
        "split": "dev", "cases": len({row.case.id for row in rows}), "systems": systems, "engine": "embedded",
        "model": "tiny", "settings": {"threshold": "0.65"}, "machine": {"processor": "A processor", "cores": 2},
        "judge": None,
    }  # fmt: skip
    return Run(Path(path), known | header, rows)


def _row(given: Answer | str | None, id: str = "q1", *, answerable: bool = True, **rest: Any) -> Row:
    asked = case if answerable else unanswerable
    observed = {name: rest.pop(name) for name in ("system", "error") if name in rest}
    return Row(asked(id=id, **rest), outcome(given, **observed))


right, wrong = partial(_row, "They captured Homs."), partial(_row, "They captured Hama.")
refused = partial(_row, answer(_REFUSAL, abstained=True))
broken = partial(_row, None, error="The model server does not answer.")
"""`right("q2")`: a case that the system answered right; or wrong, or that it refused, or failed."""


def weighed(id: str, *, kept: Weights = (), withheld: Weights = (), **rest: Any) -> Row:
    """A case with sentences of the given support, kept or withheld; a refusal if none was kept."""
    text = " ".join(sentence for sentence, _ in kept) or _REFUSAL
    sentences = tuple(AnswerSentence(sentence, (), support) for sentence, support in kept)
    unshown = tuple(Withheld(sentence, "no article says it", support) for sentence, support in withheld)
    return _row(answer(text, abstained=not kept, sentences=sentences, withheld=unshown), id, **rest)


def kept(folder: Path, name: str, run: Run) -> Path:
    """`run` as a file in `folder`."""
    path = folder / name
    with writing(path, run.header) as writer:
        for row in run.rows:
            writer.add(row)
    return path


def printed(show: Callable[[Any, Console], None], what: Any, width: int = 100) -> str:
    """What `show` writes of it where there is no terminal."""
    out = io.StringIO()
    show(what, Console(file=out, width=width))
    return out.getvalue()
