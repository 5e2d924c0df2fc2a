"""Time, memory and disk against the size of the archive, as a picture."""

from collections.abc import Mapping
from pathlib import Path

from index.errors import DatelineError

_PANELS = {
    "Time, s": {
        "index wall": "indexing", "unchanged": "indexing again", "change": "one changed, added, removed",
        "open wall": "fresh process, first hits", "judged p95": "search and judge, p95", "search p95": "search, p95",
    },
    "Memory, MB": {"index peak": "indexing", "search memory": "searching"},
    "Disk, MB": {"disk": "data directory", "text": "the articles themselves"},
}  # fmt: skip


class ExtraMissing(DatelineError):
    """Matplotlib is not installed."""


def draw(figures: Mapping[int, Mapping[str, float]], path: Path) -> None:
    """Draws the figures of each size, both axes logarithmic, into a PNG file. Raises ExtraMissing."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ExtraMissing(
            "The picture is drawn by Matplotlib, which is not installed: pip install 'dateline[bench]'."
        ) from error
    figure = Figure(figsize=(13, 5), layout="constrained")
    for axes, (title, curves) in zip(figure.subplots(1, len(_PANELS)), _PANELS.items(), strict=True):
        for name, label in curves.items():
            points = [(size, of_it[name]) for size, of_it in figures.items() if name in of_it]
            scale = 1.0 if title.startswith("Time") else 1e-6
            axes.plot([size for size, _ in points], [value * scale for _, value in points], "o-", label=label)
        axes.set(xscale="log", yscale="log", xlabel="articles", title=title)
        axes.grid(which="both", alpha=0.25)
        # below the axes, where it hides no point
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    figure.savefig(path, dpi=120)
