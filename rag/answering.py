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
from rag.broad import asks_for_articles, breadth, on_topic
from rag.checker import Checker, Verdict
from rag.corrections import correction, takes_back
from rag.days import annotate
from rag.engines.base import Completion, Engine
from rag.errors import EngineError
from rag.evidence import Articles, Evidence, EvidenceSet, gather, openings
from rag.expects import expected
from rag.facts import lacking, unsaid
from rag.frames import before_correction, corrected, in_the_articles_words, quoted, says
from rag.reply import Reply
from rag.settings import Settings
from rag.support import TYPICAL
from rag.types import AnswerSentence, Event, SentenceChecked, TextDelta, Withheld
from rag.verify import declines, worth_asking
from rag.voices import rivals, same_answer
from rag.words import spelled_out

_SURE = 0.8  # support from which a sentence that is joined from several quotes is shown all the same
_QUOTES_SHOWN = 3
_QUOTED = "the article's own words are surer"

Embed = Callable[[list[str]], NDArray[np.float32]]


def _holds(kept: Sequence[Verdict]) -> bool:
    """Whether the draft holds by itself; what is joined from several quotes may not belong together."""
    return bool(kept) and (len(kept) > 1 or len(kept[0].cited) == 1 or (kept[0].support or 0.0) >= _SURE)


def _says_the_same(quote: Verdict, draft: Verdict, question: str) -> bool:
    """Whether a quote may stand for the draft: one that names another firm, or no cause, is another answer. A draft
    that a hard check has stopped says nothing."""
    stopped = draft.support is None
    return stopped or not (lacking(draft.text, quote.cited, question) or unsaid(draft.text, quote.cited, question))


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
        if asks_for_articles(question):
            reply.unanswered.append(question)
            return
        question = spelled_out(question, "\n".join(hit.passage.text for hit in hits))
        scope = breadth(question)
        if scope == "all":
            yield from self._quoted(openings(dict.fromkeys(hit.passage.article for hit in hits), self.articles))
            return
        evidence = self._gathered(question, hits, leads_first=scope == "broad")
        if not worth_asking(evidence):
            reply.unanswered.append(question)
            return
        evidence = self.within_window(question, evidence)
        asked = annotate(question, self.today)
        kept, held_back = yield from self._drafted(asked, evidence)
        quote = None if _holds(kept) else self.checker.best_quote(asked, evidence)
        if quote and all(_says_the_same(quote, verdict, asked) for verdict in held_back):
            yield from self._replaced(asked, held_back, quote, evidence)
            return
        for verdict in held_back:
            yield from self._show(verdict)
        if kept:
            yield from self._other_voices(asked, kept[0], evidence)
        elif scope == "broad" and (near := [item for item in evidence.items if on_topic(question, item)]):
            yield from self._quoted(near)
        else:
            reply.unanswered.append(question)

    def _drafted(
        self, question: str, evidence: EvidenceSet
    ) -> Generator[Event, None, tuple[list[Verdict], list[Verdict]]]:
        """Checks the sentences of the model's draft, and shows each as soon as nothing that follows can take it back.

        Its value: those that may be shown, and those that were not shown yet, because the draft does not hold so far.
        """
        if expected(question) == "choice":
            return [], []  # a small model says yes too easily, and a yes is too short to check: a quote must answer
        draft = yield from self.draft(question, evidence.items)
        kept, held_back = list[Verdict](), list[Verdict]()
        for text in draft.sentences():
            verdict = self._judge(question, text, evidence, draft.confidence)
            kept += [verdict] if verdict.reason is None else []
            held_back.append(verdict)
            if _holds(kept):
                for one in held_back:
                    yield from self._show_corrected(question, one, evidence)
                held_back = []
        return kept, held_back

    def _replaced(
        self, question: str, verdicts: Sequence[Verdict], quote: Verdict, evidence: EvidenceSet
    ) -> Iterator[Event]:
        """The quote instead of the draft, which is withheld."""
        yield self._written(f" {quote.text}" if verdicts else quote.text)
        for one in verdicts:
            yield from self._show(one if one.reason else replace(one, support=None, reason=_QUOTED))
        yield from self._show_corrected(question, quote, evidence)

    def compare(self, topic: str, hits: Sequence[Hit]) -> Iterator[Event]:
        """What each article says about `topic`, in its own words and in the order of their dates; no model writes."""
        evidence = self._gathered(topic, hits)
        best: dict[str, list[Evidence]] = {}
        for item in evidence.pool:
            best.setdefault(item.article, []).append(item)
        chosen = [item for items in best.values() for item in items[:2] if item.coverage >= 0.5 * evidence.coverage]
        if not chosen or not worth_asking(evidence):
            self.reply.unanswered.append(topic)
            return
        for item in sorted(chosen, key=lambda item: (str(item.date), item.article, item.start)):
            yield from self._show(Verdict(says(quoted(item.quote), item.date), (item,), 1.0))

    def _gathered(self, question: str, hits: Sequence[Hit], *, leads_first: bool = False) -> EvidenceSet:
        limit = self.settings.evidence_sentences
        evidence = gather(question, hits, self.articles, self.embed, limit=limit, leads_first=leads_first)
        self.reply.evidence.append(evidence)
        return evidence

    def _quoted(self, items: Sequence[Evidence]) -> Iterator[Event]:
        """The first few of `items` in their articles' words, in the order of their dates; no words are shown twice."""
        for item in sorted(items[:_QUOTES_SHOWN], key=lambda item: (str(item.date), item.article, item.start)):
            if self.reply.shows(item):
                continue
            verdict = Verdict(in_the_articles_words(item.quote), (item,), 1.0)
            yield self._written(f" {verdict.text}")
            yield from self._show(verdict)

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
                if piece := next(writing):
                    text += piece
                    yield self._written(piece)
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
            if any(map(self.reply.shows, items)) or not self.checker.may_answer(question, items[0], evidence):
                continue
            yield TextDelta("\n\n")
            draft = yield from self.draft(question, items)
            text = next(iter(draft.sentences()), "")
            if not text or any(same_answer(text, known, question) for known in said):
                continue
            verdict = self._judge(question, text, replace(evidence, items=items), draft.confidence)
            if verdict.reason is None:
                if any(takes_back(item.quote, verdict.text, question) for item in kept.cited):
                    framed = before_correction(verdict.text, items[0].date)
                else:
                    said.append(verdict.text)
                    framed = says(verdict.text, items[0].date, another=True)
                yield from self._show(replace(verdict, text=framed))
        if len(said) > 1:
            self.reply.notes.append(f"the articles differ: {len(said)} answers, each with its own source")

    def _written(self, text: str) -> TextDelta:
        if self.reply.first_token is None:
            self.reply.first_token = self.reply.elapsed()
        return TextDelta(text)

    def _judge(self, question: str, text: str, evidence: EvidenceSet, confidence: float) -> Verdict:
        begun = self.reply.elapsed()
        verdict = self.checker.judge(question, text, evidence, confidence)
        self.reply.checks.append(self.reply.elapsed() - begun)
        return verdict

    def _show_corrected(self, question: str, verdict: Verdict, evidence: EvidenceSet) -> Iterator[Event]:
        """Like `_show`; where a later article takes the sentence back, that leads."""
        note = () if verdict.reason else correction(verdict.text, question, verdict.cited, evidence.pool)
        if note:
            text = corrected(" ".join(item.quote for item in note), note[0].date)
            yield self._written(f" {text}")
            yield from self._show(Verdict(text, note, 1.0))
            verdict = replace(verdict, text=before_correction(verdict.text, verdict.cited[0].date))
        yield from self._show(verdict)

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
