"""One HTML page about one run or several: scores, pictures, and every case. It asks nothing of any network.

What articles, questions and models say is escaped by the templates, all of it, without exception; the page's own
policy (Content-Security-Policy) forbids it to fetch anything."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

from evals.plots import pictures
from evals.runs import Run
from evals.scoring import VERDICTS, figure, label, score
from evals.table import FOOT, columns, headline, machine_words, parts, retrieval, sections
from evals.types import Case, Place, Row, Score
from index.datadir import write_whole
from rag.types import Citation

_TEMPLATES = Path(__file__).with_name("templates")
_WORD = re.compile(r"\w+")
_RUN = 4  # words in a row that are no accident; fewer if the gold quote has fewer
_UNANSWERABLE = "The articles do not answer this: the right thing is to say so."


def write_report(runs: Sequence[Run], path: Path) -> None:
    """Writes the page to `path`, which holds all that it needs. Raises OSError where that can't be written."""
    write_whole(path, render(runs).encode())


def render(runs: Sequence[Run]) -> str:
    """The page as text. Several runs stand side by side."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    pages = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    stems = [run.path.stem for run in runs]
    names = [  # what tells the runs apart: the file's name, and its folder's where that is not enough
        stem if stems.count(stem) == 1 else f"{number}. {run.path.parent.name}/{stem}"
        for number, (run, stem) in enumerate(zip(runs, stems, strict=True), 1)
    ]
    named, series = dict(zip(names, runs, strict=True)), columns(runs, names)
    data = dict.fromkeys(f"{run.header['dataset']['name']} {run.header['split'] or ''}".strip() for run in runs)
    return pages.get_template("report.html").render(
        title=f"Dateline eval: {' and '.join(data)}", plotly=get_plotlyjs(), foot=FOOT, parts=parts, headline=headline,
        machine_words=machine_words, series=[one.name for one in series], scores=sections(series),
        runs=[{"name": name, "run": run, "cases": _cases(run)} for name, run in named.items()],
        retrieval=[(name, list(retrieval([one for one in series if one.run is run]))) for name, run in named.items()],
        **pictures(named, series),
    )  # fmt: skip


def _cases(run: Run) -> list[dict[str, Any]]:
    order = {id: place for place, id in enumerate(dict.fromkeys(row.case.id for row in run.rows))}
    rows = sorted(run.rows, key=lambda row: order[row.case.id])  # the systems' answers to one question together
    return [view(row) for row in rows]


def view(row: Row) -> dict[str, Any]:
    """The row, scored, with what its <details> shows; `verdict` is "right", "wrong", "failed" or "not judged"."""
    scores, case, outcome = score(row), row.case, row.outcome
    values = {given.name: given.value for given in scores}
    judged = next((values[name] for name in VERDICTS if values.get(name) is not None), None)
    verdict = "not judged" if judged is None else "right" if judged == 1 else "wrong"
    expected = [" + ".join(entry) for entry in case.accepted] + [f"matching {pattern}" for pattern in case.patterns]
    return {
        "row": row,
        "verdict": verdict if outcome.error is None else "failed",
        "refused": 1.0 in (values.get("refusal_recall"), values.get("refused_answerable")),
        # each with its quote in pieces, and what the article has there
        "citations": [
            (one, marked(one, case, outcome.gold), outcome.stood.get(one.number, one.quote))
            for one in (outcome.answer.citations if outcome.answer else ())
        ],
        "gold": [(gold.article, gold.quote, place) for gold, place in zip_longest(case.evidence, outcome.gold)],
        "expected": expected if case.answerable else [_UNANSWERABLE],
        "scores": list(_shown(scores)),
    }


def marked(citation: Citation, case: Case, places: Sequence[Place | None]) -> list[tuple[str, bool]]:
    """The quote in pieces, and whether the gold quote has them: by its place in its article, by its words in a copy."""
    spans: list[tuple[int, int]] = []
    for gold, place in zip_longest(case.evidence, places):
        if gold.quote and place and place.article == citation.article:
            spans.append((place.start - citation.start, place.end - citation.start))
        elif gold.quote:
            spans.append(_common_words(citation.quote, gold.quote))
    inside = (any(start <= place < end for start, end in spans) for place in range(len(citation.quote)))
    runs = groupby(zip(citation.quote, inside, strict=True), key=lambda pair: pair[1])
    return [("".join(char for char, _ in run), is_gold) for is_gold, run in runs]


def _common_words(quote: str, gold: str) -> tuple[int, int]:
    """The longest run of words that both have, as characters of `quote`; (0, 0) if it is too short to mean much."""
    found = list(_WORD.finditer(quote))
    words, wanted = [one.group().casefold() for one in found], _WORD.findall(gold.casefold())
    match = SequenceMatcher(None, words, wanted, autojunk=False).find_longest_match()
    if not match.size or match.size < min(_RUN, len(wanted)):
        return 0, 0
    return found[match.a].start(), found[match.a + match.size - 1].end()


def _shown(scores: Sequence[Score]) -> Iterator[tuple[str, str, str]]:
    """Name, value and explanation of each score; a line for all measures of one ranking, which have one explanation."""

    def ranking_of(given: Score) -> str:
        return given.name.rpartition(".")[0]

    for ranking, group in groupby(sorted(scores, key=ranking_of), key=ranking_of):
        lines = [(label(one.name).text, _value(one), one.explanation) for one in group]
        if ranking:
            values = ", ".join(f"{text.rpartition(', ')[2]} {value}" for text, value, _ in lines)
            lines = [(ranking.replace(".", ", "), "", f"{values}. {lines[0][2]}")]
        yield from lines


def _value(given: Score) -> str:
    if given.value is None:
        return "unscored"
    unit = label(given.name).unit
    return f"{round(given.value, 2):g}" if unit in ("%", "") else f"{figure(given.value, unit)} {unit}"
