"""One case of a run as the report shows it: what it came to, its citations with the gold words marked, its scores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from typing import Any

from evals.scoring import VERDICTS, figure, label, score
from evals.types import Case, Place, Row, Score
from rag.types import Citation

_WORD = re.compile(r"\w+")
_RUN = 4  # words in a row that are no accident; fewer if the gold quote has fewer

_UNANSWERABLE = "The articles do not answer this: the right thing is to say so."

Piece = tuple[str, bool]
"""Characters of a quote, and whether the gold quote has them too."""


def view(row: Row) -> dict[str, Any]:
    """The row, scored, with what its <details> shows; `verdict` is "right", "wrong", "failed" or "not judged"."""
    scores, case, outcome = score(row), row.case, row.outcome
    values = {given.name: given.value for given in scores}
    judged = next((values[name] for name in VERDICTS if values.get(name) is not None), None)
    right = "not judged" if judged is None else "right" if judged == 1 else "wrong"
    expected = [" + ".join(entry) for entry in case.accepted] + [f"matching {pattern}" for pattern in case.patterns]
    return {
        "row": row,
        "verdict": right if outcome.error is None else "failed",
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


def marked(citation: Citation, case: Case, places: Sequence[Place | None]) -> list[Piece]:
    """The quote in pieces. In the gold quote's own article its place decides; in a copy of it, its words do."""
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
        of = list(group)
        if not ranking:
            yield from ((label(one.name).text, _value(one), one.explanation) for one in of)
        else:
            values = ", ".join(f"{label(one.name).text.rpartition(', ')[2]} {_value(one)}" for one in of)
            yield ranking.replace(".", ", "), "", f"{values}. {of[0].explanation}"


def _value(given: Score) -> str:
    if given.value is None:
        return "unscored"
    unit = label(given.name).unit
    if unit in ("%", ""):
        return f"{given.value:.2f}".rstrip("0").rstrip(".")
    return f"{figure(given.value, unit)} {unit}"
