"""The assistant: a folder of articles in, cited answers out. `ask` is `stream` run to its end."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.embed import embedder
from index.split import split_sentences
from index.store import ArticleIndex
from index.types import Article, Hit, SyncReport
from rag import prompts
from rag.days import annotate
from rag.engines import EngineChoice, choose_engine
from rag.engines.base import Completion, Engine
from rag.errors import EngineInterrupted, QuestionError, SettingsError
from rag.evidence import Evidence, EvidenceSet, gather
from rag.followup import Message, standalone
from rag.refusal import refusal_text
from rag.settings import Settings
from rag.types import (
    Answer,
    AnswerDone,
    AnswerSentence,
    Citation,
    Event,
    EvidenceFound,
    SentenceChecked,
    TextDelta,
    Timings,
    Usage,
    Withheld,
)
from rag.verify import Signals, Weights, attribute, declines, worth_asking

Day = date | str | None


class Assistant:
    """Answers questions from one folder of articles.

    `engine`, `model` and any field of `rag.settings.Settings` may be given; the environment comes second.
    `progress(what, done, total)` is told of long work: fetching the model, in bytes.
    Safe to use from several threads. Raises subclasses of `DatelineError` only, for all that can be foreseen.
    """

    def __init__(
        self,
        data_dir: str | Path | None = None,
        engine: str = "auto",
        model: str | Path | None = None,
        *,
        progress: Callable[[str, int, int], None] | None = None,
        **settings: Any,
    ) -> None:
        given = {"data_dir": data_dir, "engine": None if engine == "auto" else engine, "model": model, **settings}
        self.settings = Settings.load(given)
        self._progress = progress
        self._lock = threading.Lock()
        self._choice: EngineChoice | None = None
        self._engine: Engine | None = None
        self._index: ArticleIndex | None = None
        self._embedder = embedder(self.settings.embedder, ollama_host=self.settings.ollama_host)
        self._weights = Weights()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the engine and the index. Safe to call twice; the assistant can be used again afterwards."""
        with self._lock:
            if self._engine:
                self._engine.close()
            if self._index:
                self._index.close()
            self._engine = self._choice = self._index = None

    # ------------------------------------------------------------------------------------------ articles

    def index(
        self,
        folder: str | Path,
        *,
        replace: bool = False,
        progress: Callable[[int, int, str], None] | None = None,
    ) -> SyncReport:
        """Makes the index equal to `folder`; a second run over an unchanged folder embeds nothing.

        `replace` allows another folder, or another embedder, than the index was made with.
        `progress(done, total, what)` counts files. Raises CorpusError, IndexBusy, StorageError.
        """
        return self.articles.sync(Path(folder), replace=replace, progress=progress)

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        since: Day = None,
        until: Day = None,
        as_of: Day = None,
        exclude: Collection[str] = (),
    ) -> list[Hit]:
        """The `k` passages nearest to `query`, BM25 and dense hits fused. Dates are inclusive.

        `as_of` hides articles dated later. Raises IndexMissing if nothing is indexed.
        """
        first, last, today = _day(since, "since"), _day(until, "until"), _day(as_of, "as_of")
        if today and (last is None or today < last):
            # an article without a date is not known to be later
            undated = first is None and last is None
            return self.articles.search(query, k, since=first, until=today, exclude=exclude, undated=undated)
        return self.articles.search(query, k, since=first, until=last, exclude=exclude)

    def article(self, id: str) -> Article:
        """The article of this id, its text exactly as citations count it. Raises ArticleMissing."""
        return self.articles.article(id)

    @property
    def articles(self) -> ArticleIndex:
        """The index itself."""
        with self._lock:
            if self._index is None:
                self._index = ArticleIndex(self.settings.data_dir, self._embedder)
            return self._index

    # --------------------------------------------------------------------------------------------- engine

    @property
    def choice(self) -> EngineChoice:
        """Which engine and model answer; asks Ollama what it has, fetches nothing."""
        with self._lock:
            if self._choice is None:
                self._choice = choose_engine(self.settings)
            return self._choice

    @property
    def engine(self) -> Engine:
        """The engine, opened. The first use of the embedded engine fetches its weights."""
        choice = self.choice
        with self._lock:
            if self._engine is None:
                self._engine = choice.open(self._progress)
            return self._engine

    # ------------------------------------------------------------------------------------------ questions

    def ask(
        self,
        question: str,
        history: Sequence[Message] = (),
        *,
        since: Day = None,
        until: Day = None,
        as_of: Day = None,
        exclude: Collection[str] = (),
    ) -> Answer:
        """Answers `question` from the articles, or abstains. See `stream`."""
        for event in self.stream(question, history, since=since, until=until, as_of=as_of, exclude=exclude):
            if isinstance(event, AnswerDone):
                return event.answer
        raise AssertionError("a stream ends with AnswerDone")

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        *,
        since: Day = None,
        until: Day = None,
        as_of: Day = None,
        exclude: Collection[str] = (),
    ) -> Iterator[Event]:
        """Search, draft and check, as it happens; the last event is AnswerDone.

        `history` is the conversation so far, oldest first. Raises QuestionError, IndexStateError, EngineError;
        an EngineInterrupted carries the draft so far in `partial`. Closing the iterator stops the model.
        """
        question = self._checked_question(question)
        run = _Run(question=question)
        run.standalone = standalone(question, history, lambda turns, last: self._rewrite(run, turns, last))
        hits = self.search(
            run.standalone, self.settings.passages, since=since, until=until, as_of=as_of, exclude=exclude
        )
        evidence = self._gather(run.standalone, hits)
        run.hits, run.searched = tuple(hits), run.elapsed()
        yield EvidenceFound(run.hits)

        if reason := worth_asking(evidence):
            run.reason = reason
        else:
            if evidence.passages_left_out and self._room(run.standalone) < self.settings.evidence_tokens:
                count = evidence.passages_left_out
                run.notes.append(f"{count} passage{'s' if count > 1 else ''} left out: the model's window is full")
            asked = annotate(run.standalone, _day(as_of, "as_of"))
            draft = yield from self._draft(run, asked, evidence)
            yield from self._check(run, asked, draft, evidence)
        yield AnswerDone(self._finish(run, evidence))

    def _checked_question(self, question: str) -> str:
        question = question.strip()
        if not question:
            raise QuestionError('The question is empty: ask something, for example dateline ask "Who said what?"')
        limit = self.settings.context_tokens
        if len(question) > limit:
            raise QuestionError(
                f"The question has {len(question):,} characters, more than the {limit:,} that leave room for articles "
                "in the model's window: shorten it, or put the text into the folder as an article."
            )
        return question

    def _gather(self, question: str, hits: Sequence[Hit]) -> EvidenceSet:
        return gather(
            question,
            hits,
            self.articles,
            self._embed,
            limit=self.settings.evidence_sentences,
            budget=min(self.settings.evidence_tokens, self._room(question)),
            # an estimate: exact counts need the engine, and what cannot be an answer must not start it
            cost=lambda item: _estimated_tokens(prompts.statement(item)),
        )

    def _room(self, question: str) -> int:
        """Tokens of the window that are left for statements: the question is read twice, beside an answer."""
        fixed = _estimated_tokens(prompts.INSTRUCTIONS) + 100
        return self.settings.context_tokens - fixed - 2 * self.settings.answer_tokens - _estimated_tokens(question)

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        return np.asarray(self._embedder.get_text_embedding_batch(texts), dtype=np.float32)

    def _rewrite(self, run: _Run, turns: list[tuple[str, str]], question: str) -> str:
        text = ""
        writing = self.engine.stream(prompts.rewrite(turns, question), max_tokens=80)
        while True:
            try:
                text += next(writing)
            except StopIteration as end:
                run.count(end.value)
                return text

    def _draft(self, run: _Run, question: str, evidence: EvidenceSet) -> Generator[Event, None, str]:
        """Streams the model's own words. Its value is the whole draft."""
        text = ""
        writing = self.engine.stream(prompts.answer(question, evidence.items), max_tokens=self.settings.answer_tokens)
        try:
            while True:
                piece = next(writing)
                if run.first_token is None:
                    run.first_token = run.elapsed()
                text += piece
                yield TextDelta(piece)
        except StopIteration as end:
            completion: Completion = end.value
        except EngineInterrupted as error:
            error.partial = text
            raise
        finally:
            writing.close()
        run.count(completion)
        if completion.truncated:
            run.notes.append("the model's answer was cut at its longest length")
        return text

    def _check(self, run: _Run, question: str, draft: str, evidence: EvidenceSet) -> Iterator[Event]:
        """Attributes each sentence of the draft to the evidence, and keeps what is supported."""
        spans = [draft[span.start : span.end] for span in split_sentences(draft)]
        if not spans or declines(draft):
            run.reason = "the model found no answer in them"
            return
        said, completion = self.engine.yes_minus_no(prompts.answered(question, evidence.items))
        run.count(completion)
        for number, text in enumerate(spans):
            sentence, reason = self._judge(run, question, text, said, evidence)
            if sentence is None:
                run.withheld.append(Withheld(text, reason or "no article says it"))
            yield SentenceChecked(number, sentence, reason)

    def _judge(
        self, run: _Run, question: str, text: str, answered: float, evidence: EvidenceSet
    ) -> tuple[AnswerSentence | None, str | None]:
        text = _without_numbers(text)
        vector = self._embed([f"{question} {text}"])[0]
        found = attribute(text, vector, evidence)
        if found.reason:
            return None, found.reason
        yes, completion = self.engine.yes_minus_no(prompts.check(question, text, evidence.items))
        run.count(completion)
        support = self._weights.probability(
            Signals(
                answer_words=found.answer_words,
                question_words=found.question_words,
                similarity=found.similarity,
                relevance=evidence.similarity,
                yes=yes,
                answered=answered,
            )
        )
        if support < self.settings.threshold:
            return None, "no article says it"
        numbers = tuple(dict.fromkeys(run.cite(item) for item in found.cited))
        sentence = AnswerSentence(text, numbers, support)
        run.sentences.append(sentence)
        return sentence, None

    def _finish(self, run: _Run, evidence: EvidenceSet) -> Answer:
        abstained = not run.sentences
        counts = self.articles.counts()
        if abstained:
            text = refusal_text(run.standalone, evidence, counts.articles)
        else:
            text = " ".join(_with_numbers(sentence) for sentence in run.sentences)
        undated = sum(citation.date is None for citation in run.citations.values())
        if undated:
            run.notes.append(
                f"{undated} of the quotes {'comes' if undated == 1 else 'come'} from an article without a date"
            )
        choice = self.choice
        return Answer(
            question=run.question,
            standalone_question=run.standalone,
            text=text,
            abstained=abstained,
            sentences=tuple(run.sentences),
            withheld=tuple(run.withheld),
            citations=tuple(run.citations.values()),
            hits=run.hits,
            notes=(*choice.notes, *run.notes),
            engine=choice.engine,
            model=choice.model,
            settings=self._fingerprint(),
            usage=run.usage,
            timings=Timings(search=run.searched, first_token=run.first_token, total=run.elapsed()),
        )

    def _fingerprint(self) -> str:
        """Changes with whatever could change an answer, the articles apart."""
        kept = {
            k: str(v) for k, v in asdict(self.settings).items() if k not in ("data_dir", "cache_dir", "ollama_host")
        }
        parts = [kept, asdict(self._weights), prompts.fingerprint(), self.choice.engine, self.choice.model]
        return hashlib.sha256(json.dumps([*parts, self._embedder.fingerprint]).encode()).hexdigest()[:12]


@dataclass
class _Run:
    """What one question gathers on its way."""

    question: str
    standalone: str = ""
    started: float = field(default_factory=time.perf_counter)
    hits: tuple[Hit, ...] = ()
    searched: float = 0.0
    first_token: float | None = None
    reason: str | None = None
    sentences: list[AnswerSentence] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    citations: dict[tuple[str, int, int], Citation] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)

    def elapsed(self) -> float:
        return (time.perf_counter() - self.started) * 1000

    def count(self, completion: Completion) -> None:
        self.usage = Usage(
            self.usage.prompt_tokens + completion.prompt_tokens,
            self.usage.cached_tokens + completion.cached_tokens,
            self.usage.completion_tokens + completion.completion_tokens,
        )

    def cite(self, item: Evidence) -> int:
        """The number of this quote in the answer, given at its first use."""
        key = (item.article, item.start, item.end)
        if key not in self.citations:
            self.citations[key] = Citation(
                number=len(self.citations) + 1,
                article=item.article,
                title=item.title,
                date=item.date,
                page=item.page,
                quote=item.quote,
                start=item.start,
                end=item.end,
                carriers=item.carriers,
            )
        return self.citations[key].number


def _with_numbers(sentence: AnswerSentence) -> str:
    """The sentence with its [n] before the full stop: "Rami Abdurrahman heads it [1]." """
    marks = "".join(f" [{number}]" for number in sentence.citations)
    body = sentence.text.rstrip()
    stop = re.search(r"[.!?…。؟]+[”\"’')]*$", body)
    if stop and not stop.group().rstrip(".!?…。؟"):
        return body[: stop.start()] + marks + stop.group()
    return body + marks


def _without_numbers(text: str) -> str:
    """Without the "[2]" that a model writes by itself: code decides what is cited."""
    return re.sub(r"\s*\[\d+(?:, ?\d+)*\]", "", text).strip()


def _estimated_tokens(text: str) -> int:
    """Tokens of `text`, on the high side: three characters a token, one for a character beyond Latin."""
    wide = sum(ord(character) > 0x24F and not 0x2000 <= ord(character) <= 0x206F for character in text)
    return wide + (len(text) - wide) // 3 + 1


def _day(value: Day, name: str) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise SettingsError(f"{name} must be a date like 2024-12-05, not {value!r}.") from None
