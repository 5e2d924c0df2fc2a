"""The assistant: a folder of articles in, cited answers out. `ask` is `stream` run to its end."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from llama_index.core.llms import ChatMessage
from numpy.typing import NDArray

from index.embed import embedder
from index.split import split_sentences
from index.store import ArticleIndex
from index.types import Article, Hit, SyncReport
from rag import prompts
from rag.days import annotate
from rag.engines import EngineChoice, choose_engine
from rag.engines.base import Completion, Engine
from rag.errors import EngineError, QuestionError, SettingsError
from rag.evidence import EvidenceSet, gather
from rag.followup import Message, standalone
from rag.refusal import refusal_text
from rag.reply import Reply, without_numbers
from rag.settings import Settings
from rag.types import (
    Answer,
    AnswerDone,
    AnswerSentence,
    Event,
    EvidenceFound,
    SentenceChecked,
    TextDelta,
    Timings,
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
        self._engine_lock = threading.Lock()
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
        with self._engine_lock, self._lock:
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

    @property
    def embedder_fingerprint(self) -> str:
        """Changes when the embedding model changes."""
        return self._embedder.fingerprint

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
        with self._engine_lock:  # held while a gigabyte is fetched; searching goes on meanwhile
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
        an EngineError carries the draft so far in `partial`. Closing the iterator stops the model.
        """
        question = self._checked_question(question)
        reply = Reply(question=question)
        reply.standalone = standalone(question, history, lambda turns, last: self._rewrite(reply, turns, last))
        hits = self.search(
            reply.standalone, self.settings.passages, since=since, until=until, as_of=as_of, exclude=exclude
        )
        evidence = self._gather(reply.standalone, hits)
        reply.hits, reply.searched = tuple(hits), reply.elapsed()
        yield EvidenceFound(reply.hits)

        if not worth_asking(evidence):
            yield AnswerDone(self._finish(reply, evidence))
            return
        if evidence.passages_left_out and self._room(reply.standalone) < self.settings.evidence_tokens:
            count = evidence.passages_left_out
            reply.notes.append(f"{count} passage{'s' if count > 1 else ''} left out: the model's window is full")
        asked = annotate(reply.standalone, _day(as_of, "as_of"))
        draft = yield from self._draft(reply, asked, evidence)
        yield from self._check(reply, asked, draft, evidence)
        yield AnswerDone(self._finish(reply, evidence))

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
            self.embed,
            limit=self.settings.evidence_sentences,
            budget=min(self.settings.evidence_tokens, self._room(question)),
            # an estimate: exact counts need the engine, and what cannot be an answer must not start it
            cost=lambda item: _estimated_tokens(prompts.statement(item)),
        )

    def _room(self, question: str) -> int:
        """Tokens of the window that are left for statements: the question is read twice, beside an answer."""
        fixed = _estimated_tokens(prompts.INSTRUCTIONS) + 100
        return self.settings.context_tokens - fixed - 2 * self.settings.answer_tokens - _estimated_tokens(question)

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors of `texts`, a row each. Raises EmbedderError."""
        return np.asarray(self._embedder.get_text_embedding_batch(texts), dtype=np.float32)

    def _rewrite(self, reply: Reply, turns: list[tuple[str, str]], question: str) -> str:
        text = ""
        writing = self.engine.stream(prompts.rewrite(turns, question), max_tokens=80)
        while True:
            try:
                text += next(writing)
            except StopIteration as end:
                reply.count(end.value)
                return text

    def _draft(self, reply: Reply, question: str, evidence: EvidenceSet) -> Generator[Event, None, str]:
        """Streams the model's own words. Its value is the whole draft."""
        text = ""
        writing = self.engine.stream(prompts.answer(question, evidence.items), max_tokens=self.settings.answer_tokens)
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
        return text

    def _check(self, reply: Reply, question: str, draft: str, evidence: EvidenceSet) -> Iterator[Event]:
        """Attributes each sentence of the draft to the evidence, and keeps what is supported."""
        spans = [draft[span.start : span.end] for span in split_sentences(draft)]
        if not spans or declines(draft):
            return
        for number, text in enumerate(spans):
            verdict = self._judge(reply, question, text, evidence)
            if isinstance(verdict, Withheld):
                reply.withheld.append(verdict)
                yield SentenceChecked(number, None, verdict.reason)
            else:
                reply.sentences.append(verdict)
                yield SentenceChecked(number, verdict, None)

    def _judge(self, reply: Reply, question: str, text: str, evidence: EvidenceSet) -> AnswerSentence | Withheld:
        text = without_numbers(text)
        vector = self.embed([f"{question} {text}"])[0]
        found = attribute(text, vector, evidence)
        if found.reason:
            return Withheld(text, found.reason)
        stated = self._ask_whether(reply, prompts.check(question, text, evidence.items))
        answered = max(self._ask_whether(reply, prompts.answered(question, [item])) for item in found.cited)
        support = self._weights.probability(
            Signals(found.answer_words, found.question_words, stated, answered, len(found.cited))
        )
        if support < self.settings.threshold:
            return Withheld(text, "no article says it", support)
        numbers = tuple(dict.fromkeys(reply.cite(item) for item in found.cited))
        return AnswerSentence(text, numbers, support)

    def _ask_whether(self, reply: Reply, messages: list[ChatMessage]) -> float:
        log_odds, completion = self.engine.yes_minus_no(messages)
        reply.count(completion)
        return log_odds

    def _finish(self, reply: Reply, evidence: EvidenceSet) -> Answer:
        abstained = not reply.sentences
        counts = self.articles.counts()
        text = refusal_text(reply.standalone, evidence, counts.articles) if abstained else reply.text()
        undated = sum(citation.date is None for citation in reply.citations.values())
        if undated:
            reply.notes.append(
                f"{undated} of the quotes {'comes' if undated == 1 else 'come'} from an article without a date"
            )
        choice = self.choice
        return Answer(
            question=reply.question,
            standalone_question=reply.standalone,
            text=text,
            abstained=abstained,
            sentences=tuple(reply.sentences),
            withheld=tuple(reply.withheld),
            citations=tuple(reply.citations.values()),
            hits=reply.hits,
            notes=(*choice.notes, *reply.notes),
            engine=choice.engine,
            model=choice.model,
            settings=self._fingerprint(),
            usage=reply.usage,
            timings=Timings(search=reply.searched, first_token=reply.first_token, total=reply.elapsed()),
        )

    def _fingerprint(self) -> str:
        """Changes with whatever could change an answer, the articles apart."""
        kept = {
            k: str(v) for k, v in asdict(self.settings).items() if k not in ("data_dir", "cache_dir", "ollama_host")
        }
        parts = [kept, asdict(self._weights), prompts.fingerprint(), self.choice.engine, self.choice.model]
        return hashlib.sha256(json.dumps([*parts, self._embedder.fingerprint]).encode()).hexdigest()[:12]


def _estimated_tokens(text: str) -> int:
    """Tokens of `text`, on the high side: three characters a token, one for a character beyond Latin."""
    wide = sum(ord(character) > 0x24F and not 0x2000 <= ord(character) <= 0x206F for character in text)
    return wide + (len(text) - wide) // 3 + 1


def _day(value: Day, name: str) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise SettingsError(f"{name} must be a date like 2024-12-05, not {value!r}.") from None
