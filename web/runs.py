"""The runs of `dateline eval` that are in the data directory, and their reports, one or several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from evals.report import render
from evals.runs import Run, RunError, read
from evals.scoring import figure, label, summarise
from evals.table import headline
from web.render import trouble_html

_SHOWN = 30
_SCORES = ("correct", "answered_unanswerable", "refused_answerable", "citation_precision")
_Key = tuple[str, int, int]


@dataclass(frozen=True)
class Runs:
    """What is in the folder of runs."""

    folder: Path
    _rows: dict[_Key, str] = field(default_factory=dict)
    """Rows of the table, by file, time and size: scoring a run takes a moment."""

    def html(self) -> str:
        """The newest runs, their main scores, and the way to their reports."""
        paths = self._paths()
        if not paths:
            return (
                '<p class="none">No run yet: <code>dateline eval</code> asks the gold questions of the seed articles '
                "and writes one.</p>"
            )
        heads = "".join(f"<th{_wide(name)}>{escape(label(name).text)}, %</th>" for name in _SCORES)
        more = f'<p class="none">… and {len(paths) - _SHOWN} older.</p>' if len(paths) > _SHOWN else ""
        return (
            '<form action="reports" method="get" target="_blank"><table class="articles"><thead><tr><th></th>'
            f"<th>Run</th>{heads}</tr></thead><tbody>{''.join(map(self._row, paths[:_SHOWN]))}</tbody></table>"
            f'<p class="ways"><button>Open the chosen ones side by side</button></p></form>{more}'
        )

    def report(self, names: Sequence[str]) -> str:
        """The report on these runs, a whole page. Raises RunError."""
        known = {path.name: path for path in self._paths()}
        missing = [name for name in names if name not in known]
        if missing or not names:
            raise RunError(f"There is no run {missing[0]!r}" if missing else "No run was chosen: mark one in the list.")
        return render([read(known[name]) for name in names])

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime, reverse=True)

    def _row(self, path: Path) -> str:
        state = path.stat()
        key = (path.name, state.st_mtime_ns, state.st_size)
        if key not in self._rows:
            try:
                self._rows[key] = _row(read(path))
            except RunError as error:
                self._rows[key] = f'<tr><td></td><td colspan="{len(_SCORES) + 1}">{escape(str(error))}</td></tr>'
        return self._rows[key]


def routes(runs: Runs) -> APIRouter:
    """The reports."""
    router = APIRouter()

    @router.get("/reports", response_class=HTMLResponse)
    def report(run: Annotated[list[str], Query(default_factory=list)]) -> HTMLResponse:
        try:
            return HTMLResponse(runs.report(run))
        except RunError as error:
            return HTMLResponse(trouble_html(str(error)), status_code=404)

    return router


def _wide(score: str) -> str:
    """Columns for which a phone has no room."""
    return "" if score in _SCORES[:2] else ' class="wide"'


def _row(run: Run) -> str:
    name, (what, how) = run.path.name, headline(run)
    system = run.systems[0]
    scores = summarise(run.of(system), [system], _SCORES)[system]
    cells = "".join(
        f"<td{_wide(one)}>{figure(scores[one].mean, label(one).unit) if one in scores else '–'}</td>" for one in _SCORES
    )
    address = f"reports?{urlencode({'run': name})}"
    return (
        f'<tr><td><input type="checkbox" name="run" value="{escape(name)}" aria-label="{escape(name)}"></td>'
        f'<td><a href="{escape(address)}" target="_blank">{escape(what)}</a>'
        f'<span class="about">{escape(name)}<span class="wide"> · {escape(how)}</span></span></td>{cells}</tr>'
    )
