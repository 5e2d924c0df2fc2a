"""What a user would pick instead of Dateline, over the same articles, with the same engine and embedder.

- `CitationEngine` and `VectorEngine`: LlamaIndex's CitationQueryEngine and its plain query engine, with LlamaIndex's
  defaults (chunks of 1,024 tokens, the two nearest, their file names beside them), streaming so that the first token
  can be timed. They take no conversation: of a case with `history` they are given the question alone.
- `ClosedBook`: the model without articles, in one turn after the conversation.
- `Bm25Top`: no model; the sentence with most of the question's words.

All hide `case.exclude` and what is dated after `case.as_of`. None estimates its own support: theirs is always 1.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from llama_index.core.llms import ChatMessage, MessageRole

from evals.marks import cited_sentences
from evals.metered import MeteredLLM
from evals.text import words
from evals.types import Case
from index.embed import embedder
from index.split import split_sentences
from index.types import Hit
from rag import Assistant
from rag.engines.base import Completion
from rag.types import Answer, AnswerSentence, Citation, Timings, Usage

if TYPE_CHECKING:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.schema import NodeWithScore
    from llama_index.core.vector_stores import MetadataFilters

FILE_NAME = "file_name"
"""The metadata key under which LlamaIndex's own readers put it."""
NO_MODEL = "none"


# -------------------------------------------------------------------------------------------- LlamaIndex


class LlamaIndexArticles:
    """Dateline's articles in LlamaIndex's in-memory vector store. Made once, when first asked for."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._lock = threading.Lock()
        self._dates: dict[str, date | None] = {}
        self._index: VectorStoreIndex | None = None

    def index(self) -> VectorStoreIndex:
        """All articles as they are in Dateline's index at the first call. Raises the errors of index and embedder."""
        with self._lock:
            if self._index is None:
                self._index = self._embedded()
            return self._index

    def visible(self, case: Case) -> MetadataFilters | None:
        """Lets pass what the case may see: neither `exclude` nor what is dated after `as_of`."""
        from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

        self.index()
        hidden = set(case.exclude)
        if case.as_of:
            hidden |= {id for id, day in self._dates.items() if day and day > case.as_of}
        if not hidden:
            return None
        return MetadataFilters(
            filters=[MetadataFilter(key=FILE_NAME, operator=FilterOperator.NIN, value=sorted(hidden))]
        )

    def _embedded(self) -> VectorStoreIndex:
        from llama_index.core import Document, VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter

        from evals.embedding import LlamaEmbedding

        articles = [self._assistant.article(id) for id in self._assistant.articles.article_ids()]
        self._dates = {article.id: article.date for article in articles}
        settings = self._assistant.settings
        return VectorStoreIndex.from_documents(
            [Document(text=article.text, metadata={FILE_NAME: article.id}) for article in articles],
            transformations=[SentenceSplitter()],  # LlamaIndex's default, said here so that no global is asked
            embed_model=LlamaEmbedding(embedder(settings.embedder, ollama_host=settings.ollama_host)),
        )


class CitationEngine:
    """LlamaIndex's CitationQueryEngine with its defaults.

    Its citations keep the numbers that the model wrote. A number that no source has cites nothing, and is noted.
    """

    name = "citation-engine"
    about = "LlamaIndex CitationQueryEngine, defaults, same model and embedder; takes no conversation"

    def __init__(self, assistant: Assistant, articles: LlamaIndexArticles) -> None:
        self._assistant = assistant
        self._articles = articles

    def answer(self, case: Case) -> Answer:
        """See `System.answer`. The first call embeds the articles, which its timings leave out."""
        from llama_index.core.query_engine import CitationQueryEngine

        model = MeteredLLM(engine=self._assistant.engine)
        index, filters = self._articles.index(), self._articles.visible(case)
        engine = CitationQueryEngine.from_args(index, llm=model, streaming=True, filters=filters)
        sources: list[NodeWithScore] = []
        written = _listen(lambda: _pieces(engine.query(case.question), sources))
        sentences, unknown = cited_sentences(written.text, known=range(1, len(sources) + 1))
        cited = sorted({number for sentence in sentences for number in sentence.citations})
        return _answer(
            case,
            written,
            _signature(self._assistant, self.name),
            usage=model.usage,
            sentences=sentences,
            citations=tuple(_citation(self._assistant, number, sources[number - 1]) for number in cited),
            notes=tuple(f"[{number}] is none of the {len(sources)} sources" for number in unknown),
        )


class VectorEngine:
    """LlamaIndex's plain query engine with its defaults. It cites nothing."""

    name = "vector-engine"
    about = "LlamaIndex VectorStoreIndex.as_query_engine, defaults, same model and embedder; takes no conversation"

    def __init__(self, assistant: Assistant, articles: LlamaIndexArticles) -> None:
        self._assistant = assistant
        self._articles = articles

    def answer(self, case: Case) -> Answer:
        """See `System.answer`. The first call embeds the articles, which its timings leave out."""
        model = MeteredLLM(engine=self._assistant.engine)
        index, filters = self._articles.index(), self._articles.visible(case)
        engine = index.as_query_engine(llm=model, streaming=True, filters=filters)
        written = _listen(lambda: _pieces(engine.query(case.question), []))
        return _answer(
            case,
            written,
            _signature(self._assistant, self.name),
            usage=model.usage,
            sentences=_uncited(written.text),
        )


def _pieces(response: Any, sources: list[NodeWithScore]) -> Iterator[str]:
    """The answer as it is written; afterwards `sources` holds what the model could cite, [1] first."""
    yield from response.response_gen
    sources += response.source_nodes


def _citation(assistant: Assistant, number: int, source: NodeWithScore) -> Citation:
    # the engine puts a heading above the words of the article, and a newline below
    quote = source.node.get_content().removeprefix(f"Source {number}:\n").removesuffix("\n")
    article = assistant.article(source.node.metadata[FILE_NAME])
    start = article.text.find(quote)
    return Citation(
        number=number,
        article=article.id,
        title=article.title,
        date=article.date,
        page=article.page_of(max(start, 0)),
        quote=quote,
        # what stands nowhere in the article gets a place that can't be taken for exact
        start=max(start, 0),
        end=start + len(quote) if start >= 0 else 0,
        carriers=(article.id,),
    )


# ----------------------------------------------------------------------------- the model alone, words alone


class ClosedBook:
    """The model without any article: what it has from its training."""

    name = "closed-book"
    about = "the same model without any article, asked for one short sentence"
    instruction = "Answer in one short, complete sentence."

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def answer(self, case: Case) -> Answer:
        """See `System.answer`. An answer may be as long as Dateline's."""
        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=self.instruction),
            *(ChatMessage(role=MessageRole(turn["role"]), content=turn["content"]) for turn in case.history),
            ChatMessage(role=MessageRole.USER, content=case.question),
        ]
        engine, longest = self._assistant.engine, self._assistant.settings.answer_tokens
        ends: list[Completion] = []
        written = _listen(lambda: _until_end(engine.stream(messages, max_tokens=longest, from_cache=True), ends))
        (end,) = ends
        return _answer(
            case,
            written,
            _signature(self._assistant, self.name),
            usage=Usage(end.prompt_tokens, end.cached_tokens, end.completion_tokens),
            sentences=_uncited(written.text),
        )


def _until_end(writing: Generator[str, None, Completion], ends: list[Completion]) -> Iterator[str]:
    with closing(writing):
        ends.append((yield from writing))


class Bm25Top:
    """No model: of the passages that BM25 finds, the sentence with most of the question's words."""

    name = "bm25-top"
    about = "no model: the sentence of BM25's ten best passages that has most of the question's words"

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def answer(self, case: Case) -> Answer:
        """See `System.answer`. Rare words weigh more; of equals the better passage's first. Abstains without a hit."""
        started = time.perf_counter()
        articles = self._assistant.articles
        # an article without a date is not known to be later, as in `Assistant.search`
        hits = articles.search(
            case.question, until=case.as_of, undated=case.as_of is not None, exclude=case.exclude, mode="bm25"
        )
        found = _milliseconds(started)
        best = self._best_sentence(case.question, hits)
        sentences = (AnswerSentence(best.quote, (1,), 1.0),) if best else ()
        text = f"{best.quote} [1]" if best else ""
        total = _milliseconds(started)
        return _answer(
            case,
            _Written(text, total if text else None, total),
            _Signature(engine=NO_MODEL, model=NO_MODEL, settings=_hash([self.name])),
            sentences=sentences,
            citations=(best,) if best else (),
            hits=tuple(hits),
            search=found,
            abstained=not sentences,
        )

    def _best_sentence(self, question: str, hits: list[Hit]) -> Citation | None:
        articles = self._assistant.articles
        asked = {word: words(word) for word in dict.fromkeys(re.findall(r"\w+", question)) if words(word)}
        known = articles.words_known(asked)
        inside = articles.sentences_in([hit.passage.id for hit in hits])
        best, most = None, -1.0
        for hit in hits:
            article = articles.article(hit.passage.article)
            for sentence in inside.get(hit.passage.id, []):
                quote = article.text[sentence.start : sentence.end]
                stood = words(quote)
                covered = sum(1 / (1 + math.log1p(known[word])) for word, stems in asked.items() if stems <= stood)
                if covered > most:
                    page = article.page_of(sentence.start)
                    place = (quote, sentence.start, sentence.end)
                    best = Citation(1, article.id, article.title, article.date, page, *place, carriers=(article.id,))
                    most = covered
        return best


# ------------------------------------------------------------------------------------- what all have in common


@dataclass(frozen=True, slots=True)
class _Written:
    """A text and when it came, in milliseconds from the question."""

    text: str
    first_token: float | None
    total: float


@dataclass(frozen=True, slots=True)
class _Signature:
    """Who answered."""

    engine: str
    model: str
    settings: str
    notes: tuple[str, ...] = ()


def _listen(ask: Callable[[], Iterable[str]]) -> _Written:
    """Starts the clock, asks, and takes down what comes."""
    started = time.perf_counter()
    text, first = "", None
    for piece in ask():
        if piece and first is None:
            first = _milliseconds(started)
        text += piece
    return _Written(text, first, _milliseconds(started))


def _milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1000


def _uncited(text: str) -> tuple[AnswerSentence, ...]:
    return tuple(AnswerSentence(text[span.start : span.end], (), 1.0) for span in split_sentences(text))


def _signature(assistant: Assistant, system: str) -> _Signature:
    choice, settings = assistant.choice, assistant.settings
    of_ours = [settings.context_tokens, settings.answer_tokens, settings.embedder, settings.seed]
    return _Signature(
        engine=choice.engine,
        model=choice.model,
        settings=_hash([system, version("llama-index-core"), choice.engine, choice.model, *of_ours]),
        notes=choice.notes,
    )


def _hash(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _answer(
    case: Case,
    written: _Written,
    signature: _Signature,
    *,
    usage: Usage | None = None,
    sentences: tuple[AnswerSentence, ...] = (),
    citations: tuple[Citation, ...] = (),
    hits: tuple[Hit, ...] = (),
    notes: tuple[str, ...] = (),
    search: float = 0.0,
    abstained: bool = False,
) -> Answer:
    return Answer(
        question=case.question,
        standalone_question=case.question,
        text=written.text,
        abstained=abstained,
        sentences=sentences,
        withheld=(),
        citations=citations,
        hits=hits,
        notes=(*signature.notes, *notes),
        engine=signature.engine,
        model=signature.model,
        settings=signature.settings,
        usage=usage or Usage(),
        timings=Timings(search=search, first_token=written.first_token, total=written.total),
    )
