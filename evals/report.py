"""One HTML page about one run or several: scores, pictures, and every case. It asks nothing of any network.

What articles, questions and models say is escaped by the templates, all of it, without exception; the page's own
policy (Content-Security-Policy) forbids it to fetch anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals import plots
from evals.curves import Point, has_support, recall_curves, tradeoff
from evals.report_cases import CaseView, view
from evals.runs import Run
from evals.scoring import GROUPS, MEASURES, MODES, RETRIEVAL, UNITS, VERDICTS, Summary, by_kind, summarise
from evals.table import FOOT, failures, headline, machine_words, parts, row_name
from index.datadir import write_whole

_TEMPLATES = Path(__file__).with_name("templates")
_THRESHOLDS = [step / 50 for step in range(51)]
_KINDS_NOTE = (
    "Of each kind of question, the share where the system did the right thing: answered right, or refused what the "
    "articles do not answer."
)


@dataclass(frozen=True, slots=True)
class _Cell:
    figure: str = ""
    span: str = ""
    rest: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    cells: tuple[_Cell, ...]


@dataclass(frozen=True, slots=True)
class _Lines:
    """A table, or a part of one."""

    title: str
    rows: tuple[_Line, ...]
    columns: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class _RunView:
    number: int
    name: str
    facts: tuple[tuple[str, str], ...]
    cases: tuple[CaseView, ...]


@dataclass(frozen=True, slots=True)
class _Series:
    """One system of one run: a column of the tables, a colour of the pictures."""

    run: Run
    system: str
    name: str
    scores: Mapping[str, Summary]
    kinds: Mapping[str, Mapping[str, Summary]]


def write_report(runs: Sequence[Run], path: Path) -> None:
    """Writes the page to `path`, which holds all that it needs. Raises OSError where that can't be written."""
    write_whole(path, render(runs).encode())


def render(runs: Sequence[Run]) -> str:
    """The page as text. Several runs stand side by side."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    pages = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    series = list(_series(runs))
    names, colours = _names(runs), plots.palette(one.name for one in series)
    views = [_run_view(number, run, name) for number, (run, name) in enumerate(zip(runs, names, strict=True), 1)]
    return pages.get_template("report.html").render(
        title=f"Dateline eval: {' and '.join(dict.fromkeys(_data(run) for run in runs))}",
        css=_text("report.css"),
        js=_text("report.js"),
        plotly=get_plotlyjs(),
        runs=views,
        series=[one.name for one in series],
        foot=FOOT,
        scores=list(_scores(series)),
        bars=_bars(series, colours),
        tradeoff=_tradeoff(series, colours),
        retrieval=_recalls(runs, names),
        retrieval_tables=list(_retrieval(series, runs, names)),
        kinds=_kinds(series),
        times=_times(series, colours),
        choices=_choices(views),
    )


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _names(runs: Sequence[Run]) -> list[str]:
    """What tells the runs apart: the name of the file, and of its folder where that is not enough."""
    stems = [run.path.stem for run in runs]
    return [
        stem if stems.count(stem) == 1 else f"{number}. {run.path.parent.name}/{stem}"
        for number, (run, stem) in enumerate(zip(runs, stems, strict=True), 1)
    ]


def _series(runs: Sequence[Run]) -> Iterator[_Series]:
    """The same system of several runs side by side."""
    names = _names(runs)
    for system in dict.fromkeys(system for run in runs for system in run.systems):
        for run, name in zip(runs, names, strict=True):
            if system in run.systems:
                rows = run.of(system)
                scores, kinds = summarise(rows, [system])[system], by_kind(rows, [system], VERDICTS)[system]
                yield _Series(run, system, system if len(runs) == 1 else f"{system}, {name}", scores, kinds)


def _data(run: Run) -> str:
    dataset = run.header.get("dataset") or {}
    return " ".join(str(part) for part in (dataset.get("name"), run.header.get("split")) if part)


# ---------------------------------------------------------------------------------------------- what was run


def _run_view(number: int, run: Run, name: str) -> _RunView:
    order = {id: place for place, id in enumerate(dict.fromkeys(row.case.id for row in run.rows))}
    rows = sorted(run.rows, key=lambda row: order[row.case.id])  # the systems' answers to one question together
    return _RunView(number, name, tuple(_facts(run)), tuple(map(view, rows)))


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    header = run.header
    for name, value in (
        ("Data", headline(run)[0]),
        ("Articles", _joined(header.get("dataset"), leave=("name",))),
        ("Created", header.get("created")),
        ("Commit", header.get("commit")),
        ("Model", _model(header)),
        ("Settings", _joined(header.get("settings"))),
        ("Machine", ", ".join(machine_words(header.get("machine")))),
        *((system, header["systems"][system]) for system in run.systems),
    ):
        if value:
            yield name, str(value)


def _model(header: Mapping[str, Any]) -> str:
    sha = str(header.get("model_sha256") or "")[:12]
    return " ".join(str(header[key]) for key in ("engine", "model") if header.get(key)) + (
        f", SHA-256 {sha}…" * bool(sha)
    )


def _joined(values: Any, leave: Sequence[str] = ()) -> str:
    if not isinstance(values, Mapping):
        return str(values or "")
    kept = {key: value for key, value in values.items() if key not in leave and value not in (None, "")}
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in kept.items())


# ---------------------------------------------------------------------------------------------------- tables


def _cell(summary: Summary | None) -> _Cell:
    return _Cell(*parts(summary), share=summary.mean if summary else None)


def _scores(series: Sequence[_Series]) -> Iterator[_Lines]:
    for title in ("Answers", "Refusals", "Citations", "Cost"):
        names = [name for name in GROUPS[title] if any(name in one.scores for one in series)]
        lines = [_Line(row_name(name), tuple(_cell(one.scores.get(name)) for one in series)) for name in names]
        if title == "Cost":
            lines.append(_Line("cases that failed", tuple(_Cell(str(failures(one.run, one.system))) for one in series)))
        if lines:
            judges = dict.fromkeys(str(one.run.header["judge"]) for one in series if one.run.header.get("judge"))
            notes = {"Citations": "; ".join(judges), "Cost": "median / 95th percentile"}
            yield _Lines(title, tuple(lines), note=notes.get(title, ""))


def _retrieval(series: Sequence[_Series], runs: Sequence[Run], names: Sequence[str]) -> Iterator[_Lines]:
    """A table for each run. The index is the same whoever answers: one system's figures do."""
    for run, name in zip(runs, names, strict=True):
        of = (one.scores for one in series if one.run is run)
        found = next((scores for scores in of if any(score in scores for score in RETRIEVAL)), None)
        if found:
            columns = [(mode, unit) for unit in UNITS for mode in MODES]
            columns = [column for column in columns if f"{'.'.join(column)}.recall@1" in found]
            lines = (
                _Line(text, tuple(_without_count(found.get(f"{'.'.join(column)}.{measure}")) for column in columns))
                for measure, text in MEASURES.items()
            )
            counts = [parts(found[f"{'.'.join(column)}.recall@1"])[2] for column in columns]  # of every measure
            heads = (f"{mode}, {unit}, {count}" for (mode, unit), count in zip(columns, counts, strict=True))
            yield _Lines(name, tuple(lines), tuple(heads))


def _without_count(summary: Summary | None) -> _Cell:
    return _Cell(*parts(summary)[:2])


def _kinds(series: Sequence[_Series]) -> _Lines:
    kinds = dict.fromkeys(kind for one in series for kind in one.kinds)
    lines = []
    for name in VERDICTS:
        for kind in kinds:
            cells = tuple(_cell(one.kinds.get(kind, {}).get(name)) for one in series)
            if any(cell.figure for cell in cells):
                lines.append(_Line(kind if name == "correct" else f"{kind} (to be refused)", cells))
    return _Lines("", tuple(lines), note=_KINDS_NOTE)


def _choices(views: Sequence[_RunView]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The filters: name, what it says while nothing is chosen, and (value, text) of what can be."""
    rows = [case.row for run in views for case in run.cases]
    systems = dict.fromkeys(row.outcome.system for row in rows)
    kinds = dict.fromkeys(row.case.kind for row in rows)
    verdicts = dict.fromkeys(case.verdict for run in views for case in run.cases)
    refused = [("yes", "refused"), ("no", "not refused")]
    choices = [
        ("run", "All runs", [(str(run.number), run.name) for run in views]),
        ("system", "All systems", [(system, system) for system in systems]),
        ("kind", "All kinds", [(kind, kind) for kind in kinds]),
        ("verdict", "Right or wrong", [(verdict, verdict) for verdict in verdicts]),
        ("refused", "Refused or not", refused),
    ]
    return [choice for choice in choices if len(choice[2]) > 1]


# -------------------------------------------------------------------------------------------------- pictures


def _bars(series: Sequence[_Series], colours: Mapping[str, str]) -> list[plots.Plot]:
    by_name = {one.name: one.scores for one in series}
    drawn = [plots.scores(title, GROUPS[title], by_name, colours) for title in ("Answers", "Refusals", "Citations")]
    return [plot for plot in drawn if plot]


def _tradeoff(series: Sequence[_Series], colours: Mapping[str, str]) -> list[plots.Plot]:
    curves: dict[str, tuple[list[Point], Point | None]] = {}
    peers: dict[str, tuple[float, float]] = {}
    for one in series:
        rows = one.run.of(one.system)
        refused, answered = (one.scores.get(name) for name in ("refused_answerable", "answered_unanswerable"))
        if one.system == "dateline" and has_support(rows):
            used = _threshold(one.run)
            curves[one.name] = tradeoff(rows, _THRESHOLDS), tradeoff(rows, [used])[0] if used is not None else None
        elif refused and answered and refused.mean is not None and answered.mean is not None:
            peers[one.name] = refused.mean, answered.mean
    return [plot for plot in (plots.tradeoffs(curves, peers, colours), plots.rightness(curves, colours)) if plot]


def _threshold(run: Run) -> float | None:
    """The threshold in use; headers hold settings as text."""
    try:
        return float((run.header.get("settings") or {})["threshold"])
    except (KeyError, ValueError):
        return None


def _recalls(runs: Sequence[Run], names: Sequence[str]) -> list[plots.Plot]:
    curves = {name: recall_curves(_searched(run)) for run, name in zip(runs, names, strict=True)}
    return [plot for unit in UNITS if (plot := plots.recalls(unit, curves))]


def _searched(run: Run) -> Sequence[Any]:
    """The rows of the first system that has rankings: every system of a run has the same index."""
    systems = (run.of(system) for system in run.systems)
    return next((rows for rows in systems if any(row.outcome.rankings for row in rows)), ())


def _times(series: Sequence[_Series], colours: Mapping[str, str]) -> list[plots.Plot]:
    drawn = []
    for title, name in (("First token", "first_token"), ("Whole answer", "total")):
        seconds = {}
        for one in series:
            answers = [row.outcome.answer for row in one.run.of(one.system) if row.outcome.answer]
            times = [getattr(answer.timings, name) for answer in answers]
            seconds[one.name] = [time / 1000 for time in times if time is not None]
        drawn.append(plots.times(title, seconds, colours))
    return [plot for plot in drawn if plot]
