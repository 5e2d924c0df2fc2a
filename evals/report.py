"""One HTML page about one run or several: scores, pictures, and every case. It asks nothing of any network.

What articles, questions and models say is escaped by the templates, all of it, without exception; the page's own
policy (Content-Security-Policy) forbids it to fetch anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.curves import Point, has_support, recall_curves, tradeoff
from evals.report_cases import view
from evals.runs import Run
from evals.scoring import GROUPS, UNITS
from evals.table import FOOT, Column, columns, headline, machine_words, made_by, parts, retrieval, sections
from index.datadir import write_whole

_TEMPLATES = Path(__file__).with_name("templates")
_THRESHOLDS = [step / 50 for step in range(51)]


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
    return pages.get_template("report.html").render(
        title=f"Dateline eval: {' and '.join(dict.fromkeys(map(_data, runs)))}",
        plotly=get_plotlyjs(),
        runs=[
            {"name": name, "facts": dict(_facts(run)), "cases": _cases(run)}
            for run, name in zip(runs, names, strict=True)
        ],
        series=[one.name for one in series],
        foot=FOOT,
        parts=parts,
        scores=list(sections(series)),
        retrieval=[
            (name, list(retrieval([one for one in series if one.run is run])))
            for run, name in zip(runs, names, strict=True)
        ],
        **_plots(runs, names, series),
    )


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


def _cases(run: Run) -> list[dict[str, Any]]:
    order = {id: place for place, id in enumerate(dict.fromkeys(row.case.id for row in run.rows))}
    rows = sorted(run.rows, key=lambda row: order[row.case.id])  # the systems' answers to one question together
    return [view(row) for row in rows]


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


# -------------------------------------------------------------------------------------------------- pictures


def _plots(runs: Sequence[Run], names: Sequence[str], series: Sequence[Column]) -> dict[str, list[Any]]:
    from evals import plots  # Plotly Express takes seconds to load

    colours = plots.palette(one.name for one in series)
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
    summaries = {one.name: one.scores for one in series}
    drawn = {
        "bars": [
            plots.scores(title, GROUPS[title], summaries, colours) for title in ("Answers", "Refusals", "Citations")
        ],
        "tradeoff": [plots.tradeoffs(curves, peers, colours), plots.rightness(curves, colours)],
        "recalls": [plots.recalls(unit, dict(zip(names, map(_recalls, runs), strict=True))) for unit in UNITS],
        "times": [
            plots.times(title, {one.name: list(_seconds(one, name)) for one in series}, colours)
            for title, name in (("First token", "first_token"), ("Whole answer", "total"))
        ],
    }
    return {group: [plot for plot in found if plot] for group, found in drawn.items()}


def _recalls(run: Run) -> dict[str, list[float]]:
    # of the first system that has rankings: every system of a run has the same index
    return next((found for system in run.systems if (found := recall_curves(run.of(system)))), {})


def _seconds(one: Column, name: str) -> Iterator[float]:
    for row in one.run.of(one.system):
        time = getattr(row.outcome.answer.timings, name) if row.outcome.answer else None
        if time is not None:
            yield time / 1000
