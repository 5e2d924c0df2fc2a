"""The articles as a reader sees and changes them: the list, the timeline, adding, removing, indexing anew."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import plotly.graph_objects as go

from index.datadir import UPLOADS
from index.sync import Progress
from index.types import Listed, Skipped, SyncReport
from rag.errors import CorpusError, DatelineError, FolderShrunk, Stopped
from rag.wording import in_words
from web.writer import Writer

ORDERS = ("Newest first", "Oldest first", "Title")
MOST_FILES = 50
MOST_MEGABYTES = 20
_SHOWN = 200
INK = "#a5523f"
PLAIN: dict[str, Any] = {
    "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font": {"color": "#8c857a"},
}  # fmt: skip
"""The layout of a picture that is to be read on light and on dark."""


def chosen(articles: Sequence[Listed], words: str, order: str) -> list[Listed]:
    """Those whose title, id, source, author or date has each of the words, in one of `ORDERS`; without a date last."""
    wanted = words.casefold().split()
    found = [one for one in articles if all(word in _told_of(one) for word in wanted)]
    if order == "Title":
        return sorted(found, key=lambda one: one.title.casefold())
    sign = 1 if order == "Oldest first" else -1
    return sorted(found, key=lambda one: (one.date is None, sign * one.date.toordinal() if one.date else 0, one.id))


def _told_of(one: Listed) -> str:
    """What one can be found by; the day as it is shown, and in ISO's form."""
    told = (one.title, one.id, one.source, one.author, str(one.date or ""), in_words(one.date))
    return " ".join(filter(None, told)).casefold()


def held_html(count: int, read: str) -> str:
    """How many articles there are, and when they were read, which is HTML of `web.render.read_html`."""
    return f'<p class="about">{count:,} article{"" if count == 1 else "s"} <span aria-hidden="true">·</span> {read}</p>'


def table_html(articles: Sequence[Listed]) -> str:
    """A row for each article, which opens in the pane; uploaded ones can be removed."""
    if not articles:
        return '<p class="none">No article.</p>'
    rows = "".join(map(_row, articles[:_SHOWN]))
    more = (
        f'<p class="none">… and {len(articles) - _SHOWN:,} more: search for them.</p>' if len(articles) > _SHOWN else ""
    )
    return (
        '<table class="articles"><thead><tr><th>Date</th><th>Article</th><th class="wide">Characters</th><th></th></tr>'
        f"</thead><tbody>{rows}</tbody></table>{more}"
    )


def _row(one: Listed) -> str:
    ours = one.file.startswith(UPLOADS)
    remove = (
        f'<button type="button" data-act="remove" data-id="{escape(one.id)}" '
        f'aria-label="Remove {escape(one.title)}">Remove</button>'
    )
    about = " · ".join(filter(None, [one.source, one.author, one.id]))
    return (
        f"<tr><td>{in_words(one.date)}</td>"
        f'<td><button type="button" class="way" data-pane="{escape(urlencode({"article": one.id}))}">'
        f'{escape(one.title)}</button><span class="about">{escape(about)}</span></td>'
        f'<td class="wide">{one.characters:,}</td>'
        f"<td>{remove if ours else ''}</td></tr>"
    )


def report_html(report: SyncReport) -> str:
    """What an indexing did, and what was skipped and why."""
    done = f"{report.added} added, {report.changed} changed, {report.removed} removed, {report.unchanged} unchanged."
    return f"<p>{done}</p>" + (f"<p>Skipped:</p>{_reasons(report.skipped)}" if report.skipped else "")


def skipped_html(skipped: Sequence[Skipped]) -> str:
    """What is in the folder and not among the articles, and why; folded away."""
    if not skipped:
        return ""
    reasons = _reasons([(one.path, one.reason) for one in skipped])
    return f'<details class="skipped"><summary>{len(skipped):,} skipped, and why</summary>{reasons}</details>'


def _reasons(skipped: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<li>{escape(path)}: {escape(reason)}</li>" for path, reason in skipped[:_SHOWN])
    more = f"<li>… and {len(skipped) - _SHOWN:,} more</li>" if len(skipped) > _SHOWN else ""
    return f"<ul>{rows}{more}</ul>"


def timeline(articles: Sequence[Listed]) -> go.Figure:
    """How many articles each day has; each month or year, where they stretch over more than two or over ten years."""
    dates = [one.date for one in articles if one.date]
    counts, width, spelled = Counter(dates), timedelta(days=0.8), "%-d %b %Y"
    if dates and max(dates) - min(dates) > timedelta(days=3650):
        counts, width, spelled = Counter(day.replace(month=1, day=1) for day in dates), timedelta(days=290), "%Y"
    elif dates and max(dates) - min(dates) > timedelta(days=730):
        counts, width, spelled = Counter(day.replace(day=1) for day in dates), timedelta(days=24), "%b %Y"
    bar = go.Bar(x=list(counts), y=list(counts.values()), width=width / timedelta(milliseconds=1))
    figure = go.Figure(bar.update(marker_color=INK))
    figure.update_layout(
        height=180,
        margin={"l": 30, "r": 10, "t": 10, "b": 30},
        **PLAIN,
        xaxis={"type": "date", "tickformat": spelled, "hoverformat": spelled, "nticks": 8, "showgrid": False},
        yaxis={"tickformat": "d", "nticks": 4, "gridcolor": "rgba(140,133,122,.3)"},
    )
    if counts:
        room = 5 * width  # a single day is a thin bar, too
        figure.update_xaxes(range=[min(counts) - room, max(counts) + room], tick0=min(counts))
    return figure


def add(writer: Writer, files: Sequence[str], stop: threading.Event) -> Iterator[str]:
    """Takes uploaded files in; yields what is to be seen meanwhile, and the report at last, as HTML."""
    paths = [Path(file) for file in files]
    if len(paths) > MOST_FILES:
        raise CorpusError(f"{len(paths)} files at once are too many: add up to {MOST_FILES} at a time.")
    names: dict[str, Path] = {}
    for path in paths:
        names[path.name if path.name not in names else f"{len(names)}-{path.name}"] = path
    yield from _watched(lambda progress: writer.add(names, progress), stop)


def anew(writer: Writer, stop: threading.Event, *, shrink: bool = False) -> Iterator[str]:
    """Makes the index equal to its folder again; yields as `add` does.

    Where most of the articles are gone from it, a way to take them out, unless they are to `shrink` with it.
    """
    yield from _watched(lambda progress: writer.anew(progress, shrink=shrink), stop)


def _watched(work: Callable[[Progress], SyncReport], stop: threading.Event) -> Iterator[str]:
    told: queue.Queue[str | SyncReport | BaseException] = queue.Queue()

    def progress(done: int, total: int, what: str) -> None:
        if stop.is_set():
            raise Stopped
        told.put(f'<p role="status">{done} of {total}: {escape(what)} …</p>')

    def run() -> None:
        try:
            told.put(work(progress))
        except BaseException as error:
            told.put(error)

    threading.Thread(target=run, name="indexing", daemon=True).start()
    while True:
        match told.get():
            case SyncReport() as report:
                yield report_html(report)
                return
            case Stopped():
                yield "<p>Cancelled. What was taken in by then stays.</p>"
                return
            case FolderShrunk() as error:
                way = '<p class="ways"><button type="button" data-act="shrink">Take them out</button></p>'
                yield f'<p role="alert">{escape(str(error))}</p>{way}'
                return
            case DatelineError() as error:
                yield f'<p role="alert">{escape(str(error))}</p>'
                return
            case BaseException() as error:
                raise error
            case str(status):
                yield status
