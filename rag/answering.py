"""One question's way from the passages found to a checked reply.

No statement likely enough: a refusal, and no model is called. Else draft and check; if the draft does not hold, the
article's own words; then the articles that answer otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from itertools import islice
from typing import TYPE_CHECKING

from index.split import split_sentences
from index.static import StaticEmbedder
from index.store import ArticleIndex
from index.types import Hit
from rag import prompts
from rag.corrections import correction, takes_back
from rag.crossencoder import CrossEncoder
from rag.days import annotate, without_days
from rag.engines.base import Completion, Engine
from rag.errors import EngineError
from rag.evidence import BEHIND, Evidence, EvidenceSet, alike, fold_copies, gather, is_copy, statements, whole_articles
from rag.names import name_stands_in
from rag.numbers import find_numbers
from rag.reply import Reply, Verdict
from rag.settings import Settings
from rag.support import TYPICAL
from rag.types import AnswerSentence, Event, SentenceChecked, TextDelta, Withheld
from rag.verify import Verifier, declines
from rag.wording import before_correction, corrected, in_the_articles_words, quoted, says
from rag.words import SOMEBODY_SAYS, content_words

if TYPE_CHECKING:
    from llama_index.core.llms import ChatMessage

_SURE = 2.0  # log-odds of Yes against No from which a question of yes or no gets the word
_SAME = 0.5  # probability from which a statement of another article says what was said
_RIVALS = 3  # other articles asked for one question; each costs a second or two
_OF_ONE = 3  # statements of one article that it is asked on
_EDITED = 0.7  # share of the words of the shorter one from which two statements are one with something changed
_QUOTES_SHOWN = 3
_TYPE_YES_OR_NO = re.compile(r"\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b", re.IGNORECASE)
# what has no one answer: the sentences that open the articles tell it
_BROAD = re.compile(
    r"\bhappen(?:s|ed|ing)?\b|\bgoing on\b|\b(?:latest|news|gist|overview)\b|\bsummar\w+|\b(?:tell|give) me\b"
    r"|\b(?:article|piece|report|story)\b(?=.*\babout\b)|\bknown about\b",
    re.IGNORECASE,
)
_ANY_ARTICLE = re.compile(r"\b(?:articles?|pieces?|reports?|stor(?:y|ies))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answering:
    """What it takes to answer; `engine` is opened at its first use, which a refusal may never come to."""

    reply: Reply
    settings: Settings
    articles: ArticleIndex
    engine: Callable[[], Engine]
    judge: CrossEncoder
    embedder: StaticEmbedder
    verifier: Verifier
    today: date | None
    """The day on which the question is asked: "yesterday" in it is read from here."""

    def answer(self, question: str, hits: Sequence[Hit]) -> Iterator[Event]:
        """Answers one stand-alone question into the reply; a question that gets nothing is named there."""
        evidence = gather(
            question, hits, self.articles, self.judge, self.embedder, limit=self.settings.evidence_sentences
        )
        self.reply.evidence.append(evidence)
        if self.verifier.worth_asking(evidence):
            evidence = self.within_window(
                question, evidence, self.settings.evidence_tokens, self.settings.answer_tokens
            )
            asked = annotate(question, self.today)
            drafted = yield from self._drafted(asked, evidence)
            if kept := [verdict for verdict in drafted if verdict.reason is None]:
                yield from self._other_answers(asked, kept, evidence)
                return
            if quote := self.verifier.quote(evidence):
                quote = replace(quote, text=self._framed(asked, quote.cited[0]))
                yield self.written(f" {quote.text}" if drafted else quote.text)
            for verdict in drafted:
                yield from self.show(verdict)
            if quote:
                yield from self._show_corrected(asked, quote, evidence)
                yield from self._other_quotes(asked, quote, evidence)
                return
        if near := self.openings(question, hits[: self.settings.passages], evidence):
            yield from self._quoted(near)
        else:
            self.reply.unanswered.append(question)

    def _drafted(self, question: str, evidence: EvidenceSet) -> Generator[Event, None, list[Verdict]]:
        """Checks the sentences of the model's draft, and shows each as soon as one of them holds.

        Its value: all of them. Where none holds, none was shown yet.
        """
        if _TYPE_YES_OR_NO.match(question):
            return []  # a small model says yes too easily, and a yes is too short to check: a quote must answer
        sentences, confidence = yield from self._draft(question, evidence.items)
        drafted, shown = list[Verdict](), 0
        for text in sentences:
            drafted.append(self._judged(question, text, evidence, confidence))
            if any(verdict.reason is None for verdict in drafted):
                for verdict in drafted[shown:]:
                    yield from self._show_corrected(question, verdict, evidence)
                shown = len(drafted)
        return drafted

    def _framed(self, question: str, item: Evidence) -> str:
        """The article's own words as an answer, behind a yes or no if it is asked for and the model is sure of it."""
        if _TYPE_YES_OR_NO.match(question):
            odds, completion = self.engine().yes_minus_no(prompts.answer(question, [item], prompts.YES_OR_NO))
            self.reply.count(completion)
            if abs(odds) >= _SURE:
                return in_the_articles_words(item.quote, item.date, odds > 0)
        return in_the_articles_words(item.quote, item.date)

    def _quoted(self, items: Sequence[Evidence]) -> Iterator[Event]:
        """The first few of `items` in their articles' words, in the order of their dates; no words are shown twice."""
        for item in sorted(items[:_QUOTES_SHOWN], key=lambda item: (str(item.date), item.article, item.start)):
            if not self.reply.shows(item):
                verdict = Verdict(in_the_articles_words(item.quote, item.date), (item,), 1.0)
                yield self.written(f" {verdict.text}")
                yield from self.show(verdict)

    def openings(self, question: str, hits: Sequence[Hit], evidence: EvidenceSet) -> list[Evidence]:
        """For a question that has no one answer, the sentences that open the articles about all that it tells of.

        "Summarise the articles" tells of nothing: then those of every article found, whichever passages were.
        """
        if not _BROAD.search(question) or evidence.missing_names:
            return []
        told = topic_of(question) - set(content_words(" ".join(evidence.names)))
        opening = list[Evidence]()
        for item in statements(whole_articles(hits), self.articles):
            about = f"{item.title}\n{item.quote}"
            if (
                item.opens
                and told <= set(content_words(about))
                and all(name_stands_in(name, about) for name in evidence.names)
                and not any(is_copy(item, known) for known in opening)
            ):
                opening.append(item)
        return opening

    def within_window(self, question: str, evidence: EvidenceSet, budget: int, longest: int) -> EvidenceSet:
        """The evidence that fits `budget` and the model's real window, in its own tokens, beside an answer so long."""
        engine = self.engine()
        fixed = engine.count_tokens(prompts.INSTRUCTIONS) + 100  # the chat template, the check's own words
        # the question is read beside an answer in the check, which may be as long as the longest answer
        room = engine.context_tokens - fixed - 2 * longest - 2 * engine.count_tokens(question)
        fitting = evidence.within(min(budget, room), lambda item: engine.count_tokens(prompts.statement(item)))
        if fitting.passages_left_out and room < budget:
            count = fitting.passages_left_out
            self.reply.notes.append(f"{count} passage{'s' if count > 1 else ''} left out: the model's window is full")
        return fitting

    def _draft(self, question: str, items: Sequence[Evidence]) -> Generator[Event, None, tuple[list[str], float]]:
        """Streams the model's own words, before any check.

        Its value: their sentences, none if it says that it found nothing, and the mean log-probability of its tokens.
        """
        messages = prompts.answer(question, items)
        text, completion = yield from self.writing(messages, self.settings.answer_tokens)
        sentences = [] if declines(text) else [text[span.start : span.end] for span in split_sentences(text)]
        return sentences, TYPICAL if completion.mean_logprob is None else completion.mean_logprob

    def writing(self, messages: Sequence[ChatMessage], most: int) -> Generator[TextDelta, None, tuple[str, Completion]]:
        """Streams what the model writes, `most` tokens of it. Its value: the whole, and what is known of it."""
        text = ""
        stream = self.engine().stream(messages, max_tokens=most)
        try:
            while True:
                if piece := next(stream):
                    text += piece
                    yield self.written(piece)
        except StopIteration as end:
            completion: Completion = end.value
        except EngineError as error:
            error.partial = text
            raise
        finally:
            stream.close()
        self.reply.count(completion)
        if completion.truncated:
            self.reply.notes.append("the model's answer was cut at its longest length")
        return text, completion

    def _other_answers(self, question: str, kept: Sequence[Verdict], evidence: EvidenceSet) -> Iterator[Event]:
        """What other articles answer instead, each asked on its own, with its date; none replaces another."""
        said = [kept[0]]
        for items in islice(self._rivals(question, kept[0], evidence), _RIVALS):
            if any(map(self.reply.shows, items)):
                continue
            yield TextDelta("\n\n")
            sentences, confidence = yield from self._draft(question, items)
            if sentences and any(_same_answer(sentences[0], known.text, question) for known in said):
                continue
            its = replace(evidence, items=items)
            verdict = self._judged(question, sentences[0], its, confidence) if sentences else None
            if (verdict is None or verdict.reason) and _answers_otherwise(items[0], kept[0], question):
                verdict = Verdict(quoted(items[0].quote, items[0].date), items[:1], 1.0, form="quote")
            if verdict is not None and verdict.reason is None:
                if any(takes_back(item.quote, verdict.text, question) for item in kept[0].cited):
                    framed = before_correction(verdict.text, items[0].date)
                else:
                    said.append(verdict)
                    framed = says(verdict.text, items[0].date)
                yield from self.show(replace(verdict, text=framed))
        self._note_difference(len(said))
        if len(said) > 1 and len(kept) == 1:
            self._newest_first(said, question)

    def _other_quotes(self, question: str, shown: Verdict, evidence: EvidenceSet) -> Iterator[Event]:
        """The words of other articles that are those shown with others in the place of some that answer."""
        copies = fold_copies([copy for known in shown.cited for copy in known.copies])
        told = {known.article for known in shown.cited}
        differing = (
            item
            for item in (*copies, *evidence.pool)
            if item.article not in told and not self.reply.shows(item) and _answers_otherwise(item, shown, question)
        )
        others = list(islice(differing, _RIVALS))
        for item in others:
            yield TextDelta("\n\n")
            yield from self.show(Verdict(says(quoted(item.quote, item.date), item.date), (item,), 1.0))
        self._note_difference(len(others) + 1)

    def _note_difference(self, answers: int) -> None:
        if answers > 1:
            self.reply.notes.append(f"the articles differ: {answers} answers, each with its own source")

    def _newest_first(self, said: Sequence[Verdict], question: str) -> None:
        """Where the last sentences differ in their figures, the newest leads; older ones are told by their dates."""
        dated = [verdict for verdict in said if verdict.cited[0].date and _figures(verdict.text, question)]
        newest, *older = sorted(said, key=lambda verdict: str(verdict.cited[0].date), reverse=True)
        if len(dated) == len(said) and newest is not said[0]:
            told = [replace(one, text=says(one.text, one.cited[0].date)) for one in older]
            self.reply.sentences[-len(said) :] = map(self._sentence, (_with_its_speaker(newest, question), *told))
            self.reply.number_anew()

    def _rivals(self, question: str, kept: Verdict, evidence: EvidenceSet) -> Iterator[tuple[Evidence, ...]]:
        """The likeliest statements of each other article that is not far behind the cited one, likeliest article first.

        An article that shares wire copy with the cited ones is one voice with them, unless it has the cited words with
        another number or name in them.
        """
        heard = {carrier for item in kept.cited for carrier in item.carriers}
        origin = {id for item in evidence.pool if heard & set(item.carriers) for id in item.carriers} - heard
        answer = _words(kept.text) - _words(question)
        others: dict[str, list[Evidence]] = {
            copy.article: [copy]
            for item in kept.cited
            for copy in item.copies
            if not answer & item.words <= copy.words  # the same words, but for those that answer
        }
        for item in evidence.pool:
            if item.article not in heard and not any(is_copy(item, known) for known in kept.cited):
                others.setdefault(item.article, []).append(item)
        near = max(item.relevance for item in kept.cited) - BEHIND
        for items in others.values():
            items = sorted(items, key=lambda item: not _answers_otherwise(item, kept, question))[:_OF_ONE]
            edited = any(_edited(items[0], known) for known in kept.cited)
            if not edited and (items[0].relevance < near or items[0].article in origin):
                continue
            # of the same words but for a few, the judge says too easily that they say the same
            if edited or max(self.judge.supports(question, kept.text, [item.read for item in items])) < _SAME:
                yield tuple(replace(item, number=n) for n, item in enumerate(items, 1))

    def written(self, text: str) -> TextDelta:
        if self.reply.first_token is None:
            self.reply.first_token = self.reply.elapsed()
        return TextDelta(text)

    def _judged(self, question: str, text: str, evidence: EvidenceSet, confidence: float) -> Verdict:
        begun = self.reply.elapsed()
        verdict = self.verifier.sentence(question, text, evidence, confidence)
        self.reply.checks.append(self.reply.elapsed() - begun)
        return verdict

    def _show_corrected(self, question: str, verdict: Verdict, evidence: EvidenceSet) -> Iterator[Event]:
        """Like `_show`; where a later article takes the sentence back, that leads."""
        note = () if verdict.reason else correction(verdict.text, question, verdict.cited, evidence.pool)
        told = _with_its_speaker(verdict, question)
        if note:
            text = corrected(" ".join(item.quote for item in note), note[0].date)
            yield self.written(f" {text}")
            yield from self.show(Verdict(text, note, 1.0))
            told = replace(told, text=before_correction(told.text, told.cited[0].date))
        yield from self.show(told)

    def show(self, verdict: Verdict) -> Iterator[Event]:
        """Puts the sentence into the reply, or among what is withheld."""
        reply = self.reply
        number = len(reply.sentences) + len(reply.withheld)
        if verdict.reason is None:
            reply.sentences.append(self._sentence(verdict))
            yield SentenceChecked(number, reply.sentences[-1], None, reply.news())
        else:
            support = None if verdict.support is None else round(verdict.support, 3)
            reply.withheld.append(Withheld(verdict.text, verdict.reason, support))
            yield SentenceChecked(number, None, verdict.reason)

    def _sentence(self, verdict: Verdict) -> AnswerSentence:
        numbers = tuple(dict.fromkeys(self.reply.cite(item) for item in verdict.cited))
        return AnswerSentence(verdict.text, numbers, round(verdict.support or 0.0, 3))


def topic_of(question: str) -> set[str]:
    """Stems of the words that say what a broad question is about; none for "Summarise the articles"."""
    return set(content_words(without_days(_ANY_ARTICLE.sub(" ", _BROAD.sub(" ", question)))))


def _with_its_speaker(verdict: Verdict, question: str) -> Verdict:
    """What a party claims is not stated as a fact: where the quote has a speaker and the sentence none, the quote is
    shown instead."""
    if verdict.reason or len(verdict.cited) != 1 or verdict.form == "quote":
        return verdict
    (item,) = verdict.cited
    if not SOMEBODY_SAYS.search(item.quote) or SOMEBODY_SAYS.search(f"{verdict.text} {question}"):
        return verdict
    return replace(verdict, text=in_the_articles_words(item.quote, item.date))


def _edited(item: Evidence, other: Evidence) -> bool:
    """Whether two statements are the same words but for a few, or one of them is in the other."""
    return len(item.words & other.words) >= _EDITED * min(len(item.words), len(other.words))


def _answers_otherwise(item: Evidence, shown: Verdict, question: str) -> bool:
    """Whether a statement has a sentence of one that is cited, with other words in the place of some that answer."""
    answer = _words(shown.text) - _words(question)
    for known in shown.cited:
        one, two = _nearest(known, item), _nearest(item, known)
        if alike(_words(one), said := _words(two)):
            first, second = one.split(), two.split()
            for tag, i, j, k, m in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
                if tag == "replace" and answer & _words(" ".join(first[i:j])) - said and _words(" ".join(second[k:m])):
                    return True
    return False


def _words(text: str) -> frozenset[str]:
    return frozenset(content_words(text))


def _nearest(item: Evidence, other: Evidence) -> str:
    """The sentence of a statement that shares most words with another statement."""
    sentences = [item.quote[span.start : span.end] for span in split_sentences(item.quote)] or [item.quote]
    return max(sentences, key=lambda text: len(other.words & _words(text)))


def _same_answer(one: str, other: str, question: str) -> bool:
    """Whether two sentences add the same to the question, or one of them no more than the other; where both add
    numbers, those decide."""
    first, second = _figures(one, question), _figures(other, question)
    if first and second:
        return first <= second or second <= first
    asked = _words(question)
    a, b = _words(one) - asked, _words(other) - asked
    return a <= b or b <= a


def _figures(text: str, question: str) -> set[float]:
    """The values of the numbers that `text` adds to the question."""
    return {number.value for number in find_numbers(text)} - {number.value for number in find_numbers(question)}
