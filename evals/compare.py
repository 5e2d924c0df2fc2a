"""Did a change make answers better or worse? Two runs, or two systems of one run, over the same cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evals.runs import Run
from evals.scoring import CITATIONS, GROUPS, RETRIEVAL, VERDICTS, figure, in_order, label, score
from evals.stats import paired_bootstrap
from evals.table import headline, plain_or_terminal, row_name
from evals.types import Case, Outcome, Row
from index.errors import DatelineError
from rag.terminal import Console

_LEVEL = 0.05
_OF_REFUSALS = "refusal_precision"
_BY_CASE = (*VERDICTS, "answers_given", "wrong_stated", "refused_answerable", *CITATIONS)
_COMPARED = ("engine", "model", "model_sha256", "dataset", "split", "settings", "machine")
_FOOT = (
    "Means over the cases that were scored on both sides (n); difference is the second minus the first, with a 95 % "
    "bootstrap interval. Better or worse: p < 0.05 in a paired randomization test, which chance alone passes for one "
    "score in twenty."
)


class CompareError(DatelineError):
    """The runs, or the systems, can't be compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One score on both sides, over the cases where both could be scored."""

    name: str
    a: float
    b: float
    n: int
    difference: float
    """b - a."""
    low: float
    high: float
    p: float
    verdict: str
    """Of b: "better", "worse" or "noise"; "differs" where more is neither; "same" where no case differs."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`b` against `a`: of two runs, the later against the earlier."""

    a: str
    b: str
    paired: int
    """Cases that are in both."""
    left_out: tuple[tuple[str, tuple[str, ...]], ...]
    """Why some cases are not compared, and their ids."""
    warnings: tuple[str, ...]
    """What else differs between the runs than what is compared, and could be the reason."""
    differences: tuple[Difference, ...]
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    answers: tuple[tuple[Row, Row], ...]
    """The cases that are answered in other words now."""


Change = tuple[Case, tuple[tuple[str, float, float], ...]]
"""A case, and its scores that moved in one direction: (name, in a, in b)."""


def compare(a: Run, b: Run, system: str = "dateline", other: str | None = None) -> Comparison:
    """`other` of run `b` against `system` of run `a`; `other` is the same system unless named.

    Raises CompareError if a run lacks the system, or they share no case.
    """
    other = other or system
    before, after = _rows(a, system), _rows(b, other)
    shared = [id for id in before if id in after]
    if not shared:
        raise CompareError(f"{a.path} and {b.path} share no case: compare runs over the same questions.")
    same = [id for id in shared if _asked(before[id].case) == _asked(after[id].case)]
    pairs = [(before[id], after[id]) for id in same]
    scores = [(_values(row), _values(later)) for row, later in pairs]
    left_out = {
        "in the first only, left out": [id for id in before if id not in after],
        "in the second only, left out": [id for id in after if id not in before],
        "with another question or another right answer on either side, left out": [
            id for id in shared if id not in set(same)
        ],
        "failed in the first, scored on neither side": [row.case.id for row, _ in pairs if row.outcome.error],
        "failed in the second, scored on neither side": [row.case.id for _, row in pairs if row.outcome.error],
    }
    return Comparison(
        a=" · ".join((system, a.path.name, *headline(a))),
        b=" · ".join((other, b.path.name, *headline(b))),
        paired=len(pairs),
        left_out=tuple((why, tuple(ids)) for why, ids in left_out.items() if ids),
        warnings=tuple(_warnings(a.header, b.header)),
        differences=tuple(_differences(scores)),
        better=tuple(_moved(pairs, scores, +1)),
        worse=tuple(_moved(pairs, scores, -1)),
        answers=tuple((row, later) for row, later in pairs if shown(row.outcome) != shown(later.outcome)),
    )


def shown(outcome: Outcome) -> str:
    """What a reader saw: the answer's text, or the error."""
    return outcome.answer.text if outcome.answer else f"(failed) {outcome.error or 'no answer'}"


def _rows(run: Run, system: str) -> dict[str, Row]:
    rows = {row.case.id: row for row in run.of(system)}
    if not rows:
        raise CompareError(f"{run.path} has no answers of {system!r}: name one of {', '.join(run.systems)}.")
    return rows


def _asked(case: Case) -> Case:
    """What must be the same for scores to be comparable: which articles are hidden from it, and its split, need not."""
    return replace(case, exclude=(), split="test", history=tuple(dict(turn) for turn in case.history))


def _values(row: Row) -> dict[str, float]:
    return {given.name: given.value for given in score(row) if given.value is not None}


def _differences(scores: Sequence[tuple[Mapping[str, float], Mapping[str, float]]]) -> Iterator[Difference]:
    found = dict.fromkeys(name for pair in scores for values in pair for name in values)
    for name in in_order(found):
        both = [(before[name], after[name]) for before, after in scores if name in before and name in after]
        # where both refuse, both are right or both are wrong: a pair can't differ, and would prove nothing
        if both and name != _OF_REFUSALS:
            a, b = zip(*both, strict=True)
            paired = paired_bootstrap(b, a)
            verdict = "same" if a == b else _verdict(name, paired.difference, paired.p)
            means = sum(a) / len(a), sum(b) / len(b)
            yield Difference(name, *means, len(a), paired.difference, paired.low, paired.high, paired.p, verdict)


def _verdict(name: str, difference: float, p: float) -> str:
    if p >= _LEVEL:
        return "noise"
    direction = label(name).higher_is_better
    if direction is None:
        return "differs"
    return "better" if (difference > 0) == direction else "worse"


def _moved(
    pairs: Sequence[tuple[Row, Row]], scores: Sequence[tuple[Mapping[str, float], Mapping[str, float]]], sign: int
) -> Iterator[Change]:
    """The cases with scores that got better (`sign` 1) or worse (-1)."""
    for (_, row), (before, after) in zip(pairs, scores, strict=True):
        both = [(name, before[name], after[name]) for name in _BY_CASE if name in before and name in after]
        moved = tuple(
            (name, a, b) for name, a, b in both if (b - a if label(name).higher_is_better else a - b) * sign > 0
        )
        if moved:
            yield row.case, moved


def _warnings(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    for key in _COMPARED:
        for name, before, after in _differing(key.replace("_", " "), a.get(key), b.get(key)):
            yield f"{name} differs: {' / '.join('not given' if one is None else str(one) for one in (before, after))}"


def _differing(name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _differing(f"{name} {str(key).replace('_', ' ')}", before.get(key), after.get(key))
    elif before != after:
        yield name, before, after


# ------------------------------------------------------------------------------------------------- printing


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Prints the scores of both sides with their differences, the cases that moved, and the answers that changed."""
    console = console or plain_or_terminal()
    console.print(Text.assemble(("First:  ", "bold"), comparison.a))
    console.print(Text.assemble(("Second: ", "bold"), comparison.b))
    console.print(Text(f"{_cases(comparison.paired)} in both."))
    for why, ids in comparison.left_out:
        more = f" and {len(ids) - 8} more" if len(ids) > 8 else ""
        console.print(Text(f"{_cases(len(ids))} {why}: {', '.join(ids[:8])}{more}", style="yellow"))
    for warning in comparison.warnings:
        console.print(Text(f"Note: {warning}", style="yellow"))
    console.print()
    console.print(_table(comparison.differences))
    if still := sum(_still_retrieval(one) for one in comparison.differences):
        console.print(f"{still} retrieval scores are the same in every case.")
    console.print(Text(_FOOT, style="dim"))
    for title, changes in (("Better", comparison.better), ("Worse", comparison.worse)):
        console.print()
        console.print(Text(f"{title}: {_cases(len(changes))}", style="bold"))
        for case, scores in changes:
            console.print(Text(f"{case.id}: {case.question}"))
            moved = (f"{label(name).text} {before:.2g} -> {after:.2g}" for name, before, after in scores)
            console.print(Padding(Text("; ".join(moved), style="dim"), (0, 0, 0, 4), expand=False))
    _print_answers(comparison.answers, console)


def _table(differences: Iterable[Difference]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", min_width=30)
    for column in ("first", "second", "difference", "p", "n"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    found = {one.name: one for one in differences}
    for title, names in GROUPS.items():
        shown_here = [found[name] for name in names if name in found and not _still_retrieval(found[name])]
        if shown_here:
            table.add_row(Text(title if title != "Cost" else "Cost, means", style="bold"))
            for one in shown_here:
                table.add_row(f"  {row_name(one.name)}", *_cells(one))
    return table


def _cells(one: Difference) -> tuple[str | Text, ...]:
    unit = label(one.name).unit
    low, high = (_signed(value, unit) for value in (one.low, one.high))
    styles = {"better": "green", "worse": "red", "same": "dim", "noise": "dim"}
    return (
        figure(one.a, unit),
        figure(one.b, unit),
        f"{_signed(one.difference, unit)} [{low}, {high}]",
        f"{one.p:.3f}" if one.p >= 0.001 else "<0.001",
        str(one.n),
        Text(one.verdict, style=styles.get(one.verdict, "")),
    )


def _signed(value: float, unit: str) -> str:
    text = figure(abs(value), unit)
    return text if not text.strip("0.,") else f"{'+' if value > 0 else '-'}{text}"


def _still_retrieval(one: Difference) -> bool:
    return one.name in RETRIEVAL and one.verdict == "same"


def _print_answers(answers: Sequence[tuple[Row, Row]], console: Console) -> None:
    console.print()
    console.print(Text(f"Answered in other words: {_cases(len(answers))}", style="bold"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style="bold", expand=True)
    for column in ("question", "first", "second"):
        table.add_column(column, ratio=1, overflow="fold")
    for before, after in answers:
        case = after.case
        expected = " / ".join(" + ".join(entry) for entry in case.accepted) if case.answerable else "no answer"
        asked = Text.assemble((case.id, "bold"), " ", case.question, (f"\nexpected: {expected}", "dim"))
        table.add_row(asked, Text(shown(before.outcome)), Text(shown(after.outcome)))
    if answers:
        console.print(table)


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"
