"""One case of a run as the report shows it: what it came to, its citations with the gold words marked, its scores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from evals.scoring import VERDICTS, figure, label, score
from evals.types import Case, Place, Row, Score
from rag.types import Citation

_WORD = re.compile(r"\w+")
_RUN = 4  # words in a row that are no accident; fewer if the gold quote has fewer

_UNANSWERABLE = "The articles do not answer this: the right thing is to say so."

Piece = tuple[str, bool]
"""Characters of a quote, and whether the gold quote has them too."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """A row with what its <details> needs."""

    row: Row
    verdict: str
    """"right", "wrong", "failed" or "not judged"."""
    refused: bool
    citations: tuple[tuple[Citation, tuple[Piece, ...], str | None], ...]
    """Each citation, its quote cut where the gold quote begins and ends, and what the article has there if not that."""
    gold: tuple[tuple[str, str | None, bool], ...]
    """(article, quote, whether it was found in the articles) of each piece of evidence."""
    expected: tuple[str, ...]
    """The right answers in words, each of which is enough (or needed, if `case.several`)."""
    scores: tuple[tuple[str, str, str], ...]
    """(name, value, explanation)."""


def view(row: Row) -> CaseView:
    """Scores the row, and lays out what there is to see."""
    scores = score(row)
    values = {given.name: given.value for given in scores}
    case, outcome = row.case, row.outcome
    places = [*outcome.gold, *[None] * (len(case.evidence) - len(outcome.gold))]
    judged = next((values[name] for name in VERDICTS if values.get(name) is not None), None)
    right = "not judged" if judged is None else "right" if judged == 1 else "wrong"
    expected = [" + ".join(entry) for entry in case.accepted] + [f"matching {pattern}" for pattern in case.patterns]
    return CaseView(
        row=row,
        verdict=right if outcome.error is None else "failed",
        refused=1.0 in (values.get("refusal_recall"), values.get("refused_answerable")),
        citations=tuple(_cited(citation, row) for citation in (outcome.answer.citations if outcome.answer else ())),
        gold=tuple((gold.article, gold.quote, bool(place)) for gold, place in zip(case.evidence, places, strict=False)),
        expected=tuple(expected) if case.answerable else (_UNANSWERABLE,),
        scores=tuple(_shown(scores)),
    )


def marked(citation: Citation, case: Case, places: Sequence[Place | None]) -> tuple[Piece, ...]:
    """The quote in pieces. In the gold quote's own article its place decides; in a copy of it, its words do."""
    spans: list[tuple[int, int]] = []
    for number, gold in enumerate(case.evidence):
        place = places[number] if number < len(places) else None
        if gold.quote is None:
            continue
        if place is not None and place.article == citation.article:
            start, end = max(place.start, citation.start), min(place.end, citation.end)
            spans.append((start - citation.start, end - citation.start))
        else:
            spans.append(_common_words(citation.quote, gold.quote))
    return tuple(_pieces(citation.quote, spans))


def _cited(citation: Citation, row: Row) -> tuple[Citation, tuple[Piece, ...], str | None]:
    stood = row.outcome.stood.get(citation.number, citation.quote)
    pieces = marked(citation, row.case, row.outcome.gold)
    return citation, pieces, None if stood == citation.quote else stood


def _common_words(quote: str, gold: str) -> tuple[int, int]:
    """The longest run of words that both have, as characters of `quote`; (0, 0) if it is too short to mean much."""
    words, wanted = ([found.group().casefold() for found in _WORD.finditer(text)] for text in (quote, gold))
    match = SequenceMatcher(None, words, wanted, autojunk=False).find_longest_match()
    if not match.size or match.size < min(_RUN, len(wanted)):
        return 0, 0
    found = list(_WORD.finditer(quote))
    return found[match.a].start(), found[match.a + match.size - 1].end()


def _pieces(quote: str, spans: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    inside = (any(start <= place < end for start, end in spans) for place in range(len(quote)))
    for is_gold, run in groupby(zip(quote, inside, strict=True), key=lambda pair: pair[1]):
        yield "".join(char for char, _ in run), is_gold


def _shown(scores: Sequence[Score]) -> Iterator[tuple[str, str, str]]:
    """A line for each score; one for all measures of one ranking, which have one explanation."""

    rankings: dict[str, list[Score]] = {}
    for given in scores:
        if ranking := given.name.rpartition(".")[0]:
            rankings.setdefault(ranking, []).append(given)
        else:
            yield label(given.name).text, _value(given), given.explanation
    for ranking, of in rankings.items():
        values = ", ".join(f"{label(one.name).text.rpartition(', ')[2]} {_value(one)}" for one in of)
        yield ranking.replace(".", ", "), "", f"{values}. {of[0].explanation}"


def _value(given: Score) -> str:
    if given.value is None:
        return "unscored"
    unit = label(given.name).unit
    if unit in ("%", ""):
        return f"{given.value:.2f}".rstrip("0").rstrip(".")
    return f"{figure(given.value, unit)} {unit}"
