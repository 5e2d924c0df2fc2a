"""May this sentence be shown? The hard checks of code first, then what the model thinks of it, then one probability.

The question to the model is about one statement. The best one comes first in the draft's prompt, so that the engine has
mostly read it already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag import prompts
from rag.attribution import attributed, wrong_doer, wrong_speaker
from rag.clauses import by_another, joined_apart, of_another_place
from rag.engines.base import Engine
from rag.evidence import Evidence, EvidenceSet
from rag.expects import brings
from rag.frames import in_the_articles_words
from rag.mentions import namesake
from rag.reply import Reply, without_numbers
from rag.settings import Settings
from rag.support import TYPICAL, Signals, Support
from rag.verify import Attribution, attribute

if TYPE_CHECKING:  # LlamaIndex takes a second to load
    from llama_index.core.llms import ChatMessage

_QUOTES_ASKED = 2  # statements asked whether they answer by themselves; each costs a second on two cores
_LONGEST_QUOTE = 420  # characters that an answer may be in an article's own words
_WORTH_A_DRAFT = 0.35
_CUT = 10.0  # log-odds beyond it are as sure as can be


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence that could be shown: with its quotes if it may be, with the reason if not."""

    text: str
    cited: tuple[Evidence, ...]
    support: float | None
    """Estimated probability (0 to 1) that it is right; None where a hard check alone decided."""
    reason: str | None = None
    """Why it is withheld; None if it may be shown."""


class Checker:
    """Checks the sentences of one reply. `engine` is opened at its first use. Raises EngineError."""

    def __init__(
        self,
        reply: Reply,
        settings: Settings,
        support: Support,
        engine: Callable[[], Engine],
        embed: Callable[[list[str]], NDArray[np.float32]],
    ) -> None:
        self._reply = reply
        self._threshold = settings.threshold
        self._support = support
        self._engine = engine
        self._embed = embed
        self._asked: dict[tuple[object, ...], float] = {}
        self._not_theirs: list[Evidence] = []  # words of another speaker than the question asks for

    def judge(self, question: str, text: str, evidence: EvidenceSet, confidence: float = TYPICAL) -> Verdict:
        """Whether a sentence of the model's may be shown, and what it stands on. `confidence`: see `Signals`."""
        text = without_numbers(text)
        found = self.attribute(question, text, evidence)
        if found.reason:
            return Verdict(text, (), None, found.reason)
        support = self._support.draft.probability(self.signals(question, text, found, evidence, confidence))
        if support < self._threshold:
            return Verdict(text, (), support, "no article says it")
        text = attributed(text, found.cited[0].quote, question) if len(found.cited) == 1 else text
        return Verdict(text, found.cited, support)

    def may_answer(self, question: str, item: Evidence, evidence: EvidenceSet) -> bool:
        """Whether a statement is likely enough to answer to have its article asked."""
        return self._support.quote.probability(self.quote_signals(question, item, evidence)) >= _WORTH_A_DRAFT

    def best_quote(self, question: str, evidence: EvidenceSet) -> Verdict | None:
        """The statement that most likely answers by itself, in its own words, if one is likely enough to."""
        ranked = sorted(evidence.items, key=lambda item: -item.relevance)
        items = [item for item in ranked if item.kind != "caption" and len(item.quote) <= _LONGEST_QUOTE]
        items = [item for item in items[:_QUOTES_ASKED] if item not in self._not_theirs]
        items = [item for item in items if not self._namesake(question, [item], evidence)]
        likely = [self._support.quote.probability(self.quote_signals(question, item, evidence)) for item in items]
        if not likely or max(likely) < self._threshold:
            return None
        best = items[likely.index(max(likely))]
        return Verdict(in_the_articles_words(best.quote), (best,), max(likely))

    def attribute(self, question: str, text: str, evidence: EvidenceSet) -> Attribution:
        """The quotes that `text` stands on and that pass every hard check, or the reason why there are none."""
        found = attribute(text, self._embed([f"{question} {text}"])[0], evidence, question)
        for item in found.cited if len(found.cited) == 1 else ():
            if reason := wrong_speaker(text, item.quote):
                self._not_theirs.append(item)
                return Attribution((), reason)
            if reason := wrong_doer(text, item.quote) or joined_apart(text, item.quote, question):
                return Attribution((), reason)
        quotes = [item.quote for item in found.cited]
        if (
            reason := of_another_place(text, quotes)
            or by_another(text, quotes)
            or self._namesake(question, found.cited, evidence)
        ):
            return Attribution((), reason)
        return found

    def _namesake(self, question: str, cited: Sequence[Evidence], evidence: EvidenceSet) -> str | None:
        return namesake(question, *("\n".join(item.quote for item in items) for items in (cited, evidence.pool)))

    def signals(
        self, question: str, text: str, found: Attribution, evidence: EvidenceSet, confidence: float
    ) -> Signals:
        """What speaks for a sentence of the model's, with the quotes that `attribute` found."""
        vector = self._embed([text])[0]
        return Signals(
            answer_words=found.answer_words,
            question_words=found.question_words,
            similarity=max(item.similarity for item in found.cited),
            closeness=max(float(vector @ item.vector) for item in found.cited),
            answered=self._answered(question, *found.cited),
            confidence=confidence,
            brings=float(brings(text, question)),
            further=float(len(found.cited) - 1),
        )

    def quote_signals(self, question: str, item: Evidence, evidence: EvidenceSet) -> Signals:
        """What speaks for a statement as an answer by itself."""
        return Signals(
            answer_words=1.0,
            question_words=item.coverage,
            similarity=item.similarity,
            closeness=1.0,
            answered=self._answered(question, item),
            confidence=TYPICAL,
            brings=float(brings(item.quote, question)),
            further=0.0,
        )

    def _answered(self, question: str, *items: Evidence) -> float:
        key = (question, *((item.article, item.start) for item in items))
        if key not in self._asked:
            self._asked[key] = self._ask(prompts.answered(question, items))
        return self._asked[key]

    def _ask(self, messages: list[ChatMessage]) -> float:
        log_odds, completion = self._engine().yes_minus_no(messages)
        self._reply.count(completion)
        return max(-_CUT, min(_CUT, log_odds))
