"""The scores of a run, for the terminal, for a README (plain where it is not a terminal) and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from evals.runs import Run
from evals.scoring import (
    GROUPS,
    MEASURES,
    MODES,
    RETRIEVAL,
    UNITS,
    VERDICTS,
    Summary,
    by_kind,
    figure,
    label,
    summarise,
)
from rag.terminal import Console

Summaries = Mapping[str, Mapping[str, Summary]]
"""System -> score name -> Summary."""
Line = tuple[str, Sequence[str]]
"""A line of a table: its name and its cells."""
_WIDTH = 100  # of what is piped into a file, unless the columns need more
_LABELS = 28
_CELL = 18  # "100 [88–100] n=28" with a space
_TENTHS_FROM = 200  # cases
FOOT = (
    "Means over the cases to which a score applies (n), with their 95 % interval (Wilson's for yes-or-no scores, else "
    "bootstrap). (+2) means that two more could not be judged: they are unscored, and in no mean."
)


def print_table(run: Run, console: Console | None = None) -> None:
    """Prints what was run, every score of every system side by side, retrieval, and what each system is."""
    console = console or plain_or_terminal(len(run.systems))
    first, *rest = headline(run)
    console.print(Text(first, style="bold"))
    console.print(Text("\n".join(rest)))
    console.print()
    summaries = summarise(run.rows, run.systems)
    if any(name not in RETRIEVAL for found in summaries.values() for name in found):
        _print_scores(run, summaries, console)
    _print_retrieval(summaries, console)
    for name in run.systems:
        console.print(Text.assemble((f"{name}: ", "bold"), run.header["systems"][name]))
    console.print(Text(FOOT, style="dim"))


def to_json(run: Run) -> dict[str, Any]:
    """The header, and for each system its cases, its failures, and all its scores, overall and by kind."""
    summaries, kinds = summarise(run.rows, run.systems), by_kind(run.rows, run.systems)
    return {
        "header": run.header,
        "systems": {
            system: {
                "about": run.header["systems"][system],
                "cases": len(run.of(system)),
                "failed": failures(run, system),
                "scores": {name: _plain(summary) for name, summary in summaries[system].items()},
                "by_kind": {
                    kind: {name: _plain(summary) for name, summary in scores.items()}
                    for kind, scores in kinds[system].items()
                    if scores
                },
            }
            for system in run.systems
        },
    }


def plain_or_terminal(systems: int = 1) -> Console:
    """A console as wide as the terminal; where there is none, wide enough for so many systems, and without colour."""
    console = Console(highlight=False)
    width = max(_WIDTH, _LABELS + _CELL * systems)
    return console if console.is_terminal else Console(highlight=False, width=width, no_color=True)


def headline(run: Run) -> list[str]:
    """What was run, in lines: the data and the day, then commit, model and machine."""
    header = run.header
    dataset = header.get("dataset") or {}
    asked = max((len(run.of(system)) for system in run.systems), default=0)
    cases = f"{asked} cases" if asked == header["cases"] else f"{asked} of {header['cases']} cases"
    first = [str(dataset.get("name", "")), str(header.get("split") or ""), cases, _day(header.get("created"))]
    second = [f"commit {header.get('commit') or 'unknown'}", _model(header), *machine_words(header.get("machine"))]
    return [" · ".join(part for part in first if part), " · ".join(part for part in second if part)]


def failures(run: Run, system: str) -> int:
    """Cases on which the system gave an error. One that only searches has no answers, and does not fail."""
    return sum(row.outcome.error is not None for row in run.of(system))


def cell(summary: Summary | None) -> str:
    """Mean, interval and number of cases; it breaks before the number where the column is narrow."""
    return " ".join(part for part in parts(summary) if part)


def parts(summary: Summary | None) -> tuple[str, str, str]:
    """The figure, its interval, and how many cases it is of (and how many are unscored)."""
    if summary is None:
        return "", "", ""
    unit = label(summary.name).unit
    unscored = f"(+{summary.unscored})" if summary.unscored else ""
    if summary.mean is None:
        return "–", "", unscored
    if summary.p50 is not None:
        return f"{figure(summary.p50, unit)} / {figure(summary.p95, unit)}", "", unscored
    # a tenth of a per cent means nothing where one case is more
    mean = f"{100 * summary.mean:.0f}" if unit == "%" and summary.scored < _TENTHS_FROM else figure(summary.mean, unit)
    return mean, span(summary), f"n={summary.scored} {unscored}".strip()


def span(summary: Summary) -> str:
    """[low–high], in whole per cent where it is a share: more digits would pretend."""
    if summary.low is None or summary.high is None:
        return ""
    unit = label(summary.name).unit
    if unit == "%":
        return f"[{100 * summary.low:.0f}–{100 * summary.high:.0f}]"
    return f"[{figure(summary.low, unit)}–{figure(summary.high, unit)}]"


def row_name(name: str) -> str:
    """A score's human name with its unit."""
    text, unit, _ = label(name)
    return text if unit in ("", "tokens") else f"{text}, {unit}"


def _print_scores(run: Run, summaries: Summaries, console: Console) -> None:
    console.print(_grid(console, run.systems, ""))
    for group in ("Answers", "Refusals", "Citations"):
        note = str(run.header.get("judge") or "") if group == "Citations" else ""
        _print_section(group, note, _lines(GROUPS[group], summaries, run.systems), run.systems, console)
    note = "answered right; or refused, where that is right"
    _print_section("By kind, %", note, _kinds(run), run.systems, console)
    failed = ("cases that failed", [str(failures(run, system)) for system in run.systems])
    lines = [*_lines(GROUPS["Cost"], summaries, run.systems), failed]
    _print_section("Cost", "median / 95th percentile", lines, run.systems, console)
    console.print()


def _print_section(title: str, note: str, lines: Sequence[Line], columns: Sequence[str], console: Console) -> None:
    """Every section is a table of the same widths, so that its title may be longer than the first column."""
    if lines:
        console.print(Text.assemble((title, "bold"), (f"  {note}" if note else "", "dim")))
        table = _grid(console, columns)
        for name, cells in lines:
            table.add_row(Text(f"  {name}"), *map(Text, cells))
        console.print(table)


def _lines(names: Iterable[str], summaries: Summaries, systems: Sequence[str]) -> list[Line]:
    shown = (name for name in names if any(name in summaries[system] for system in systems))
    return [(row_name(name), [cell(summaries[system].get(name)) for system in systems]) for name in shown]


def _kinds(run: Run) -> list[Line]:
    """Of each kind of question, how often the system did right: answered so, or refused what has no answer."""
    kinds = by_kind(run.rows, run.systems, VERDICTS)
    rows = {
        kind if name == "correct" else f"{kind}: refused": [kinds[one].get(kind, {}).get(name) for one in run.systems]
        for name in VERDICTS
        for kind in dict.fromkeys(row.case.kind for row in run.rows)
    }
    return [(kind, list(map(cell, found))) for kind, found in rows.items() if any(found)]


def _print_retrieval(summaries: Summaries, console: Console) -> None:
    """The three ways of searching side by side. The index is the same whoever answers: one system's figures do."""
    found = next((scores for scores in summaries.values() if any(name in scores for name in RETRIEVAL)), {})
    for unit in UNITS:
        modes = [mode for mode in MODES if f"{mode}.{unit}.recall@1" in found]
        if modes:
            table = _grid(console, modes, f"Retrieval by {unit}, %")
            for measure, text in MEASURES.items():
                table.add_row(f"  {text}", *(Text(cell(found.get(f"{mode}.{unit}.{measure}"))) for mode in modes))
            console.print(table)
            console.print()


def _grid(console: Console, columns: Sequence[str], title: str | None = None) -> Table:
    """A table of the same widths for as many columns; `title` None leaves out the heads."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_header=title is not None)
    labels = max(18, min(_LABELS, console.width - 16 * len(columns)))  # five columns of 15 fit into 100
    table.add_column(title or "", width=labels, overflow="fold")
    width = (console.width - labels) // max(1, len(columns)) - 1
    for column in columns:
        table.add_column(Text(column), width=max(8, min(25, width)), overflow="fold")
    return table


def _plain(summary: Summary) -> dict[str, Any]:
    kept = {key: value for key, value in asdict(summary).items() if key != "name"}
    if summary.p50 is None:
        del kept["p50"], kept["p95"]
    return kept


def _day(created: Any) -> str:
    try:
        when = datetime.fromisoformat(str(created))
    except ValueError:
        return str(created or "")
    return f"{when.day} {when:%B %Y}"


def _model(header: Mapping[str, Any]) -> str:
    return " ".join(str(header[key]) for key in ("engine", "model") if header.get(key))


def machine_words(values: Any) -> list[str]:
    if not isinstance(values, Mapping):
        return [str(values)] if values else []
    forms = {"processor": "{}", "cores": "{} cores", "memory_gb": "{} GB", "system": "{}", "python": "Python {}"}
    shown = {key: forms.get(key, f"{key.replace('_', ' ')} {{}}") for key in values}
    return [shown[key].format(value) for key, value in values.items() if value not in (None, "")]
