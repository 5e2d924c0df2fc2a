"""One case of a run as the report shows it: what it came to, its citations with the gold words marked, its scores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from evals.scoring import RETRIEVAL, VERDICTS, Label, figure, label, score
from evals.types import Case, Outcome, Place, Row, Score
from rag.types import Citation

_WORD = re.compile(r"\w+")
_RUN = 4  # words in a row that are no accident; fewer if the gold quote has fewer

Piece = tuple[str, bool]
"""Characters of a quote, and whether the gold quote has them too."""


@dataclass(frozen=True, slots=True)
class CitedQuote:
    """A citation, its quote cut where the gold quote begins and ends."""

    citation: Citation
    pieces: tuple[Piece, ...]
    stood: str | None
    """What the article really has there, where that is something else."""


@dataclass(frozen=True, slots=True)
class ShownScore:
    """A line of a case's scores."""

    text: str
    value: str
    explanation: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A row with what its <details> needs."""

    row: Row
    verdict: str
    """"right", "wrong", "failed" or "not judged"."""
    refused: bool
    citations: tuple[CitedQuote, ...]
    gold: tuple[tuple[str, str | None, bool], ...]
    """(article, quote, whether it was found in the articles) of each piece of evidence."""
    expected: tuple[str, ...]
    scores: tuple[ShownScore, ...]


def view(row: Row) -> CaseView:
    """Scores the row, and lays out what there is to see."""
    scores = score(row)
    values = {given.name: given.value for given in scores}
    case, outcome = row.case, row.outcome
    citations = outcome.answer.citations if outcome.answer else ()
    places = [*outcome.gold, *[None] * (len(case.evidence) - len(outcome.gold))]
    return CaseView(
        row=row,
        verdict=_verdict(outcome, values),
        refused=1.0 in (values.get("refusal_recall"), values.get("refused_answerable")),
        citations=tuple(_cited(citation, case, outcome) for citation in citations),
        gold=tuple(
            (gold.article, gold.quote, place is not None) for gold, place in zip(case.evidence, places, strict=False)
        ),
        expected=tuple(expected(case)),
        scores=tuple(_shown(scores)),
    )


def expected(case: Case) -> list[str]:
    """The right answers in words, each of which is enough (or needed, if `case.several`)."""
    if not case.answerable:
        return ["The articles do not answer this: the right thing is to say so."]
    return [" + ".join(entry) for entry in case.accepted] + [f"matching {pattern}" for pattern in case.patterns]


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


def _verdict(outcome: Outcome, values: dict[str, float | None]) -> str:
    if outcome.error is not None:
        return "failed"
    value = next((values[name] for name in VERDICTS if values.get(name) is not None), None)
    return "not judged" if value is None else "right" if value == 1 else "wrong"


def _cited(citation: Citation, case: Case, outcome: Outcome) -> CitedQuote:
    stood = outcome.stood.get(citation.number, citation.quote)
    return CitedQuote(citation, marked(citation, case, outcome.gold), None if stood == citation.quote else stood)


def _common_words(quote: str, gold: str) -> tuple[int, int]:
    """The longest run of words that both have, as characters of `quote`; (0, 0) if it is too short to mean much."""
    words, wanted = ([found.group().casefold() for found in _WORD.finditer(text)] for text in (quote, gold))
    match = SequenceMatcher(None, words, wanted, autojunk=False).find_longest_match()
    if not match.size or match.size < min(_RUN, len(wanted)):
        return 0, 0
    found = list(_WORD.finditer(quote))
    return found[match.a].start(), found[match.a + match.size - 1].end()


def _pieces(quote: str, spans: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    inside = [any(start <= place < end for start, end in spans) for place in range(len(quote))]
    begin = 0
    for place in range(1, len(quote) + 1):
        if place == len(quote) or inside[place] != inside[begin]:
            yield quote[begin:place], inside[begin]
            begin = place


def _shown(scores: Sequence[Score]) -> Iterator[ShownScore]:
    """A line for each score; one for all measures of one ranking, which have one explanation."""
    for given in scores:
        if given.name not in RETRIEVAL:
            yield ShownScore(label(given.name).text, _value(given, label(given.name)), given.explanation)
    rankings = dict.fromkeys(given.name.rpartition(".")[0] for given in scores if given.name in RETRIEVAL)
    for ranking in rankings:
        of = [given for given in scores if given.name.startswith(f"{ranking}.")]
        values = ", ".join(f"{label(given.name).text.rpartition(', ')[2]} {_value(given, None)}" for given in of)
        yield ShownScore(ranking.replace(".", ", "), "", f"{values}. {of[0].explanation}")


def _value(given: Score, shown: Label | None) -> str:
    if given.value is None:
        return "unscored"
    if shown is None or shown.unit == "%":
        return f"{given.value:.2f}".rstrip("0").rstrip(".")
    return f"{figure(given.value, shown.unit)} {shown.unit}"
