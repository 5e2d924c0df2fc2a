"""The assistant: a folder of articles in, cited answers out. `ask` is `stream` run to its end."""

from __future__ import annotations

import builtins
import hashlib
import json
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack, cast, get_args

import numpy as np
from numpy.typing import NDArray

from index.embedders import embedder
from index.static import StaticEmbedder
from index.store import ArticleIndex
from index.types import Article, Hit, Listed, SyncReport
from rag import listing, prompts, timeline
from rag.answering import Answering
from rag.awaited import awaited
from rag.crossencoder import CrossEncoder
from rag.engines import EngineChoice, Progress
from rag.engines.base import Engine
from rag.engines.connections import Connections
from rag.engines.kept import KeptEngine
from rag.engines.stoppable import Stoppable, stoppable, until_stopped
from rag.errors import ArticleMissing, QuestionError, Stopped
from rag.evidence import PASSAGES, Evidence, carriers
from rag.export import Source
from rag.find import Filters, Wishes, as_day, as_text, find, narrowing
from rag.followups import followups
from rag.full import FullAnswering
from rag.pieces import Signals, Weights, length_of, signals
from rag.question import Message, parts, pointed_at, standalone
from rag.refusal import refuse
from rag.reply import Reply
from rag.settings import Settings
from rag.support import Support
from rag.timeline import TimelineEntry
from rag.types import Answer, AnswerDone, Event, EvidenceFound, Length
from rag.verify import Verifier

if TYPE_CHECKING:
    from index import sync


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
        progress: Progress | None = None,
        **settings: Any,
    ) -> None:
        given = {"data_dir": data_dir, "engine": None if engine == "auto" else engine, "model": model, **settings}
        self.settings = Settings.load(given)
        self._progress = progress
        self._lock = threading.Lock()
        self._kept = KeptEngine(self.settings)
        self._index: ArticleIndex | None = None
        self._embedder = embedder(self.settings.embedder, ollama_host=self.settings.ollama_host)
        self.support = Support.load()
        self._judge, self._table, self._weights = CrossEncoder(), StaticEmbedder(), Weights.load()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the engine and the index. Safe to call twice; the assistant can be used again afterwards."""
        self._kept.close()
        with self._lock:
            if self._index:
                self._index.close()
            self._index = None

    # ------------------------------------------------------------------------------------------ articles

    def index(
        self,
        folder: str | Path,
        *,
        replace: bool = False,
        shrink: bool = False,
        progress: sync.Progress | None = None,
    ) -> SyncReport:
        """Makes the index equal to `folder`; a second run over an unchanged folder embeds nothing.

        `replace` allows another folder, or another embedder, than the index was made with; `shrink`, that more than
        half of the folder's articles go. `progress(done, total, what)` counts files. Raises FolderShrunk, CorpusError,
        IndexBusy, StorageError.
        """
        return self.articles.sync(Path(folder), replace=replace, shrink=shrink, progress=progress)

    def add(self, files: Mapping[str, Path], *, progress: sync.Progress | None = None) -> SyncReport:
        """Takes in copies of files, by name, beside the folder's articles; their ids begin with "uploads/".

        Raises IndexMissing, IndexBusy, StorageError; see `ArticleIndex.add`.
        """
        return self.articles.add(files, progress=progress)

    def remove(self, article: str) -> int:
        """Takes an uploaded file out, by one of its articles: how many went. Raises ArticleMissing, CorpusError."""
        return self.articles.remove(article)

    def search(
        self, query: str, k: int = 10, *, notes: builtins.list[str] | None = None, **filters: Unpack[Filters]
    ) -> builtins.list[Hit]:
        """The `k` passages nearest to `query`, BM25 and dense hits fused.

        `filters`: which articles count, see `Filters`. What there is to know of the search, such as
        that a server failed and it went by words alone, is put into `notes`. Raises IndexMissing if nothing is indexed,
        QuestionError if `query` is no text.
        """
        return find(self.articles, query, k, notes=notes, **filters)

    def list(
        self, query: str | None = None, *, about: bool = False, **filters: Unpack[Filters]
    ) -> builtins.list[Listed]:
        """The articles that have every word of `query`, newest first; all of them without one.

        Words in quotation marks must stand together. `about`: in the title or where the text begins. `filters`: see
        `Filters`. Raises IndexMissing, QuestionError, SettingsError.
        """
        return self.articles.listed(as_text(query or "", "The query"), about=about, **narrowing(filters))

    def timeline(self, topic: str, **filters: Unpack[Filters]) -> builtins.list[TimelineEntry]:
        """What happened when, as the articles tell of `topic`, in the order of the events.

        `since` and `until` bound the days of the events, inclusive; the other `filters` narrow the articles. No model
        is called. Raises IndexMissing if nothing is indexed, QuestionError if `topic` is empty, SettingsError.
        """
        first, last = as_day(filters.pop("since", None), "since"), as_day(filters.pop("until", None), "until")
        if not as_text(topic, "The topic").strip():
            raise QuestionError('The topic is empty: name a story, for example dateline timeline "the fall of Hama"')
        hits = find(self.articles, topic, timeline.PASSAGES, **filters)
        return timeline.timeline(topic, hits, self.articles, self._table, since=first, until=last)

    def article(self, id: str) -> Article:
        """The article of this id, its text exactly as citations count it. Raises ArticleMissing."""
        return self.articles.article(id)

    def source(self, id: str) -> Source:
        """What is known of the article of this id, for a bibliography; of one that is gone, its id."""
        try:
            one = self.articles.article(id)
        except ArticleMissing:
            return Source(id, id, None)
        return Source(one.id, one.title, one.date, one.source, one.author, one.url)

    @property
    def articles(self) -> ArticleIndex:
        """The index itself."""
        with self._lock:
            if self._index is None:
                self._index = ArticleIndex(self.settings.data_dir, self._embedder, self.settings.places)
            return self._index

    @property
    def embedder_fingerprint(self) -> str:
        """Changes when the embedding model changes."""
        return self._embedder.fingerprint

    # --------------------------------------------------------------------------------------------- engine

    @property
    def choice(self) -> EngineChoice:
        """Which engine and model answer; asks Ollama, or the server, what it has, fetches nothing."""
        return self._kept.choice

    @property
    def engine(self) -> Engine:
        """The engine, opened. The first use of the embedded engine fetches its weights."""
        return self._opened(self._progress)

    def prepare(self, progress: Progress | None = None, *, stop: threading.Event | None = None) -> None:
        """Fetches and loads ahead what the first question would have to wait for: seconds, or a gigabyte.

        `progress(what, done, total)` is told beside the assistant's own; an exception that it raises ends the
        fetching, and what has arrived is kept. Setting `stop` ends the loading: Stopped is raised. Raises EngineError,
        StorageError.
        """
        engine, connections = self._opened(self._progress, progress), Connections()
        until_stopped(lambda: engine.load(connections), stop or threading.Event(), connections)
        self.read_ahead()

    def read_ahead(self, history: Sequence[Message] = ()) -> None:
        """Has the model read what is known of the next question's prompts, until anybody asks one.

        `history` is the conversation that it will go on; without one, what is fixed in the prompts is read. Comes back
        at once. Fetches nothing, and what goes wrong is left to the question.
        """
        self._kept.read_ahead(history)

    def use(self, engine: str = "auto", model: str | Path | None = None) -> None:
        """Answers with this engine and model from now on; a question that is being answered loses its own.

        `engine` and `model` as the assistant itself takes them. Raises SettingsError, EngineError: then all stays.
        """
        settings = self.settings.using(engine, model)
        self._kept.use(settings)
        self.settings = settings

    def _opened(self, *listeners: Progress | None) -> Engine:
        return self._kept.opened(*listeners)

    # ------------------------------------------------------------------------------------------ questions

    def ask(self, question: str, history: Sequence[Message] = (), **wishes: Unpack[Wishes]) -> Answer:
        """Answers `question` from the articles, or abstains. See `stream`."""
        *_, done = self.stream(question, history, **wishes)
        assert isinstance(done, AnswerDone)
        return done.answer

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        *,
        stop: threading.Event | None = None,
        **wishes: Unpack[Wishes],
    ) -> Generator[Event, None, None]:
        """Search, draft and check, as it happens; the last event is AnswerDone.

        `history` is the conversation so far, oldest first; `wishes` the filters of `search`, and `length`. Raises
        QuestionError, IndexStateError, EngineError; an EngineError carries the draft so far in `partial`. Closing the
        iterator stops the model; so does setting `stop`, from any thread, after which Stopped is raised.
        """
        if stop is None:
            return self._events(lambda: self.engine, question, history, wishes)
        connections = Connections()

        def unless_stopped(what: str, done: int, total: int) -> None:
            if stop.is_set():
                raise Stopped  # a gigabyte is not fetched for nobody

        def engine() -> Engine:
            return Stoppable(self._opened(unless_stopped, self._progress), connections)

        return stoppable(self._events(engine, question, history, wishes), stop, connections)

    def astream(
        self, question: str, history: Sequence[Message] = (), **wishes: Unpack[Wishes]
    ) -> AsyncGenerator[Event]:
        """The events of `stream`, to be awaited; leaving it stops the model."""
        stop = threading.Event()
        return awaited(self.stream(question, history, stop=stop, **wishes), stop)

    def _events(
        self, engine: Callable[[], Engine], question: str, history: Sequence[Message], wishes: Wishes
    ) -> Generator[Event, None, None]:
        reply = Reply(question=self._checked_question(question))
        yield from self.events(reply, engine, history, wishes)
        alike = partial(find, self.articles, mode="bm25", **_filters(wishes))
        answer = self._finish(reply, lambda item: carriers(item, alike, self.articles))
        about = {citation.article for citation in answer.citations}
        further = followups(reply.standalone, reply.besides(), about, alike, self.articles, self._judge)
        yield AnswerDone(replace(answer, followups=further))

    def events(
        self, reply: Reply, engine: Callable[[], Engine], history: Sequence[Message], wishes: Wishes
    ) -> Generator[Event, None, None]:
        """Answers the question of `reply` into it; the evals read there what spoke for each sentence.

        `wishes` has what `ask` takes by name, see `Wishes`.
        """
        filters = _filters(wishes)
        for turn in history:
            as_text(turn["content"], "A message of the history")

        def rewritten(turns: list[tuple[str, str]], last: str) -> Iterator[str]:
            reply.count((yield from engine().stream(prompts.rewrite(turns, last), max_tokens=80)))

        reply.standalone = standalone(reply.question, history, rewritten)
        today = as_day(filters.get("as_of"), "as_of")
        now = today or self.articles.counts().newest
        if of_articles := listing.wanted(reply.standalone, now):
            those = self.list(of_articles.query, about=of_articles.about, **of_articles.narrowed(filters))
            yield from listing.answer(of_articles, those, reply, self.articles)
            return
        length = wishes.get("length") or length_of(reply.standalone)
        if length not in get_args(Length):
            raise QuestionError(f"An answer is {' or '.join(get_args(Length))}, not {length!r}: choose a length.")
        asked = list[str]()
        for part in parts(reply.standalone) if length == "short" else [reply.standalone]:
            before: list[Message] = [{"role": "user", "content": one} for one in asked]
            asked.append(standalone(part, before, rewritten))
        most = self.settings.passages
        found = [
            find(self.articles, part, PASSAGES * most, **filters, toward=pointed_at(part, now), notes=reply.notes)
            for part in asked
        ]
        once = dict[str, Hit]()
        for hit in filter(None, chain(*zip_longest(*found))):  # the best of each part in turn
            once.setdefault(hit.passage.id, hit)
        reply.hits, reply.searched = tuple(once.values())[:most], reply.elapsed()
        yield EvidenceFound(reply.hits)
        verifier = Verifier(reply, self.settings.threshold, self.support)
        answering: Answering | FullAnswering
        answering = Answering(reply, self.settings, self.articles, engine, self._judge, self._table, verifier, today)
        if length == "full":
            answering = FullAnswering(answering, self._weights, self.choice.is_large())
        for part, hits in zip(asked, found, strict=True):
            yield from answering.answer(part, hits)

    def signals(self, question: str, hits: Sequence[Hit]) -> builtins.list[tuple[Evidence, Signals]]:
        """What speaks for each statement of `hits` of its being told in a full answer; the evals fit on it."""
        return signals(question, hits, self.articles, self._judge, self._table)

    def _checked_question(self, question: str) -> str:
        question = as_text(question, "The question").strip()
        if not question:
            raise QuestionError('The question is empty: ask something, for example dateline ask "Who said what?"')
        limit = self.settings.context_tokens
        if len(question) > limit:
            raise QuestionError(
                f"The question has {len(question):,} characters, more than the {limit:,} that leave room for articles "
                "in the model's window: shorten it, or put the text into the folder as an article."
            )
        return question

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of `texts`, a row each. Raises EmbedderError."""
        return np.asarray(self._embedder.get_text_embedding_batch([*texts]), dtype=np.float32)

    def _finish(self, reply: Reply, carriers: Callable[[Evidence], tuple[str, ...]]) -> Answer:
        choice, notes, abstained = self.choice, reply.notes, not reply.sentences
        if abstained:
            text = reply.lead or refuse(reply)
        else:
            reply.date_the_present()
            notes += [f"the articles do not answer “{part}”" for part in reply.unanswered]
            text = reply.text()
        if undated := sum(item.date is None for item in reply.cited.values()):
            notes.append(f"{undated} of the quotes come{'s' if undated == 1 else ''} from an article without a date")
        return Answer(
            question=reply.question,
            standalone_question=reply.standalone,
            text=text,
            abstained=abstained,
            sentences=tuple(reply.sentences),
            withheld=tuple(reply.withheld),
            citations=reply.citations(carriers),
            hits=reply.hits,
            notes=(*choice.notes, *notes),
            engine=choice.engine,
            model=choice.model,
            settings=self.fingerprint(),
            usage=reply.usage,
            timings=reply.timings(),
        )

    def fingerprint(self) -> str:
        """Changes with whatever could change an answer, the articles apart."""
        parts = [
            self.settings.shaping(),
            self.support.fingerprint(),
            prompts.fingerprint(),
            self.choice.engine,
            self.choice.model,
        ]
        return hashlib.sha256(json.dumps([*parts, self._embedder.fingerprint]).encode()).hexdigest()[:12]


def _filters(wishes: Wishes) -> Filters:
    return cast("Filters", {name: value for name, value in wishes.items() if name != "length"})
