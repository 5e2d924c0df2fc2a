"""What is measured, the bar that a figure must reach, and how both are told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rag.printing import say


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of many, and how it is told."""

    name: str
    """The key of its figure."""
    label: str
    unit: str
    """"s", "ms" (of figures in seconds), "MB" (of figures in bytes), "%" (of shares), "×" or ""."""
    bar: float | None = None
    """In the figure's own unit. Without one it is only told."""
    at_most: bool = True
    """Whether the bar is the highest that is let through, or the lowest."""

    def reached(self, figure: float) -> bool:
        """Whether the figure is on the right side of the bar, or there is none."""
        return self.bar is None or (figure <= self.bar if self.at_most else figure >= self.bar)

    def told(self, figure: float) -> str:
        """The figure in the unit that a person reads."""
        factor, digits = _UNITS[self.unit]
        return f"{figure * factor:,.{digits}f} {self.unit}".rstrip()

    def line(self, figure: float) -> str:
        """Label, figure, bar, and whether it is reached."""
        bar = "" if self.bar is None else f"{'at most' if self.at_most else 'at least'} {self.told(self.bar)}"
        verdict = "" if self.bar is None else "reached" if self.reached(figure) else "missed"
        return f"  {self.label:52}{self.told(figure):>14}  {bar:20}{verdict}".rstrip()


_UNITS = {"s": (1.0, 2), "ms": (1000.0, 1), "MB": (1e-6, 1), "%": (100.0, 1), "×": (1.0, 2), "": (1.0, 1)}


def lines(title: str, measures: Iterable[Measure], figures: Mapping[str, float]) -> Iterator[str]:
    """A table of the figures that are there."""
    yield title
    yield from (measure.line(figures[measure.name]) for measure in measures if measure.name in figures)


def missed(measures: Iterable[Measure], figures: Mapping[str, float]) -> list[str]:
    """The labels of the measures whose figure does not reach its bar."""
    return [each.label for each in measures if each.name in figures and not each.reached(figures[each.name])]


def tell(title: str, measures: Iterable[Measure], figures: Mapping[str, float]) -> list[str]:
    """Prints the table, and returns what is missed."""
    measures = list(measures)
    for line in lines(title, measures, figures):
        say(line)
    say("")
    return missed(measures, figures)


_FILTERS = {
    "month": "one month",
    "years": "three years",
    "until": "until a day",
    "source": "one source",
    "author": "one author",
    "exclude": "without what was found",
}

SIZE = (
    Measure("index wall", "indexing, by the clock", "s"),
    Measure("index cpu", "indexing, of the processors", "s"),
    Measure("articles per second", "articles a second", ""),
    Measure("passages", "passages", ""),
    Measure("index peak", "memory while indexing, highest", "MB"),
    Measure("disk", "data directory", "MB"),
    Measure("unchanged", "indexing again, nothing changed", "s"),
    Measure("change", "one changed, added, removed: until it is found", "s", 2.0),
    Measure("open wall", "a fresh process until its first hits", "s", 2.0),
    Measure("search memory", "memory while searching", "MB"),
    Measure("search p50", "search, median", "ms"),
    Measure("search p95", "search, 95th percentile", "ms", 0.060),
    Measure("judged p50", "search and judge, median", "ms"),
    Measure("judged p95", "search and judge, 95th percentile", "ms", 0.300),
    *(Measure(f"{key} ratio", f"p95 {words}, of that of a search", "×", 1.5) for key, words in _FILTERS.items()),
    Measure("readers p95", "eight readers at once, 95th percentile", "ms"),
    Measure("readers per second", "eight readers at once, searches a second", ""),
    Measure("recall", "needles among the first ten hits", "%"),
    Measure("exact recall", "the same, looking at every vector", "%"),
    Measure("recall ratio", "the one of the other", "%", 0.98, at_most=False),
    Measure("same hits", "hits that both have", "%"),
)
"""Of an archive of one size."""
