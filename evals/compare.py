"""Did a change make answers better or worse? Two runs, or two systems of one run, over the same cases."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evals.runs import Run
from evals.scoring import GROUPS, VERDICTS, figure, in_order, label, score
from evals.stats import Paired, paired_bootstrap
from evals.table import bare_table, headline, plain_or_terminal, row_name
from evals.types import Case, Row
from index.errors import DatelineError
from rag.terminal import Console

_LEVEL = 0.05
_BY_CASE = (*VERDICTS, "answers_given", "wrong_stated", "refused_answerable", *GROUPS["Citations"])
_COMPARED = ("engine", "model", "model_sha256", "dataset", "split", "settings", "machine")
_FOOT = (
    "Means over the cases that were scored on both sides (n); difference is the second minus the first, with a 95 % "
    "bootstrap interval. Better or worse: p < 0.05 in a paired randomization test, which chance alone passes for one "
    "score in twenty."
)
_STYLES = {"better": "green", "worse": "red", "same": "dim", "noise": "dim"}


class CompareError(DatelineError):
    """The runs, or the systems, can't be compared."""


class Difference(NamedTuple):
    """One score on both sides, over the cases where both could be scored."""

    name: str
    a: float
    b: float
    n: int
    paired: Paired  # b - a
    verdict: str  # of b: "better", "worse" or "noise"; "differs" where more is neither; "same" where no case differs


class Pair(NamedTuple):
    """One case on both sides, with the scores that both have."""

    before: Row
    after: Row
    scores: Mapping[str, tuple[float, float]]

    def moved(self, better: bool) -> list[str]:
        """The scores that got better, or worse, in words."""
        found = ((label(name), *self.scores[name]) for name in _BY_CASE if name in self.scores)
        moved = (one for one in found if one[1] != one[2] and (one[1] < one[2]) == (one[0].higher_is_better == better))
        return [f"{what.text} {a:.2g} -> {b:.2g}" for what, a, b in moved]


class Comparison(NamedTuple):
    """`b` against `a`: of two runs, the later against the earlier."""

    a: str
    b: str
    pairs: tuple[Pair, ...]
    left_out: Mapping[str, Sequence[str]]  # why some cases are not compared, and their ids
    warnings: tuple[str, ...]  # what else differs between the runs than what is compared, and could be the reason
    differences: tuple[Difference, ...]


def compare(a: Run, b: Run, system: str = "dateline", other: str | None = None) -> Comparison:
    """`other` (the same unless named) of `b` against `system` of `a`. CompareError where they share no case."""
    other = other or system
    before, after = _rows(a, system), _rows(b, other)
    shared = [id for id in before if id in after]
    if not shared:
        raise CompareError(f"{a.path} and {b.path} share no case: compare runs over the same questions.")
    same = [id for id in shared if _asked(before[id].case) == _asked(after[id].case)]
    asked_otherwise = "with another question or another right answer on either side, left out"
    left_out = {
        "in the first only, left out": [id for id in before if id not in after],
        "in the second only, left out": [id for id in after if id not in before],
        asked_otherwise: [id for id in shared if id not in same],
        "failed in the first, scored on neither side": [id for id in same if before[id].outcome.error],
        "failed in the second, scored on neither side": [id for id in same if after[id].outcome.error],
    }
    pairs = tuple(Pair(before[id], after[id], _scores(before[id], after[id])) for id in same)
    first, second = (" · ".join((name, run.path.name, *headline(run))) for name, run in ((system, a), (other, b)))
    left_out, warnings = {why: ids for why, ids in left_out.items() if ids}, tuple(_warnings(a.header, b.header))
    return Comparison(first, second, pairs, left_out, warnings, tuple(_differences(pairs)))


def _rows(run: Run, system: str) -> dict[str, Row]:
    rows = {row.case.id: row for row in run.of(system)}
    if not rows:
        raise CompareError(f"{run.path} has no answers of {system!r}: name one of {', '.join(run.systems)}.")
    return rows


def _asked(case: Case) -> Case:
    """What must be the same for scores to be comparable: which articles are hidden from it, and its split, need not."""
    return replace(case, exclude=(), split="test", history=tuple(dict(turn) for turn in case.history))


def _scores(before: Row, after: Row) -> dict[str, tuple[float, float]]:
    a, b = ({given.name: given.value for given in score(row) if given.value is not None} for row in (before, after))
    return {name: (value, b[name]) for name, value in a.items() if name in b}


def _differences(pairs: Sequence[Pair]) -> Iterator[Difference]:
    for name in in_order(dict.fromkeys(name for pair in pairs for name in pair.scores)):
        if name != "refusal_precision":  # where both refuse, both are right or both are wrong: a pair can't differ
            a, b = zip(*(pair.scores[name] for pair in pairs if name in pair.scores), strict=True)
            paired, more = paired_bootstrap(b, a), label(name).higher_is_better
            verdict = "noise" if paired.p >= _LEVEL else "better" if (paired.difference > 0) == more else "worse"
            verdict = "same" if a == b else "differs" if more is None and paired.p < _LEVEL else verdict
            yield Difference(name, sum(a) / len(a), sum(b) / len(b), len(a), paired, verdict)


def _warnings(
    a: Mapping[str, Any], b: Mapping[str, Any], of: Iterable[str] = _COMPARED, within: str = ""
) -> Iterator[str]:
    for key in of:
        name, before, after = f"{within}{key.replace('_', ' ')}", a.get(key), b.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _warnings(before, after, dict.fromkeys((*before, *after)), f"{name} ")
        elif before != after:
            yield f"{name} differs: {' / '.join('not given' if one is None else str(one) for one in (before, after))}"


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Prints the scores of both sides with their differences, the cases that moved, and the answers that changed."""
    console = console or plain_or_terminal()
    console.print(Text.assemble(("First:  ", "bold"), comparison.a, ("\nSecond: ", "bold"), comparison.b))
    console.print(Text(f"{_cases(comparison.pairs)} in both."))
    for why, ids in comparison.left_out.items():
        more = f" and {len(ids) - 8} more" if len(ids) > 8 else ""
        console.print(Text(f"{_cases(ids)} {why}: {', '.join(ids[:8])}{more}", style="yellow"))
    for warning in comparison.warnings:
        console.print(Text(f"Note: {warning}", style="yellow"))
    console.print()
    still = {one.name for one in comparison.differences if one.name in GROUPS["Retrieval"] and one.verdict == "same"}
    console.print(_table({one.name: one for one in comparison.differences if one.name not in still}))
    if still:
        console.print(f"{len(still)} retrieval scores are the same in every case.")
    console.print(Text(_FOOT, style="dim"))
    for title in ("Better", "Worse"):
        moved = [(pair.after.case, told) for pair in comparison.pairs if (told := pair.moved(title == "Better"))]
        console.print(Text(f"\n{title}: {_cases(moved)}", style="bold"))
        for case, told in moved:
            console.print(Text(f"{case.id}: {case.question}"))
            console.print(Padding(Text("; ".join(told), style="dim"), (0, 0, 0, 4), expand=False))
    said = [(pair.after.case, _shown(pair.before), _shown(pair.after)) for pair in comparison.pairs]
    others = [one for one in said if one[1] != one[2]]
    console.print(Text(f"\nAnswered in other words: {_cases(others)}", style="bold"))
    for case, before, after in others:
        expected = " / ".join(" + ".join(entry) for entry in case.accepted) if case.answerable else "no answer"
        console.print(Text.assemble((case.id, "bold"), f" {case.question}", (f"\nexpected: {expected}", "dim")))
        console.print(Padding(Text(f"{before}\n-> {after}"), (0, 0, 1, 4), expand=False))


def _table(found: Mapping[str, Difference]) -> Table:
    table = bare_table("", "first", "second", "difference", "p", "n")
    table.add_column("")
    for title, names in GROUPS.items():
        if shown := [found[name] for name in names if name in found]:
            table.add_row(Text(title if title != "Cost" else "Cost, means", style="bold"))
        for one in shown:
            unit, paired = label(one.name).unit, one.paired
            moved, low, high = (_signed(value, unit) for value in (paired.difference, paired.low, paired.high))
            p = f"{paired.p:.3f}" if paired.p >= 0.001 else "<0.001"
            verdict = Text(one.verdict, style=_STYLES.get(one.verdict, ""))
            sides = (figure(value, unit) for value in (one.a, one.b))
            table.add_row(f"  {row_name(one.name)}", *sides, f"{moved} [{low}, {high}]", p, str(one.n), verdict)
    return table


def _shown(row: Row) -> str:
    """What a reader saw: the answer's text, or the error."""
    return row.outcome.answer.text if row.outcome.answer else f"(failed) {row.outcome.error or 'no answer'}"


def _signed(value: float, unit: str) -> str:
    text = figure(abs(value), unit)
    return text if not text.strip("0.,") else f"{'+' if value > 0 else '-'}{text}"


def _cases(of: Sequence[object]) -> str:
    return f"{len(of)} case{'' if len(of) == 1 else 's'}"
