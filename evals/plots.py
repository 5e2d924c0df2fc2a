"""The pictures of a report, by Plotly Express. The colours of text and ground are left to the page's style."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle
from typing import Any

import numpy as np
import plotly.express as px

from evals.curves import DEPTHS, Point
from evals.scoring import MODES, Summary, label
from evals.table import parts

_COLOURS = ("#3b7fd4", "#e08b27", "#2f9d78", "#a566c4", "#d25a55", "#7d8794", "#b39a1f", "#3fa7b8")
"""Told apart on white and on black, and by most who see fewer colours."""
_SEARCHES = {"bm25": "#7d8794", "dense": "#b39a1f", "fused": "#a566c4"}  # not to be taken for systems
_PERCENT = {"ticksuffix": " %", "range": [-3, 103]}

Curves = Mapping[str, tuple[Sequence[Point], Point | None]]
"""The points over the threshold of each series, and the point in use."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure with the words around it."""

    title: str
    caption: str
    json: str
    """Plotly's own form: {"data", "layout"}."""
    height: int


def palette(series: Iterable[str]) -> dict[str, str]:
    """A colour for each series, the same one in every picture."""
    return dict(zip(map(escape, series), cycle(_COLOURS), strict=False))


def scores(
    title: str, names: Iterable[str], summaries: Mapping[str, Mapping[str, Summary]], colours: Mapping[str, str]
) -> Plot | None:
    """Bars with their 95 % intervals for each of `summaries` (series name -> score name -> Summary)."""
    rows = [
        {"series": escape(series), "score": _axis_label(name), "interval": " ".join(parts(one)[1:]), "%": 100 * mean,
         "above": 100 * ((one.high or 0.0) - mean), "below": 100 * (mean - (one.low or 0.0))}
        for name in names
        for series, found in summaries.items()
        if (one := found.get(name)) and (mean := one.mean) is not None
    ]  # fmt: skip
    if not rows:
        return None
    order = list(dict.fromkeys(row["score"] for row in rows))
    drawn = _drawn(
        px.bar, rows, colours, x="%", y="score", barmode="group", orientation="h", error_x="above",
        error_x_minus="below", category_orders={"score": order}, hover_data=["interval"],
    )  # fmt: skip
    drawn.update_layout(xaxis={"range": [0, 104], "ticksuffix": " %", "dtick": 25}, yaxis={"title": None})
    caption = "Means with 95 % intervals. ↑ more is better, ↓ less is better."
    return _plot(title, caption, drawn, 90 + len(order) * (22 + 15 * len(summaries)))


def times(title: str, seconds: Mapping[str, Sequence[float]], colours: Mapping[str, str]) -> Plot | None:
    """A histogram for each series, one below the other on one axis; the line is the median."""
    shown = {escape(series): np.array(values) for series, values in seconds.items() if values}
    words = {one: f"{one}: median {np.median(values):.2f} s, n={values.size}" for one, values in shown.items()}
    rows = [{"series": words[one], "s": second} for one, values in shown.items() for second in values.tolist()]
    if not rows:
        return None
    colours = {words[one]: colours[one] for one in shown}
    drawn = _drawn(
        px.histogram,
        rows,
        colours,
        x="s",
        facet_col="series",
        facet_col_wrap=1,
        nbins=40,
        facet_row_spacing=0.35 / len(shown),
    )
    drawn.for_each_annotation(lambda one: one.update(text=one.text.partition("=")[2]))
    for number, values in enumerate(shown.values()):
        drawn.add_vline(float(np.median(values)), line_dash="dot", line_color="#808080", row=len(shown) - number, col=1)
    drawn.update_layout(showlegend=False).update_yaxes(matches=None, title=None, nticks=3)
    caption = "Seconds from the question's arrival; cases on the vertical axis; the dotted line is the median."
    return _plot(title, caption, drawn, 70 + 105 * len(shown))


def tradeoffs(curves: Curves, peers: Mapping[str, tuple[float, float]], colours: Mapping[str, str]) -> Plot | None:
    """Refusing too much against answering what has no answer: a curve over the threshold for each series, with the
    point in use, and a single point for each peer (refused answerable, answered unanswerable)."""
    rows = [row for row in _points(curves) if None not in (row[_REFUSED], row[_ANSWERED])]
    if not rows:
        return None
    drawn = _drawn(px.line, rows, colours, x=_REFUSED, y=_ANSWERED, markers=True, hover_data=["threshold", "shown"])
    points = [
        (
            f"{one}: the threshold in use, {used.threshold:g}",
            one,
            used.refused_answerable,
            used.answered_unanswerable,
            "star",
        )
        for one, (_, used) in curves.items()
        if used
    ]
    for words, one, x, y, symbol in [*points, *((peer, peer, *shares, "diamond") for peer, shares in peers.items())]:
        marker = {"size": 13, "symbol": symbol, "color": colours[escape(one)]}
        drawn.add_scatter(x=[_percent(x)], y=[_percent(y)], name=escape(words), mode="markers", marker=marker)
    drawn.update_layout(xaxis=_PERCENT, yaxis=_PERCENT)
    caption = (
        "Each point of a curve is a threshold of support: down and to the left is better. What was refused for other "
        "reasons than its support stays refused at every threshold, so a curve need not begin at zero."
    )
    return _plot("Refusing too much, or answering too much", caption, drawn)


def rightness(curves: Curves, colours: Mapping[str, str]) -> Plot | None:
    """How right what is shown would be, and how much of it there would be, over the threshold."""
    rows = [row for row in _points(curves) if row[_RIGHT] is not None]
    if not rows:
        return None
    drawn = _drawn(px.line, rows, colours, x="threshold", y=_RIGHT, line_shape="hv", hover_data=["shown"])
    for series, (_, used) in curves.items():
        if used:
            drawn.add_vline(used.threshold, line_dash="dot", line_color=colours[escape(series)])
    drawn.update_layout(xaxis={"range": [-0.02, 1.02]}, yaxis=_PERCENT)
    caption = "An answer to a question that has no answer counts as wrong. The dotted line is the threshold in use."
    return _plot("Right among what is shown", caption, drawn)


def recalls(unit: str, curves: Mapping[str, Mapping[str, Sequence[float]]]) -> Plot | None:
    """recall@k of the three ways of searching, for each run (run name -> "bm25.article" and so on -> values)."""
    k = f"k: the first k {'articles' if unit == 'article' else 'passages'}"
    rows = [
        {"series": mode, "run": escape(run), k: depth, "recall": _percent(value)}
        for run, found in curves.items()
        for mode in MODES
        for depth, value in zip(DEPTHS, found.get(f"{mode}.{unit}", ()), strict=False)
    ]
    if not rows:
        return None
    drawn = _drawn(
        px.line, rows, _SEARCHES, x=k, y="recall", markers=True, line_dash="run" if len(curves) > 1 else None
    )
    drawn.update_layout(xaxis={"dtick": 1}, yaxis={"ticksuffix": " %", "title": None, "nticks": 7})
    return _plot(f"The gold {unit} is found", "Share of the facts asked for that are among the first k.", drawn)


_REFUSED, _ANSWERED = "answerable questions refused", "unanswerable ones answered"
_RIGHT = "right, of the answers shown"


def _points(curves: Curves) -> list[dict[str, Any]]:
    return [
        {"series": escape(series), "threshold": point.threshold, "shown": point.shown,
         _REFUSED: _percent(point.refused_answerable), _ANSWERED: _percent(point.answered_unanswerable),
         _RIGHT: _percent(point.right_of_shown)}
        for series, (points, _) in curves.items()
        for point in points
    ]  # fmt: skip


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _drawn(how: Callable[..., Any], rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str], **more: Any) -> Any:
    table = {name: [row[name] for row in rows] for name in rows[0]}
    return how(table, color="series", color_discrete_map=dict(colours), **more)


def _plot(title: str, caption: str, drawn: Any, height: int = 420) -> Plot:
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "title": None}
    drawn.update_layout(template={}, dragmode=False, height=height, margin={"t": 50, "r": 18, "b": 50}, legend=legend)
    # a "<" could end the page's script element
    return Plot(title, caption, drawn.to_json().replace("<", "\\u003c"), height)


def _axis_label(name: str) -> str:
    text, _, better = label(name)
    arrow = {True: " ↑", False: " ↓", None: ""}[better]
    return "<br>".join(map(escape, textwrap.wrap(text, 21))) + arrow
