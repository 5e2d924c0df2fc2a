"""What happened when, as a reader sees it: a picture, and below it each event in the words of its article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape
from textwrap import wrap
from urllib.parse import urlencode

import plotly.graph_objects as go

from rag.timeline import TimelineEntry
from rag.wording import in_words, origin, quoted
from web.corpus import INK, PLAIN

_LATELY = timedelta(days=400)  # before its article: what is older is background, and not in the picture's first view
_FORMS = (("csv", "CSV"), ("md", "Markdown"), ("json", "JSON"))


def figure(entries: Sequence[TimelineEntry]) -> go.Figure:
    """A dot for each event above its day, a line for what took longer; its words below the pointer."""
    figure, on_day = go.Figure(), Counter[date]()
    for one in entries:
        on_day[one.first] += 1
        words = "<br>".join(wrap(escape(quoted(one.quote)), 70))
        figure.add_scatter(
            x=[one.first, one.last], y=[on_day[one.first]] * 2, mode="lines+markers",
            line={"color": INK, "width": 2}, marker={"size": 9, "symbol": "x" if one.differs else "circle"},
            hovertemplate=f"<b>{one.when}</b><br>{words}<extra></extra>", showlegend=False,
        )  # fmt: skip
    figure.update_layout(
        height=220,
        margin={"l": 10, "r": 10, "t": 10, "b": 30},
        **PLAIN,
        xaxis={"type": "date", "showgrid": False},
        yaxis={"visible": False, "range": [0, max(on_day.values(), default=1) + 1]},
        hovermode="closest",
    )
    lately = [one for one in entries if one.reported and one.reported - one.first < _LATELY]
    if lately:
        first, last = min(one.first for one in lately), max(one.last for one in lately)
        room = max(timedelta(days=1), (last - first) / 20)
        figure.update_xaxes(range=[first - room, last + room])
    return figure


def events_html(topic: str, days: Mapping[str, str | None], entries: Sequence[TimelineEntry]) -> str:
    """The events by their days; each opens its article. `topic` and `days` are what was asked for."""
    if not entries:
        return f'<p class="none">The articles found name no day of “{escape(topic)}”.</p>'
    rows, day = "", ""
    for one in entries:
        head = f"<h2>{escape(one.when)}</h2>" if one.when != day else ""
        day = one.when
        rows += f"{head}{_event(one)}"
    asked = urlencode({"topic": topic} | {name: value for name, value in days.items() if value})
    ways = " · ".join(f'<a href="export/timeline.{form}?{escape(asked)}" download>{name}</a>' for form, name in _FORMS)
    return f'<div class="events">{rows}<p class="export">Export: {ways}</p></div>'


def _event(one: TimelineEntry) -> str:
    where = escape(urlencode({"article": one.article, "start": one.start, "end": one.end}))
    reported = f"reported {in_words(one.reported)}" if one.reported else "of an article without a date"
    told = " · ".join(filter(None, [escape(one.title), reported, origin(one.carriers)]))
    differs = '<span class="origin">other figures are told of this day</span> ' if one.differs else ""
    return (
        f"<blockquote>{escape(quoted(one.quote))}</blockquote>"
        f'<p class="about">{differs}<button type="button" class="way" data-pane="{where}">{told}</button></p>'
    )
