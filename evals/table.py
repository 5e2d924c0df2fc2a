"""The scores of a run, for the terminal, for a README (plain where it is not a terminal), for a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
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

_WIDTH = 100  # of what is piped into a file, unless the columns need more
_LABELS = 28
_CELL = 18  # "100 [88–100] n=28" with a space
_TENTHS_FROM = 200  # cases
FOOT = (
    "Means over the cases to which a score applies (n), with their 95 % interval (Wilson's for yes-or-no scores, else "
    "bootstrap). (+2) means that two more could not be judged: they are unscored, and in no mean."
)


Lines = tuple[tuple[str, tuple[Summary | str | None, ...]], ...]
"""The lines of a table, each with its name and its cells."""


@dataclass(frozen=True, slots=True)
class Column:
    """One system of one run."""

    run: Run
    system: str
    name: str
    scores: Mapping[str, Summary]
    kinds: Mapping[str, Mapping[str, Summary]]
    """Kind of question -> the scores that say whether the system did the right thing."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table, or a part of one."""

    title: str
    note: str
    columns: tuple[str, ...]
    lines: Lines


def columns(runs: Sequence[Run], names: Sequence[str] = ("",)) -> list[Column]:
    """A column for each system of each run, the same system of several runs side by side."""
    found = []
    for system in dict.fromkeys(system for run in runs for system in run.systems):
        for run, name in zip(runs, names, strict=True):
            if system in run.systems:
                rows = run.of(system)
                scores, kinds = summarise(rows, [system])[system], by_kind(rows, [system], VERDICTS)[system]
                found.append(Column(run, system, f"{system}, {name}" if len(runs) > 1 else system, scores, kinds))
    return found


def sections(shown: Sequence[Column]) -> Iterator[Section]:
    """All scores but those of the search, the kinds of question before the cost. None where all only searched."""
    heads = tuple(one.name for one in shown)
    judges = "; ".join(dict.fromkeys(str(one.run.header["judge"]) for one in shown if one.run.header.get("judge")))
    if not any(name not in RETRIEVAL for one in shown for name in one.scores):
        return
    for title in ("Answers", "Refusals", "Citations"):
        if lines := _lines(GROUPS[title], [one.scores for one in shown]):
            yield Section(title, judges if title == "Citations" else "", heads, lines)
    kinds = dict.fromkeys(kind for one in shown for kind in one.kinds)
    lines = tuple(
        (kind if name == "correct" else f"{kind}: refused", cells)
        for name in VERDICTS
        for kind in kinds
        if any(cells := tuple(one.kinds.get(kind, {}).get(name) for one in shown))
    )
    if lines:
        yield Section("By kind, %", "answered right; or refused, where that is right", heads, lines)
    failed = ("cases that failed", tuple(str(failures(one.run, one.system)) for one in shown))
    lines = (*_lines(GROUPS["Cost"], [one.scores for one in shown]), failed)
    yield Section("Cost", "median / 95th percentile", heads, lines)


def retrieval(shown: Sequence[Column]) -> Iterator[Section]:
    """The three ways of searching side by side. The index is the same whoever answers: one system's figures do."""
    found = next((one.scores for one in shown if any(name in one.scores for name in RETRIEVAL)), {})
    for unit in UNITS:
        if modes := tuple(mode for mode in MODES if f"{mode}.{unit}.recall@1" in found):
            lines = (
                (text, tuple(found.get(f"{mode}.{unit}.{measure}") for mode in modes))
                for measure, text in MEASURES.items()
            )
            yield Section(f"Retrieval by {unit}, %", "", modes, tuple(lines))


def _lines(names: Iterable[str], scores: Sequence[Mapping[str, Summary]]) -> Lines:
    shown = (name for name in names if any(name in found for found in scores))
    return tuple((row_name(name), tuple(found.get(name) for found in scores)) for name in shown)


def print_table(run: Run, console: Console | None = None) -> None:
    """Prints what was run, every score of every system side by side, retrieval, and what each system is."""
    console = console or plain_or_terminal(len(run.systems))
    first, *rest = headline(run)
    console.print(Text(first, style="bold"))
    console.print(Text("\n".join(rest)))
    console.print()
    shown = columns([run])
    for number, section in enumerate(sections(shown)):
        if not number:
            console.print(_grid(console, section.columns, ""))
        console.print(Text.assemble((section.title, "bold"), (f"  {section.note}" if section.note else "", "dim")))
        _print_lines(section, _grid(console, section.columns), console)
    console.print()
    for section in retrieval(shown):
        _print_lines(section, _grid(console, section.columns, section.title), console)
        console.print()
    for name in run.systems:
        console.print(Text.assemble((f"{name}: ", "bold"), run.header["systems"][name]))
    console.print(Text(FOOT, style="dim"))


def _print_lines(section: Section, table: Table, console: Console) -> None:
    """Every section is a table of the same widths, so that its title may be longer than the first column."""
    for name, cells in section.lines:
        table.add_row(Text(f"  {name}"), *(Text(" ".join(filter(None, parts(cell)))) for cell in cells))
    console.print(table)


def to_json(run: Run) -> dict[str, Any]:
    """The header, and for each system its cases, its failures, and all its scores, overall and by kind."""
    summaries, kinds = summarise(run.rows, run.systems), by_kind(run.rows, run.systems)

    def plain(scores: Mapping[str, Summary]) -> dict[str, Any]:
        return {
            name: {key: value for key, value in asdict(one).items() if key != "name"} for name, one in scores.items()
        }

    systems = {
        system: {
            "about": run.header["systems"][system],
            "cases": len(run.of(system)),
            "failed": failures(run, system),
            "scores": plain(summaries[system]),
            "by_kind": {kind: plain(scores) for kind, scores in kinds[system].items() if scores},
        }
        for system in run.systems
    }
    return {"header": run.header, "systems": systems}


def bare_table(first: str, *figures: str) -> Table:
    """A table without lines, its figures to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first)
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    return table


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
    second = [f"commit {header.get('commit') or 'unknown'}", made_by(header), *machine_words(header.get("machine"))]
    return [" · ".join(part for part in first if part), " · ".join(part for part in second if part)]


def failures(run: Run, system: str) -> int:
    """Cases on which the system gave an error. One that only searches has no answers, and does not fail."""
    return sum(row.outcome.error is not None for row in run.of(system))


def parts(summary: Summary | str | None) -> tuple[str, str, str]:
    """The figure, its interval, and how many cases it is of (and how many are unscored)."""
    if summary is None or isinstance(summary, str):
        return summary or "", "", ""
    unit = label(summary.name).unit
    unscored = f"(+{summary.unscored})" if summary.unscored else ""
    if summary.mean is None:
        return "–", "", unscored
    if summary.p50 is not None:
        return f"{figure(summary.p50, unit)} / {figure(summary.p95, unit)}", "", unscored
    whole, low, high = (figure(value, unit) for value in (summary.mean, summary.low, summary.high))
    if unit == "%":  # in whole per cent: more digits would pretend, and mean nothing where one case is more
        whole = f"{100 * summary.mean:.0f}" if summary.scored < _TENTHS_FROM else whole
        low, high = (f"{100 * (value or 0):.0f}" for value in (summary.low, summary.high))
    return whole, f"[{low}–{high}]", f"n={summary.scored} {unscored}".strip()


def row_name(name: str) -> str:
    """A score's human name with its unit."""
    text, unit, _ = label(name)
    return text if unit in ("", "tokens") else f"{text}, {unit}"


def _grid(console: Console, columns: Sequence[str], title: str | None = None) -> Table:
    """A table of the same widths for as many columns; `title` None leaves out the heads."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_header=title is not None)
    labels = max(18, min(_LABELS, console.width - 16 * len(columns)))  # five columns of 15 fit into 100
    table.add_column(title or "", width=labels, overflow="fold")
    width = (console.width - labels) // max(1, len(columns)) - 1
    for column in columns:
        table.add_column(Text(column), width=max(8, min(25, width)), overflow="fold")
    return table


def _day(created: Any) -> str:
    try:
        when = datetime.fromisoformat(str(created))
    except ValueError:
        return str(created or "")
    return f"{when.day} {when:%B %Y}"


def made_by(header: Mapping[str, Any]) -> str:
    """Engine and model."""
    return " ".join(str(header[key]) for key in ("engine", "model") if header.get(key))


def machine_words(values: Any) -> list[str]:
    if not isinstance(values, Mapping):
        return [str(values)] if values else []
    forms = {"processor": "{}", "cores": "{} cores", "memory_gb": "{} GB", "system": "{}", "python": "Python {}"}
    shown = {key: forms.get(key, f"{key.replace('_', ' ')} {{}}") for key in values}
    return [shown[key].format(value) for key, value in values.items() if value not in (None, "")]
