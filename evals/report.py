"""One HTML page about one run or several: scores, pictures, and every case. It asks nothing of any network.

What articles, questions and models say is escaped by the templates, all of it, without exception; the page's own
policy (Content-Security-Policy) forbids it to fetch anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals import plots
from evals.curves import Point, has_support, recall_curves, tradeoff
from evals.report_cases import CaseView, view
from evals.runs import Run
from evals.scoring import GROUPS, UNITS
from evals.table import FOOT, Column, columns, headline, machine_words, made_by, parts, retrieval, sections
from index.datadir import write_whole

_TEMPLATES = Path(__file__).with_name("templates")
_THRESHOLDS = [step / 50 for step in range(51)]


@dataclass(frozen=True, slots=True)
class _RunView:
    number: int
    name: str
    facts: tuple[tuple[str, str], ...]
    cases: tuple[CaseView, ...]


def write_report(runs: Sequence[Run], path: Path) -> None:
    """Writes the page to `path`, which holds all that it needs. Raises OSError where that can't be written."""
    write_whole(path, render(runs).encode())


def render(runs: Sequence[Run]) -> str:
    """The page as text. Several runs stand side by side."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    pages = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    names = _names(runs)
    series = columns(runs, names)
    colours = plots.palette(one.name for one in series)
    views = [_run_view(number, run, name) for number, (run, name) in enumerate(zip(runs, names, strict=True), 1)]
    return pages.get_template("report.html").render(
        title=f"Dateline eval: {' and '.join(dict.fromkeys(map(_data, runs)))}",
        css=_text("report.css"),
        js=_text("report.js"),
        plotly=get_plotlyjs(),
        runs=views,
        series=[one.name for one in series],
        foot=FOOT,
        parts=parts,
        scores=list(sections(series)),
        bars=_drawn(
            plots.scores(title, GROUPS[title], {one.name: one.scores for one in series}, colours)
            for title in ("Answers", "Refusals", "Citations")
        ),
        tradeoff=_tradeoff(series, colours),
        recalls=_recalls(runs, names),
        retrieval=[
            (name, list(retrieval([one for one in series if one.run is run])))
            for run, name in zip(runs, names, strict=True)
        ],
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
        ("Model", made_by(header) + (f", SHA-256 {sha[:12]}…" if (sha := header.get("model_sha256")) else "")),
        ("Settings", _joined(header.get("settings"))),
        ("Machine", ", ".join(machine_words(header.get("machine")))),
        *((system, header["systems"][system]) for system in run.systems),
    ):
        if value:
            yield name, str(value)


def _joined(values: Any, leave: Sequence[str] = ()) -> str:
    if not isinstance(values, Mapping):
        return str(values or "")
    kept = {key: value for key, value in values.items() if key not in leave and value not in (None, "")}
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in kept.items())


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


def _drawn(found: Iterable[plots.Plot | None]) -> list[plots.Plot]:
    return [plot for plot in found if plot]


def _tradeoff(series: Sequence[Column], colours: Mapping[str, str]) -> list[plots.Plot]:
    curves: dict[str, tuple[list[Point], Point | None]] = {}
    peers: dict[str, tuple[float, float]] = {}
    for one in series:
        rows = one.run.of(one.system)
        refused, answered = (one.scores.get(name) for name in ("refused_answerable", "answered_unanswerable"))
        if one.system == "dateline" and has_support(rows):
            used = (one.run.header.get("settings") or {}).get("threshold")  # as text, like all settings
            curves[one.name] = tradeoff(rows, _THRESHOLDS), tradeoff(rows, [float(used)])[0] if used else None
        elif refused and answered and refused.mean is not None and answered.mean is not None:
            peers[one.name] = refused.mean, answered.mean
    return _drawn([plots.tradeoffs(curves, peers, colours), plots.rightness(curves, colours)])


def _recalls(runs: Sequence[Run], names: Sequence[str]) -> list[plots.Plot]:
    curves = {}
    for run, name in zip(runs, names, strict=True):
        systems = (run.of(system) for system in run.systems)
        # the first system that has rankings: every system of a run has the same index
        searched = next((rows for rows in systems if any(row.outcome.rankings for row in rows)), ())
        curves[name] = recall_curves(searched)
    return _drawn(plots.recalls(unit, curves) for unit in UNITS)


def _times(series: Sequence[Column], colours: Mapping[str, str]) -> list[plots.Plot]:
    drawn = []
    for title, name in (("First token", "first_token"), ("Whole answer", "total")):
        seconds = {}
        for one in series:
            answers = [row.outcome.answer for row in one.run.of(one.system) if row.outcome.answer]
            times = [getattr(answer.timings, name) for answer in answers]
            seconds[one.name] = [time / 1000 for time in times if time is not None]
        drawn.append(plots.times(title, seconds, colours))
    return _drawn(drawn)
