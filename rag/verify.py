"""May this sentence be shown, and on what does it stand? A literal check by code, then the learned judge."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from rag.crossencoder import CrossEncoder, log_odds
from rag.evidence import Evidence, EvidenceSet
from rag.literal import lacking, repeats
from rag.reply import Reply, without_numbers
from rag.support import TYPICAL, Signals, Support
from rag.words import content_words

_MOST_CITED = 3  # quotes for one sentence; more is a summary that nobody checks
_JOINED = 4  # of the statements that have most of a sentence's words, those that may be joined
_LONGEST_QUOTE = 420  # characters that an answer may be in an article's own words
_QUOTES = 3  # the likeliest statements, each weighed as an answer by itself
_REFUSALS = re.compile(
    r"\bnot (?:stated|mention(?:ed)?|specif(?:y|ied)|provided?|say)\b|\bno information\b|\bdo(?:es)? not contain\b",
    re.IGNORECASE,
)

Form = Literal["evidence", "draft", "quote"]
"""All that there is to go on, a sentence of the model's, or the article's own words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence that could be shown: with its quotes if it may be, with the reason if not."""

    text: str
    cited: tuple[Evidence, ...]
    support: float | None
    """Estimated probability (0 to 1) that it is right; None where the literal check alone decided."""
    reason: str | None = None
    """Why it is withheld; None if it may be shown."""
    signals: Signals | None = None
    """What spoke for it."""
    form: Form = "draft"


def declines(sentence: str) -> bool:
    """Whether the model itself says that it found nothing."""
    return _REFUSALS.search(sentence) is not None


class Verifier:
    """Checks the sentences of one reply."""

    def __init__(self, reply: Reply, threshold: float, support: Support, judge: CrossEncoder) -> None:
        self._reply = reply
        self._threshold = threshold
        self._support = support
        self._judge = judge

    def worth_asking(self, evidence: EvidenceSet) -> bool:
        """Whether the evidence may hold an answer; without any likelihood the model is not called."""
        if not evidence.items or evidence.missing_names:
            return False  # a name that no article found has: of 137 questions with an answer none had one
        signals = _signals(evidence.items[:1])
        support = self._support.evidence.probability(signals)
        text = " ".join(item.line for item in evidence.items)
        self._reply.verdicts.append(Verdict(text, evidence.items, support, None, signals, "evidence"))
        return support >= self._support.hopeless

    def sentence(self, question: str, text: str, evidence: EvidenceSet, confidence: float = TYPICAL) -> Verdict:
        """Whether a sentence of the model's may be shown, and what it stands on. `confidence`: see `Signals`."""
        text = without_numbers(text)
        if not evidence.items:
            return Verdict(text, (), None, "no article says it")
        if repeats(text, question):
            return Verdict(text, (), None, "it says no more than the question")
        cited = next((group for group in _groups(text, evidence.items) if not lacking(text, group, question)), None)
        if cited is None:
            reason = lacking(text, evidence.items, question) or "no two articles' words together say it"
            return Verdict(text, (), None, reason)
        signals = replace(_signals(cited), confidence=confidence)
        return self._verdict("draft", text, cited, self._support.draft.probability(signals), signals)

    def quote(self, evidence: EvidenceSet) -> Verdict | None:
        """The statement that most likely answers by itself, in its own words, if one is likely enough to."""
        items = [item for item in evidence.items if item.kind != "caption" and len(item.quote) <= _LONGEST_QUOTE]
        found = [self._weighed(item) for item in items[:_QUOTES]]
        shown = [verdict for verdict in found if verdict.reason is None]
        return max(shown, key=lambda verdict: verdict.support or 0.0, default=None)

    def supports(self, question: str, text: str, quotes: Sequence[str]) -> list[float]:
        """For each of `quotes`: the log-odds that it shows `text` to be right."""
        return [log_odds(p) for p in self._judge.supports(question, text, quotes)]

    def _weighed(self, item: Evidence) -> Verdict:
        """The article's own words as an answer."""
        signals = _signals((item,))
        return self._verdict("quote", item.line, (item,), self._support.quote.probability(signals), signals)

    def _verdict(self, form: Form, text: str, cited: tuple[Evidence, ...], support: float, signals: Signals) -> Verdict:
        reason = None if support >= self._threshold else "no article says it"
        verdict = Verdict(text, cited, support, reason, signals, form)
        self._reply.verdicts.append(verdict)
        return verdict


def _signals(cited: Sequence[Evidence]) -> Signals:
    """What speaks for `cited` as an answer."""
    best = max(cited, key=lambda item: item.relevance)
    return Signals(answers=best.odds, search=best.relevance - best.odds)


def _groups(text: str, items: Sequence[Evidence]) -> list[tuple[Evidence, ...]]:
    """What a sentence may stand on, the fewest statements first; those that have most of its words lead."""
    said = set(content_words(text))
    ranked = sorted(items, key=lambda item: (-len(said.intersection(content_words(item.told))), -item.relevance))
    found: list[tuple[Evidence, ...]] = [(item,) for item in ranked]
    for size in range(2, _MOST_CITED + 1):
        found += [group for group in combinations(ranked[:_JOINED], size) if group[0] is ranked[0]]
    return found
