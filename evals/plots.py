"""The pictures of a report, as Plotly figures. The colours of text and ground are left to the page's style."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle, pairwise
from typing import Any

import numpy as np

from evals.curves import DEPTHS, Point
from evals.scoring import MODES, Summary, figure, label

_COLOURS = ("#3b7fd4", "#e08b27", "#2f9d78", "#a566c4", "#d25a55", "#7d8794", "#b39a1f", "#3fa7b8")
"""Told apart on white and on black, and by most who see fewer colours."""
_SEARCHES = {"bm25": "#7d8794", "dense": "#b39a1f", "fused": "#a566c4"}  # not to be taken for systems
_DASHES = ("solid", "dash", "dot")
_BINS = 40

Curves = Mapping[str, tuple[Sequence[Point], Point | None]]
"""The points over the threshold of each series, and the point in use."""
Key = tuple[str, str, str]
"""A line of a legend: its words, its colour, and the sign of it ("■", "★", "◆", or a line: "solid", "dot", "dash")."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure with the words around it."""

    title: str
    caption: str
    json: str
    """Plotly's own form: {"data", "layout"}."""
    height: int
    legend: tuple[Key, ...]


def palette(series: Iterable[str]) -> dict[str, str]:
    """A colour for each series, the same one in every picture."""
    return dict(zip(series, cycle(_COLOURS), strict=False))


def scores(
    title: str, names: Iterable[str], summaries: Mapping[str, Mapping[str, Summary]], colours: Mapping[str, str]
) -> Plot | None:
    """Bars with their 95 % intervals for each of `summaries` (series name -> score name -> Summary)."""
    shown = [name for name in names if any(name in found for found in summaries.values())]
    if not shown:
        return None
    bars = []
    for series, found in summaries.items():
        known = [found[name] for name in shown if name in found and found[name].mean is not None]
        figures = 100 * np.array([(one.mean, one.low, one.high) for one in known], dtype=float).reshape(-1, 3)
        means, lows, highs = figures.T
        bars.append(
            {
                "type": "bar", "orientation": "h", "name": escape(series), "marker": {"color": colours[series]},
                "y": [_axis_label(one.name) for one in known], "x": means.tolist(),
                "error_x": {
                    "type": "data", "symmetric": False, "thickness": 1.5, "width": 3,
                    "array": (highs - means).tolist(), "arrayminus": (means - lows).tolist(),
                },
                "customdata": [_in_words(one) for one in known],
                "hovertemplate": f"{escape(series)}<br>%{{customdata}}<extra></extra>",
            }
        )  # fmt: skip
    layout = {
        "barmode": "group", "bargap": 0.25, "margin": {"l": 160},
        "xaxis": {"range": [0, 104], "ticksuffix": " %", "dtick": 25},
        "yaxis": {"autorange": "reversed", "categoryorder": "array", "categoryarray": [_axis_label(n) for n in shown]},
    }  # fmt: skip
    caption = "Means with 95 % intervals. ↑ more is better, ↓ less is better."
    legend = [(series, colours[series], "■") for series in summaries]
    return _plot(title, caption, bars, layout, 70 + len(shown) * (22 + 15 * len(summaries)), legend)


def times(title: str, seconds: Mapping[str, Sequence[float]], colours: Mapping[str, str]) -> Plot | None:
    """A histogram for each series, one below the other on one axis; the line is the median."""
    seconds = {series: values for series, values in seconds.items() if values}
    if not seconds:
        return None
    edges = np.linspace(0, max(max(values) for values in seconds.values()) * 1.001 or 1, _BINS + 1)
    rows, gap = len(seconds), 0.35 / max(2, len(seconds))
    size = (1 - gap * (rows - 1)) / rows
    bars: list[Any] = []
    layout: dict[str, Any] = {"annotations": [], "shapes": [], "bargap": 0.02, "margin": {"l": 45, "t": 26}}
    for number, (series, values) in enumerate(seconds.items()):
        axis, top = "" if number == 0 else str(number + 1), 1 - number * (size + gap)
        middle = float(np.median(values))
        bars.append(
            {
                "type": "bar", "yaxis": f"y{axis}", "marker": {"color": colours[series]},
                "x": ((edges[:-1] + edges[1:]) / 2).tolist(), "y": np.histogram(values, edges)[0].tolist(),
                "customdata": [f"{a:.2f}–{b:.2f} s" for a, b in pairwise(edges)],
                "hovertemplate": "%{customdata}: %{y} cases<extra></extra>",
            }
        )  # fmt: skip
        layout[f"yaxis{axis}"] = {"domain": [max(0.0, top - size), top], "nticks": 3, "rangemode": "tozero"}
        layout["annotations"].append(
            {"xref": "paper", "yref": "paper", "x": 1, "y": top, "xanchor": "right", "yanchor": "bottom"}
            | {"text": f"{escape(series)}: median {middle:.2f} s, n={len(values)}", "showarrow": False}
        )
        layout["shapes"].append(_upright(middle, f"y{axis} domain", 2, "#808080"))
    layout["xaxis"] = {"ticksuffix": " s", "range": [0, float(edges[-1])], "anchor": f"y{'' if rows == 1 else rows}"}
    caption = "Seconds from the question's arrival; cases on the vertical axis; the dotted line is the median."
    return _plot(title, caption, bars, layout, 70 + 105 * rows)


def tradeoffs(curves: Curves, peers: Mapping[str, tuple[float, float]], colours: Mapping[str, str]) -> Plot | None:
    """Refusing too much against answering what has no answer: a curve over the threshold for each series, with the
    point in use, and a single point for each peer (refused answerable, answered unanswerable)."""

    def drawn(points: Sequence[Point], hover: str, **style: Any) -> dict[str, Any]:
        shares = [(point.refused_answerable, point.answered_unanswerable) for point in points]
        return _scatter(shares, hover, customdata=[_point_words(point) for point in points], **style)

    traces: list[Any] = []
    legend: list[Key] = []
    for series, (points, used) in curves.items():
        colour = colours[series]
        if known := [point for point in points if _both(point)]:
            legend.append((series, colour, "solid"))
            line = {"mode": "lines+markers", "line": {"color": colour, "width": 2}, "marker": {"size": 5}}
            traces.append(drawn(known, "%{customdata}", **line))
            if used is not None and _both(used):
                legend.append((f"the threshold in use, {used.threshold:g}", colour, "★"))
                star = {"size": 15, "symbol": "star", "color": colour, "line": {"width": 1}}
                traces.append(drawn([used], "in use: %{customdata}", mode="markers", marker=star))
    if not traces:
        return None
    for series, shares in peers.items():
        legend.append((series, colours[series], "◆"))
        diamond = {"size": 10, "symbol": "diamond", "color": colours[series]}
        hover = "answerable refused %{x:.1f} %, unanswerable answered %{y:.1f} %"
        traces.append(_scatter([shares], hover, mode="markers", marker=diamond))
    layout = {
        "xaxis": _share("answerable questions refused"),
        "yaxis": _share("unanswerable ones answered"),
        "margin": {"l": 75},
    }
    caption = (
        "Each point of a curve is a threshold of support: down and to the left is better. What was refused for other "
        "reasons than its support stays refused at every threshold, so a curve need not begin at zero."
    )
    return _plot("Refusing too much, or answering too much", caption, traces, layout, 420, legend)


def rightness(curves: Curves, colours: Mapping[str, str]) -> Plot | None:
    """How right what is shown would be, and how much of it there would be, over the threshold."""
    drawn = {name: found for name, found in curves.items() if any(point.shown for point in found[0])}
    if not drawn:
        return None
    traces = []
    for series, (points, _) in drawn.items():
        known = [point for point in points if point.right_of_shown is not None]
        line = {"color": colours[series], "width": 2, "shape": "hv"}
        shares = [(point.threshold / 100, point.right_of_shown) for point in known]
        words = [_point_words(point) for point in known]
        traces.append(_scatter(shares, "%{customdata}", mode="lines", line=line, customdata=words))
    used = [(point.threshold, colours[series]) for series, (_, point) in drawn.items() if point is not None]
    layout = {
        "xaxis": {"title": {"text": "threshold of support"}, "range": [-0.02, 1.02]},
        "yaxis": _share("right, of the answers shown"),
        "margin": {"l": 75},
        "shapes": [_upright(threshold, "paper", 1.5, colour) for threshold, colour in used],
    }
    caption = "An answer to a question that has no answer counts as wrong. The dotted line is the threshold in use."
    legend = [(series, colours[series], "solid") for series in drawn]
    return _plot("Right among what is shown", caption, traces, layout, 420, legend)


def recalls(unit: str, curves: Mapping[str, Mapping[str, Sequence[float]]]) -> Plot | None:
    """recall@k of the three ways of searching, for each run (run name -> "bm25.article" and so on -> values)."""
    traces: list[Any] = []
    legend: list[Key] = []
    lowest = 1.0
    for run, (name, found) in enumerate(curves.items()):
        for mode in MODES:
            if values := found.get(f"{mode}.{unit}"):
                lowest = min(lowest, *values)
                dash = _DASHES[run % len(_DASHES)]
                legend.append((mode if len(curves) == 1 else f"{mode}, {name}", _SEARCHES[mode], dash))
                line = {"color": _SEARCHES[mode], "dash": dash, "width": 2}
                shares = [(depth / 100, value) for depth, value in zip(DEPTHS, values, strict=True)]
                hover = f"{mode}: recall@%{{x}} = %{{y:.1f}} %"
                traces.append(_scatter(shares, hover, mode="lines+markers", line=line, marker={"size": 6}))
    if not traces:
        return None
    what = {"article": "articles", "quote": "passages"}[unit]
    layout = {
        "xaxis": {"title": {"text": f"k: the first k {what}"}, "dtick": 1, "range": [0.7, 10.3]},
        "yaxis": {"ticksuffix": " %", "range": [max(0.0, 100 * lowest - 8), 101.5], "nticks": 7},
        "margin": {"l": 60},
    }
    caption = "Share of the facts asked for that are among the first k."
    return _plot(f"The gold {unit} is found", caption, traces, layout, 360, legend)


def _scatter(shares: Sequence[tuple[float | None, float | None]], hover: str, **style: Any) -> dict[str, Any]:
    """A trace of points (x, y), both times a hundred."""
    x, y = ([100 * (point[at] or 0.0) for point in shares] for at in (0, 1))
    return {"type": "scatter", "x": x, "y": y, "hovertemplate": f"{hover}<extra></extra>", **style}


def _share(title: str) -> dict[str, Any]:
    """An axis of shares in per cent."""
    return {"title": {"text": title}, "ticksuffix": " %", "range": [-3, 103]}


def _upright(x: float, of: str, width: float, colour: str) -> dict[str, Any]:
    """A dotted line from the bottom to the top of `of`."""
    line = {"width": width, "dash": "dot", "color": colour}
    return {"type": "line", "xref": "x", "yref": of, "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line}


def _plot(
    title: str, caption: str, traces: Sequence[Any], layout: Mapping[str, Any], height: int, legend: Sequence[Key] = ()
) -> Plot:
    base = {"template": {}, "dragmode": False, "height": height, "hovermode": "closest", "showlegend": False}
    titled = "title" in layout.get("xaxis", {})
    margin = {"t": 12, "r": 18, "b": 56 if titled else 30, "l": 60} | dict(layout.get("margin", {}))
    picture = json.dumps({"data": list(traces), "layout": base | dict(layout) | {"margin": margin}})
    # a "<" could end the page's script element
    return Plot(title, caption, picture.replace("<", "\\u003c"), height, tuple(legend))


def _axis_label(name: str) -> str:
    text, _, better = label(name)
    lines = textwrap.wrap(text, 21)
    arrow = {True: " ↑", False: " ↓", None: ""}[better]
    return "<br>".join(map(escape, lines)) + arrow


def _in_words(summary: Summary) -> str:
    unit = label(summary.name).unit
    low, high = figure(summary.low, unit), figure(summary.high, unit)
    return f"{escape(label(summary.name).text)}: {figure(summary.mean, unit)} [{low}–{high}], n={summary.scored}"


def _point_words(point: Point) -> str:
    right = "" if point.right_of_shown is None else f", {100 * point.right_of_shown:.0f} % of them right"
    return (
        f"threshold {point.threshold:.2f}<br>answerable refused {100 * (point.refused_answerable or 0.0):.0f} %"
        f"<br>unanswerable answered {100 * (point.answered_unanswerable or 0.0):.0f} %"
        f"<br>{point.shown} answers shown{right}"
    )


def _both(point: Point) -> bool:
    return point.refused_answerable is not None and point.answered_unanswerable is not None
