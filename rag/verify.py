"""May this sentence be shown, and on what does it stand? A literal check by code, then the learned judge."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from rag.crossencoder import CrossEncoder
from rag.evidence import Evidence, EvidenceSet
from rag.literal import lacking, repeats
from rag.reply import Form, Reply, Verdict, without_numbers
from rag.support import TYPICAL, Signals, Support
from rag.words import content_words

_MOST_CITED = 3  # quotes for one sentence; more is a summary that nobody checks
_JOINED = 4  # of the statements that have most of a sentence's words, those that may be joined
_LONGEST_QUOTE = 420  # characters that an answer may be in an article's own words
_RETOLD = 0.2  # of the judge, which was taught on answers, that quotes say what is retold
_QUOTES = 3  # the likeliest statements, each weighed as an answer by itself
_REFUSALS = re.compile(
    r"\bnot (?:stated|mention(?:ed)?|specif(?:y|ied)|provided?|say)\b|\bno information\b|\bdo(?:es)? not contain\b",
    re.IGNORECASE,
)


def declines(sentence: str) -> bool:
    """Whether the model itself says that it found nothing."""
    return _REFUSALS.search(sentence) is not None


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks the sentences of one reply."""

    reply: Reply
    threshold: float
    support: Support

    def worth_asking(self, evidence: EvidenceSet) -> bool:
        """Whether the evidence may hold an answer; without any likelihood the model is not called."""
        return self.likelihood(evidence) >= self.support.hopeless

    def likelihood(self, evidence: EvidenceSet) -> float:
        """Probability (0 to 1) that the evidence holds an answer."""
        if not evidence.items or evidence.missing_names:
            return 0.0  # a name that no article found has: of 137 questions with an answer none had one
        text = " ".join(item.line for item in evidence.items)
        return self._weighed("evidence", text, evidence.items, self.support.hopeless).support or 0.0

    def sentence(self, question: str, text: str, evidence: EvidenceSet, confidence: float = TYPICAL) -> Verdict:
        """Whether a sentence of the model's may be shown, and what it stands on. `confidence`: see `Signals`."""
        text = without_numbers(text)
        groups = _groups(text, evidence.items)
        if not groups:
            reason = "no article says it"
        elif repeats(text, question):
            reason = "it says no more than the question"
        elif cited := next((group for group in groups if not lacking(text, group, question)), None):
            return self._weighed("draft", text, cited, self.threshold, confidence)
        else:
            reason = lacking(text, evidence.items, question) or "no two articles' words together say it"
        return Verdict(text, (), None, reason)

    def retold(self, question: str, text: str, evidence: EvidenceSet, judge: CrossEncoder) -> Verdict:
        """The same of a sentence that only retells: the judge is asked whether its quotes say it."""
        text = without_numbers(text)
        groups = [group for group in _groups(text, evidence.items) if not lacking(text, group, question)][:_QUOTES]
        if not groups:
            return Verdict(text, (), None, lacking(text, evidence.items, question) or "no two articles' words say it")
        says = judge.supports("What happened?", text, [" ".join(item.read for item in group) for group in groups])
        support, cited = max(zip(says, groups, strict=True), key=lambda one: one[0])
        return Verdict(text, cited, support, None if support >= _RETOLD else "no article says it")

    def quote(self, evidence: EvidenceSet) -> Verdict | None:
        """The statement that most likely answers by itself, in its own words, if one is likely enough to."""
        items = [item for item in evidence.items if item.kind != "caption" and len(item.quote) <= _LONGEST_QUOTE]
        found = [self._weighed("quote", item.line, (item,), self.threshold) for item in items[:_QUOTES]]
        shown = [verdict for verdict in found if verdict.reason is None]
        return max(shown, key=lambda verdict: verdict.support or 0.0, default=None)

    def _weighed(
        self, form: Form, text: str, cited: tuple[Evidence, ...], least: float, confidence: float = TYPICAL
    ) -> Verdict:
        """The best of `cited` speaks for `text`; it is withheld below the probability `least`."""
        best = max(cited, key=lambda item: item.relevance)
        signals = Signals(answers=best.odds, search=best.relevance - best.odds, confidence=confidence)
        weights = {"evidence": self.support.evidence, "draft": self.support.draft, "quote": self.support.quote}
        support = weights[form].probability(signals)
        verdict = Verdict(text, cited, support, None if support >= least else "no article says it", signals, form)
        self.reply.verdicts.append(verdict)
        return verdict


def _groups(text: str, items: Sequence[Evidence]) -> list[tuple[Evidence, ...]]:
    """What a sentence may stand on, the fewest statements first; those that have most of its words lead."""
    said = set(content_words(text))
    ranked = sorted(items, key=lambda item: (-len(said.intersection(content_words(item.told))), -item.relevance))
    found: list[tuple[Evidence, ...]] = [(item,) for item in ranked]
    for size in range(2, _MOST_CITED + 1):
        found += [group for group in combinations(ranked[:_JOINED], size) if group[0] is ranked[0]]
    return found
