"""A question's way to a full answer: the pieces that tell it, in the articles' words or retold by a model that can."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.split import split_sentences
from index.types import Hit
from rag import prompts
from rag.answering import Answering, topic_of
from rag.evidence import Evidence, EvidenceSet, gather
from rag.pieces import PASSAGES, PIECES, Weights, in_order, lists, pieces, scored, when
from rag.reply import Verdict
from rag.types import Event
from rag.verify import declines
from rag.wording import dated

_EVIDENCE_TOKENS, _TOKENS = 1200, 400  # what is retold at most, and how long that may be


@dataclass(frozen=True)
class FullAnswering:
    """What it takes besides what a short answer takes."""

    answering: Answering
    weights: Weights
    retells: bool
    """Whether the model is large enough to retell what it reads; a small one invents (docs/decisions.md)."""

    def answer(self, question: str, hits: Sequence[Hit]) -> Iterator[Event]:
        """Answers one stand-alone question into the reply; one that gets nothing is named there."""
        of = self.answering
        most = of.settings.evidence_sentences
        evidence = gather(question, hits[:PASSAGES], of.articles, of.judge, of.embedder, limit=most)
        of.reply.evidence.append(evidence)
        told = list[Evidence]()
        if not evidence.missing_names:
            found = scored(question, hits[:PASSAGES], of.articles, of.judge, of.embedder, self.weights)
            opening = of.openings(question, hits, evidence)
            if opening and not topic_of(question):
                told = opening[:PIECES]
            elif opening or self.weights.answers(of.verifier.likelihood(evidence), found):
                told = pieces(question, found, of.articles)
        if not told:
            of.reply.unanswered.append(question)
            return
        if self.retells:
            yield from self._retold(question, replace(evidence, items=tuple(told)))
        if not of.reply.sentences:
            yield from self._quoted(question, told)

    def _quoted(self, question: str, told: Sequence[Evidence]) -> Iterator[Event]:
        """Each piece in its article's words, behind its day; that of the event, where its order is asked for."""
        of, ordered = self.answering, in_order(question)
        of.reply.as_list = True
        for item in told:
            if not of.reply.shows(item):
                verdict = Verdict(dated(item.quote, item.date, when(item) if ordered else None), (item,), 1.0)
                yield of.written(f" {verdict.text}")
                yield from of.show(verdict)

    def _retold(self, question: str, evidence: EvidenceSet) -> Iterator[Event]:
        """What the model makes of the pieces, each sentence shown as soon as it is checked."""
        of, text, checked = self.answering, "", 0
        of.reply.as_list = lists(question)
        evidence = of.within_window(question, evidence, _EVIDENCE_TOKENS, _TOKENS)
        writing = of.writing(prompts.full(question, evidence.items), _TOKENS)
        going_on = True
        while going_on:
            if event := next(writing, None):
                text += event.text
                yield event
            else:
                going_on = False
            spans = split_sentences(text)
            for span in spans[checked : len(spans) - going_on]:
                checked += 1
                if not declines(sentence := text[span.start : span.end]):
                    yield from of.show(of.verifier.retold(question, sentence, evidence, of.judge))
