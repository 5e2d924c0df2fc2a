"""The pictures of a report: what would have been at every threshold of support and at every depth of search, the
scores and the times. Plotly Express draws them; the colours of text and ground are left to the page's style."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np

from evals.matching import matches
from evals.refusing import reads_as_refusal
from evals.runs import Run
from evals.scorers.retrieval import recalls
from evals.scoring import GROUPS, MODES, UNITS
from evals.table import Column, parts
from evals.types import Row
from rag.types import Answer

DEPTHS = range(1, 11)
_TIMES = {"First token": "first_token", "Whole answer": "total"}
_COLOURS = ("#3b7fd4", "#e08b27", "#2f9d78", "#a566c4", "#d25a55", "#7d8794", "#b39a1f", "#3fa7b8")
"""Told apart on white and on black, and by most who see fewer colours."""
_SEARCHES = {"bm25": "#7d8794", "dense": "#b39a1f", "fused": "#a566c4"}  # not to be taken for systems
_PERCENT = {"ticksuffix": " %", "range": [-3, 103]}
_AXES = {
    "refused_answerable": "answerable questions refused", "answered_unanswerable": "unanswerable ones answered",
    "right_of_shown": "right, of the answers shown",
}  # fmt: skip
Plot = dict[str, Any]  # a figure in Plotly's own form, JSON of {"data", "layout"}, its height and the words around it
_Colours = Mapping[str, str]


class Point(NamedTuple):
    """What readers would have seen at one threshold. Shares in per cent, None where there is no such case."""

    threshold: float
    refused_answerable: float | None
    answered_unanswerable: float | None
    right_of_shown: float | None
    """Of the answers shown, the share that is right; an answer to what has no answer is wrong."""
    shown: int


def pictures(runs: Mapping[str, Run], series: Sequence[Column]) -> dict[str, list[Plot]]:
    """The plots of each section of the page. A series has the same colour in every one of them."""
    colours = dict(zip((escape(one.name) for one in series), cycle(_COLOURS), strict=False))
    curves, peers = dict[str, tuple[Sequence[Point], Point]](), dict[str, Point]()
    for one in series:
        rows = one.run.of(one.system)
        of_peer = [one.scores.get(name) for name in ("refused_answerable", "answered_unanswerable")]
        shares = [100 * found.mean for found in of_peer if found and found.mean is not None]
        if one.system == "dateline":  # the others weigh nothing
            used = float(one.run.header["settings"]["threshold"])
            curves[one.name] = tradeoff(rows, [step / 50 for step in range(51)]), tradeoff(rows, [used])[0]
        elif len(shares) == 2:
            peers[one.name] = Point(1.0, shares[0], shares[1], None, 0)
    return {
        "bars": [plot for title in ("Answers", "Refusals", "Citations") for plot in _scores(title, series, colours)],
        "tradeoff": list(_tradeoffs(curves, peers, colours)),
        "recalls": [plot for unit in UNITS for plot in _recalls(unit, runs)],
        "times": [plot for title, time in _TIMES.items() for plot in _times(title, time, series, colours)],
    }


def tradeoff(rows: Sequence[Row], thresholds: Iterable[float]) -> list[Point]:
    """One system's `rows` at each threshold: a sentence is shown iff its support is at least that, and an answer
    without one is a refusal. What a number, a date or a name alone withheld stays so; failed cases do not count."""
    weighed = [(row.case, _weighed(row.outcome.answer)) for row in rows if row.outcome.answer]

    @cache  # the answer changes at few thresholds, and matching takes a while
    def right(number: int, text: str) -> bool:
        case = weighed[number][0]
        return case.answerable and bool(matches(text, case))

    points = []
    for threshold in thresholds:
        texts = [" ".join(text for text, support in said if support >= threshold) for _, said in weighed]
        refused = [reads_as_refusal(text) for text in texts]  # as nothing is
        of_answerable = [was for was, (case, _) in zip(refused, weighed, strict=True) if case.answerable]
        answered = [not was for was, (case, _) in zip(refused, weighed, strict=True) if not case.answerable]
        shown = [right(number, text) for number, text in enumerate(texts) if not refused[number]]
        points.append(Point(threshold, _mean(of_answerable), _mean(answered), _mean(shown), len(shown)))
    return points


def _weighed(answer: Answer) -> list[tuple[str, float]]:
    """Every sentence that has a support, kept or withheld. What a refusal says besides is no answer."""
    kept = [] if answer.abstained else [(sentence.text, sentence.support) for sentence in answer.sentences]
    return kept + [(withheld.text, withheld.support) for withheld in answer.withheld if withheld.support is not None]


def _mean(values: Sequence[bool]) -> float | None:
    return 100 * sum(values) / len(values) if values else None


def recall_curves(rows: Iterable[Row]) -> dict[str, list[float]]:
    """ "bm25.article" and so on -> mean recall at each of DEPTHS, as the retrieval scorers define it."""
    found = [recalls(row.case, row.outcome, DEPTHS) for row in rows]
    names = dict.fromkeys(name for one in found for name in one)
    return {name: np.mean([one[name] for one in found if name in one], axis=0).tolist() for name in names}


def _scores(title: str, series: Sequence[Column], colours: _Colours) -> Iterator[Plot]:
    """Bars with their 95 % intervals."""
    rows = [
        {"series": escape(one.name), "interval": " ".join(parts(found)[1:]), "%": 100 * mean,
         "score": "<br>".join(map(escape, textwrap.wrap(what.text, 21))) + (" ↑" if what.higher_is_better else " ↓"),
         "above": 100 * ((found.high or 0.0) - mean), "below": 100 * (mean - (found.low or 0.0))}
        for name, what in GROUPS[title].items()
        for one in series
        if (found := one.scores.get(name)) and (mean := found.mean) is not None
    ]  # fmt: skip
    if rows:
        order = list(dict.fromkeys(row["score"] for row in rows))
        drawn = _drawn(
            "bar", rows, colours, x="%", y="score", barmode="group", orientation="h", error_x="above",
            error_x_minus="below", category_orders={"score": order}, hover_data=["interval"],
        )  # fmt: skip
        drawn.update_layout(xaxis={"range": [0, 104], "ticksuffix": " %", "dtick": 25}, yaxis={"title": None})
        caption = "Means with 95 % intervals. ↑ more is better, ↓ less is better."
        yield _plot(title, caption, drawn, 90 + len(order) * (22 + 15 * len(series)))


def _times(title: str, timing: str, series: Sequence[Column], colours: _Colours) -> Iterator[Plot]:
    """A histogram for each series, one below the other on one axis; the line is the median."""
    shown: dict[str, tuple[str, list[float]]] = {}
    for one in series:
        answers = [row.outcome.answer for row in one.run.of(one.system) if row.outcome.answer]
        if seconds := [time / 1000 for answer in answers if (time := getattr(answer.timings, timing)) is not None]:
            words = f"{escape(one.name)}: median {np.median(seconds):.2f} s, n={len(seconds)}"
            shown[words] = colours[escape(one.name)], seconds
    rows = [{"series": words, "s": second} for words, (_, seconds) in shown.items() for second in seconds]
    if rows:
        drawn = _drawn(
            "histogram", rows, {words: colour for words, (colour, _) in shown.items()}, x="s", facet_col="series",
            facet_col_wrap=1, nbins=40, facet_row_spacing=0.35 / len(shown),
        )  # fmt: skip
        drawn.for_each_annotation(lambda one: one.update(text=one.text.partition("=")[2]))
        for number, (_, seconds) in enumerate(shown.values()):
            line = {"line_dash": "dot", "line_color": "#808080", "row": len(shown) - number, "col": 1}
            drawn.add_vline(float(np.median(seconds)), **line)
        drawn.update_layout(showlegend=False).update_yaxes(matches=None, title=None, nticks=3)
        caption = "Seconds from the question's arrival; cases on the vertical axis; the dotted line is the median."
        yield _plot(title, caption, drawn, 70 + 105 * len(shown))


def _tradeoffs(
    curves: Mapping[str, tuple[Sequence[Point], Point]], peers: Mapping[str, Point], colours: _Colours
) -> Iterator[Plot]:
    """Refusing too much against answering what has no answer: a curve over the threshold for each series, with the
    point in use, and a single point for each peer. Then how right what is shown would be over the threshold."""
    x, y = "refused_answerable", "answered_unanswerable"
    points = [{"series": escape(name)} | point._asdict() for name, (found, _) in curves.items() for point in found]
    if rows := [row for row in points if None not in (row[x], row[y])]:
        drawn = _drawn("line", rows, colours, x=x, y=y, markers=True, hover_data=["threshold", "shown"])
        marks = [(f"{one}: the threshold in use, {at.threshold:g}", one, "star", at) for one, (_, at) in curves.items()]
        marks += [(peer, peer, "diamond", at) for peer, at in peers.items()]
        for words, one, symbol, at in marks:
            marker = {"size": 13, "symbol": symbol, "color": colours[escape(one)]}
            where = {"x": [at.refused_answerable], "y": [at.answered_unanswerable]}
            drawn.add_scatter(**where, name=escape(words), mode="markers", marker=marker)
        drawn.update_layout(xaxis=_PERCENT, yaxis=_PERCENT)
        caption = (
            "Each point of a curve is a threshold of support: down and to the left is better. What was refused for "
            "other reasons than its support stays refused at every threshold, so a curve need not begin at zero."
        )
        yield _plot("Refusing too much, or answering too much", caption, drawn)
    if rows := [row for row in points if row["right_of_shown"] is not None]:
        drawn = _drawn("line", rows, colours, x="threshold", y="right_of_shown", line_shape="hv", hover_data=["shown"])
        for series, (_, used) in curves.items():
            drawn.add_vline(used.threshold, line_dash="dot", line_color=colours[escape(series)])
        drawn.update_layout(xaxis={"range": [-0.02, 1.02]}, yaxis=_PERCENT)
        caption = "An answer to a question that has no answer counts as wrong. The dotted line is the threshold in use."
        yield _plot("Right among what is shown", caption, drawn)


def _recalls(unit: str, runs: Mapping[str, Run]) -> Iterator[Plot]:
    """recall@k of the three ways of searching, for each run."""
    k = f"k: the first k {'articles' if unit == 'article' else 'passages'}"
    rows: list[dict[str, Any]] = []
    for name, run in runs.items():
        # of the first system that has rankings: every system of a run has the same index
        found = next(filter(None, (recall_curves(run.of(system)) for system in run.systems)), {})
        rows += [
            {"series": mode, "run": escape(name), k: depth, "recall": 100 * value}
            for mode in MODES
            for depth, value in zip(DEPTHS, found.get(f"{mode}.{unit}", ()), strict=False)
        ]
    if rows:
        dash = "run" if len(runs) > 1 else None
        drawn = _drawn("line", rows, _SEARCHES, x=k, y="recall", markers=True, line_dash=dash)
        drawn.update_layout(xaxis={"dtick": 1}, yaxis={"ticksuffix": " %", "title": None, "nticks": 7})
        yield _plot(f"The gold {unit} is found", "Share of the facts asked for that are among the first k.", drawn)


def _drawn(how: str, rows: Sequence[Mapping[str, Any]], colours: _Colours, **more: Any) -> Any:
    import plotly.express  # takes seconds to load

    table = {name: [row[name] for row in rows] for name in rows[0]}
    return getattr(plotly.express, how)(table, color="series", color_discrete_map=dict(colours), labels=_AXES, **more)


def _plot(title: str, caption: str, drawn: Any, height: int = 420) -> Plot:
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "title": None}
    drawn.update_layout(template={}, dragmode=False, height=height, margin={"t": 50, "r": 18, "b": 50}, legend=legend)
    # a "<" could end the page's script element
    json = drawn.to_json().replace("<", "\\u003c")
    return {"title": title, "caption": caption, "json": json, "height": height}
