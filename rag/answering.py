"""One question's way from the passages found to a checked reply.

Draft, check, and if the draft does not hold, the article's own words; then the articles that may say something else.
A question of several parts goes this way once for each.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from index.split import split_sentences
from index.types import Hit
from rag import prompts
from rag.checker import Checker, Verdict
from rag.days import annotate
from rag.engines.base import Completion, Engine
from rag.errors import EngineError
from rag.evidence import Articles, Evidence, EvidenceSet, gather
from rag.frames import quoted, says
from rag.reply import Reply
from rag.settings import Settings
from rag.support import TYPICAL
from rag.types import AnswerSentence, Event, SentenceChecked, TextDelta, Withheld
from rag.verify import declines, worth_asking
from rag.voices import rivals, same_answer

_SURE = 0.8  # support from which a draft needs no quote to compare with
_QUOTED = "the article's own words are surer"

Embed = Callable[[list[str]], NDArray[np.float32]]


def _sure(kept: Sequence[Verdict]) -> bool:
    """Whether the draft needs no quote to compare with."""
    return len(kept) > 1 or any(len(one.cited) == 1 and (one.support or 0.0) >= _SURE for one in kept)


def _is_better(quote: Verdict, kept: Sequence[Verdict]) -> bool:
    """Whether to show the quote; a sentence joined from several quotes may join what does not belong together."""
    return all(len(one.cited) > 1 or (quote.support or 0.0) > (one.support or 0.0) for one in kept)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model wrote, before any check."""

    text: str
    confidence: float
    """Mean log-probability of its tokens."""

    def sentences(self) -> list[str]:
        """Its sentences; none if it says that it found nothing."""
        if declines(self.text):
            return []
        return [self.text[span.start : span.end] for span in split_sentences(self.text)]


@dataclass(frozen=True)
class Answering:
    """What it takes to answer; `engine` is opened at its first use, which a refusal may never come to."""

    reply: Reply
    settings: Settings
    articles: Articles
    engine: Callable[[], Engine]
    embed: Embed
    checker: Checker
    today: date | None
    """The day on which the question is asked: "yesterday" in it is read from here."""

    def answer(self, question: str, hits: Sequence[Hit]) -> Iterator[Event]:
        """Answers one stand-alone question into the reply; a question that gets nothing is named there."""
        reply = self.reply
        evidence = gather(question, hits, self.articles, self.embed, limit=self.settings.evidence_sentences)
        reply.evidence.append(evidence)
        if not worth_asking(evidence):
            reply.unanswered.append(question)
            return
        evidence = self.within_window(question, evidence)
        asked = annotate(question, self.today)
        draft = yield from self.draft(asked, evidence.items)
        verdicts = [self._judge(asked, text, evidence, draft.confidence) for text in draft.sentences()]
        kept = [verdict for verdict in verdicts if verdict.reason is None]
        if not _sure(kept):
            quote = self.checker.best_quote(asked, evidence)
            if quote and _is_better(quote, kept):
                verdicts = [one if one.reason else replace(one, support=None, reason=_QUOTED) for one in verdicts]
                yield TextDelta(f" {quote.text}")
                verdicts, kept = [*verdicts, quote], [quote]
        for verdict in verdicts:
            yield from self._show(verdict)
        if not kept:
            reply.unanswered.append(question)
            return
        yield from self._other_voices(asked, kept[0], evidence)

    def compare(self, topic: str, hits: Sequence[Hit]) -> Iterator[Event]:
        """What each article says about `topic`, in its own words and in the order of their dates; no model writes."""
        evidence = gather(topic, hits, self.articles, self.embed, limit=self.settings.evidence_sentences)
        self.reply.evidence.append(evidence)
        best: dict[str, list[Evidence]] = {}
        for item in evidence.pool:
            best.setdefault(item.article, []).append(item)
        chosen = [item for items in best.values() for item in items[:2] if item.coverage >= 0.5 * evidence.coverage]
        if not chosen or not worth_asking(evidence):
            self.reply.unanswered.append(topic)
            return
        for item in sorted(chosen, key=lambda item: (str(item.date), item.article, item.start)):
            yield from self._show(Verdict(says(quoted(item.quote), item.date), (item,), 1.0))

    def within_window(self, question: str, evidence: EvidenceSet) -> EvidenceSet:
        """The evidence that fits the budget and the model's real window, counted by its own tokenizer."""
        engine, settings = self.engine(), self.settings
        fixed = engine.count_tokens(prompts.INSTRUCTIONS) + 100  # the chat template, the check's own words
        # the question is read beside an answer in the check, which may be as long as the longest answer
        room = engine.context_tokens - fixed - 2 * settings.answer_tokens - 2 * engine.count_tokens(question)
        fitting = evidence.within(
            min(settings.evidence_tokens, room), lambda item: engine.count_tokens(prompts.statement(item))
        )
        if fitting.passages_left_out and room < settings.evidence_tokens:
            count = fitting.passages_left_out
            self.reply.notes.append(f"{count} passage{'s' if count > 1 else ''} left out: the model's window is full")
        return fitting

    def draft(self, question: str, items: Sequence[Evidence]) -> Generator[Event, None, Draft]:
        """Streams the model's own words. Its value is the whole draft."""
        reply, text = self.reply, ""
        writing = self.engine().stream(prompts.answer(question, items), max_tokens=self.settings.answer_tokens)
        try:
            while True:
                piece = next(writing)
                if reply.first_token is None:
                    reply.first_token = reply.elapsed()
                text += piece
                yield TextDelta(piece)
        except StopIteration as end:
            completion: Completion = end.value
        except EngineError as error:
            error.partial = text
            raise
        finally:
            writing.close()
        reply.count(completion)
        if completion.truncated:
            reply.notes.append("the model's answer was cut at its longest length")
        return Draft(text, TYPICAL if completion.mean_logprob is None else completion.mean_logprob)

    def _other_voices(self, question: str, kept: Verdict, evidence: EvidenceSet) -> Iterator[Event]:
        """What other articles say instead, each asked on its own, with its date; none replaces another."""
        said = [kept.text]
        for items in rivals(kept.text, question, kept.cited, evidence):
            if not self.checker.answers(question, items[0], evidence):
                continue
            yield TextDelta("\n\n")
            draft = yield from self.draft(question, items)
            text = next(iter(draft.sentences()), "")
            if not text or any(same_answer(text, known, question) for known in said):
                continue
            verdict = self._judge(question, text, replace(evidence, items=items), draft.confidence)
            if verdict.reason is None:
                said.append(verdict.text)
                yield from self._show(replace(verdict, text=says(verdict.text, items[0].date, another=True)))
        if len(said) > 1:
            self.reply.notes.append(f"the articles differ: {len(said)} answers, each with its own source")

    def _judge(self, question: str, text: str, evidence: EvidenceSet, confidence: float) -> Verdict:
        begun = self.reply.elapsed()
        verdict = self.checker.judge(question, text, evidence, confidence)
        self.reply.checks.append(self.reply.elapsed() - begun)
        return verdict

    def _show(self, verdict: Verdict) -> Iterator[Event]:
        """Puts the sentence into the reply, or among what is withheld."""
        reply = self.reply
        number = len(reply.sentences) + len(reply.withheld)
        if verdict.reason is None:
            numbers = tuple(dict.fromkeys(reply.cite(item) for item in verdict.cited))
            reply.sentences.append(AnswerSentence(verdict.text, numbers, verdict.support or 0.0))
            yield SentenceChecked(number, reply.sentences[-1], None)
        else:
            reply.withheld.append(Withheld(verdict.text, verdict.reason, verdict.support))
            yield SentenceChecked(number, None, verdict.reason)
