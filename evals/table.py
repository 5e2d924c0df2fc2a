"""The scores of a run, for the terminal, for a README (plain where it is not a terminal), for a page and as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from evals.runs import Run
from evals.scoring import GROUPS, MEASURES, MODES, UNITS, VERDICTS, Summary, by_kind, figure, label, summarise
from rag.terminal import Console

_WIDTH = 100  # of what is piped into a file, unless the columns need more
_LABELS = 28
_CELL = 18  # "100 [88–100] n=28" with a space
_TENTHS_FROM = 200  # cases
_MACHINE = {"processor": "{}", "cores": "{} cores", "memory_gb": "{} GB", "system": "{}", "python": "Python {}"}
FOOT = (
    "Means over the cases to which a score applies (n), with their 95 % interval (Wilson's for yes-or-no scores, else "
    "bootstrap). (+2) means that two more could not be judged: they are unscored, and in no mean."
)

Lines = tuple[tuple[str, tuple[Summary | str | None, ...]], ...]  # of a table, each with its name and its cells


class Column(NamedTuple):
    """One system of one run."""

    run: Run
    system: str
    name: str
    scores: Mapping[str, Summary]


class Section(NamedTuple):
    """A table, or a part of one."""

    title: str
    note: str
    columns: tuple[str, ...]
    lines: Lines


def columns(runs: Sequence[Run], names: Sequence[str] = ("",)) -> list[Column]:
    """A column for each system of each run, the same system of several runs side by side."""
    several = len(runs) > 1
    return [
        Column(run, one, f"{one}, {name}" if several else one, summarise(run.of(one), [one])[one])
        for one in dict.fromkeys(system for run in runs for system in run.systems)
        for run, name in zip(runs, names, strict=True)
        if one in run.systems
    ]


def sections(shown: Sequence[Column]) -> list[Section]:
    """All scores but those of the search, the kinds of question before the cost. None where all only searched."""
    scores = [one.scores for one in shown]
    if not any(name not in GROUPS["Retrieval"] for found in scores for name in found):
        return []
    kinds = [by_kind(one.run.of(one.system), [one.system], VERDICTS)[one.system] for one in shown]
    verdicts = tuple(
        (kind if name == "correct" else f"{kind}: refused", cells)
        for name in VERDICTS
        for kind in dict.fromkeys(kind for found in kinds for kind in found)
        if any(cells := tuple(found.get(kind, {}).get(name) for found in kinds))
    )
    failed = "cases that failed", tuple(str(len(one.run.failed(one.system))) for one in shown)
    judges = "; ".join(dict.fromkeys(filter(None, (one.run.header["judge"] for one in shown))))
    found: list[tuple[str, str, Lines]] = [
        ("Answers", "", _lines(GROUPS["Answers"], scores)),
        ("Refusals", "", _lines(GROUPS["Refusals"], scores)),
        ("Citations", judges, _lines(GROUPS["Citations"], scores)),
        ("By kind, %", "answered right; or refused, where that is right", verdicts),
        ("Cost", "median / 95th percentile", (*_lines(GROUPS["Cost"], scores), failed)),
    ]
    return [Section(title, note, tuple(one.name for one in shown), lines) for title, note, lines in found if lines]


def retrieval(shown: Sequence[Column]) -> Iterator[Section]:
    """The three ways of searching side by side. The index is the same whoever answers: one system's figures do."""
    found = next((one.scores for one in shown if GROUPS["Retrieval"].keys() & one.scores.keys()), {})
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
    first, second = headline(run)
    console.print(Text.assemble((first, "bold"), f"\n{second}\n"))
    shown = columns([run])
    for number, section in enumerate(sections(shown)):
        if not number:
            console.print(_grid(Section("", "", section.columns, ()), console, heads=True))
        console.print(Text.assemble((section.title, "bold"), (f"  {section.note}" if section.note else "", "dim")))
        console.print(_grid(section, console))
    console.print()
    for section in retrieval(shown):
        console.print(_grid(section, console, heads=True))
        console.print()
    for name in run.systems:
        console.print(Text.assemble((f"{name}: ", "bold"), run.header["systems"][name]))
    console.print(Text(FOOT, style="dim"))


def _grid(section: Section, console: Console, *, heads: bool = False) -> Table:
    """Every section is a table of the same widths, so that its title may be longer than the first column."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_header=heads)
    labels = max(18, min(_LABELS, console.width - 16 * len(section.columns)))  # five columns of 15 fit into 100
    table.add_column(section.title, width=labels, overflow="fold")
    width = (console.width - labels) // len(section.columns) - 1
    for column in section.columns:
        table.add_column(Text(column), width=max(8, min(25, width)), overflow="fold")
    for name, cells in section.lines:
        table.add_row(Text(f"  {name}"), *(Text(" ".join(filter(None, parts(cell)))) for cell in cells))
    return table


def to_json(run: Run) -> dict[str, Any]:
    """The header, and for each system its cases, its failures, and all its scores, overall and by kind."""
    summaries, kinds = summarise(run.rows, run.systems), by_kind(run.rows, run.systems)

    def plain(scores: Mapping[str, Summary]) -> dict[str, Any]:
        return {name: {key: part for key, part in asdict(one).items() if key != "name"} for name, one in scores.items()}

    systems = {
        system: {
            "about": run.header["systems"][system], "cases": len(run.of(system)), "failed": len(run.failed(system)),
            "scores": plain(summaries[system]),
            "by_kind": {kind: plain(scores) for kind, scores in kinds[system].items() if scores},
        }
        for system in run.systems
    }  # fmt: skip
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


def headline(run: Run) -> tuple[str, str]:
    """What was run, in two lines: the data and the day, then commit, model and machine."""
    header = run.header
    asked, day = max(len(run.of(system)) for system in run.systems), datetime.fromisoformat(header["created"])
    cases = f"{asked} cases" if asked == header["cases"] else f"{asked} of {header['cases']} cases"
    first = [header["dataset"]["name"], header["split"], cases, f"{day.day} {day:%B %Y}"]
    commit, model = f"commit {header['commit'] or 'unknown'}", f"{header['engine']} {header['model']}"
    second = [commit, model, *machine_words(header["machine"])]
    return " · ".join(filter(None, first)), " · ".join(filter(None, second))


def parts(summary: Summary | str | None) -> tuple[str, str, str]:
    """The figure, its interval, and how many cases it is of (and how many are unscored)."""
    if not isinstance(summary, Summary):
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


def machine_words(values: Mapping[str, Any]) -> list[str]:
    """What it ran on."""
    return [form.format(values[key]) for key, form in _MACHINE.items() if values.get(key)]
