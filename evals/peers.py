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
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from typing import Any

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.schema import NodeWithScore
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

from evals.metered import LlamaEmbedding, MeteredLLM
from evals.text import words
from evals.types import Case
from index.embed import embedder
from index.split import split_sentences
from index.types import Article, Hit
from rag import Assistant
from rag.types import Answer, AnswerSentence, Citation, Timings

FILE_NAME = "file_name"
"""The metadata key under which LlamaIndex's own readers put it."""
NO_MODEL = "none"


class LlamaIndexArticles:
    """Dateline's articles in LlamaIndex's in-memory vector store. Made once, when first asked for."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    @cached_property
    def _articles(self) -> list[Article]:
        return [self._assistant.article(id) for id in self._assistant.articles.article_ids()]

    @cached_property
    def index(self) -> VectorStoreIndex:
        """All articles as they are in Dateline's index at the first call. Raises the errors of index and embedder."""
        settings = self._assistant.settings
        return VectorStoreIndex.from_documents(
            [Document(text=article.text, metadata={FILE_NAME: article.id}) for article in self._articles],
            transformations=[SentenceSplitter()],  # LlamaIndex's default, said here so that no global is asked
            embed_model=LlamaEmbedding(inner=embedder(settings.embedder, ollama_host=settings.ollama_host)),
        )

    def visible(self, case: Case) -> MetadataFilters | None:
        """Lets pass what the case may see: neither `exclude` nor what is dated after `as_of`."""
        later = {one.id for one in self._articles if case.as_of and one.date and one.date > case.as_of}
        if not (hidden := sorted(later | set(case.exclude))):
            return None
        return MetadataFilters(filters=[MetadataFilter(key=FILE_NAME, operator=FilterOperator.NIN, value=hidden)])


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
        options: dict[str, Any] = {"llm": model, "streaming": True, "filters": self._articles.visible(case)}
        engine, sources = self._engine(self._articles.index, **options), list[NodeWithScore]()

        def ask() -> Iterator[str]:
            response = engine.query(case.question)
            yield from response.response_gen
            sources.extend(response.source_nodes)

        text, timings = _listen(ask)
        answer = _answer(case, self.name, text, timings, self._assistant, usage=model.usage)
        return self._cited(answer, sources)

    def _engine(self, index: VectorStoreIndex, **options: Any) -> Any:
        return index.as_query_engine(**options)

    def _cited(self, answer: Answer, sources: Sequence[NodeWithScore]) -> Answer:
        return replace(answer, sentences=_uncited(answer.text))


class CitationEngine(VectorEngine):
    """LlamaIndex's CitationQueryEngine with its defaults.

    Its citations keep the numbers that the model wrote. A number that no source has cites nothing, and is noted.
    """

    name = "citation-engine"
    about = "LlamaIndex CitationQueryEngine, defaults, same model and embedder; takes no conversation"

    def _engine(self, index: VectorStoreIndex, **options: Any) -> Any:
        return CitationQueryEngine.from_args(index, **options)

    def _cited(self, answer: Answer, sources: Sequence[NodeWithScore]) -> Answer:
        sentences, unknown = cited_sentences(answer.text, known=range(1, len(sources) + 1))
        cited = sorted({number for sentence in sentences for number in sentence.citations})
        return replace(
            answer,
            sentences=sentences,
            citations=tuple(_citation(self._assistant, number, sources[number - 1]) for number in cited),
            notes=(*answer.notes, *(f"[{number}] is none of the {len(sources)} sources" for number in unknown)),
        )


def _citation(assistant: Assistant, number: int, source: NodeWithScore) -> Citation:
    # the engine puts a heading above the words of the article, and a newline below
    quote = source.node.get_content().removeprefix(f"Source {number}:\n").removesuffix("\n")
    article = assistant.article(source.node.metadata[FILE_NAME])
    return _cites(number, article, quote, article.text.find(quote))


def _cites(number: int, article: Article, quote: str, start: int) -> Citation:
    """What stands nowhere in the article (`start` -1) gets a place that can't be taken for exact."""
    place = (article.page_of(max(start, 0)), quote, max(start, 0), start + len(quote) if start >= 0 else 0)
    return Citation(number, article.id, article.title, article.date, *place, carriers=(article.id,))


# --------------------------------------------------------------------- citations that a model writes by itself

_LIST = r"\d+(?:\s*(?:,|;|&|and)\s*(?:sources?\s+)?\d+)*"
_MARKS = rf"\[\s*(?:sources?:?\s*)?({_LIST})\s*\]|\(\s*sources?:?\s*({_LIST})\s*\)"
_MARK = re.compile(rf"\s*(?:{_MARKS})", re.IGNORECASE)
# not a list after one "source": "according to Source 1, 20 people fled"
_NAMED = rf"\bsources:?\s+({_LIST})|\bsource:?\s+(\d+)"
_CITING = re.compile(rf"{_MARKS}|{_NAMED}", re.IGNORECASE)


def cited_sentences(text: str, known: Collection[int]) -> tuple[tuple[AnswerSentence, ...], tuple[int, ...]]:
    """(sentences without their marks but with the known numbers in them, the numbers that are not known).

    A small model cites in many forms, and each that a reader would understand counts: "[1]", "[1, 2]",
    "[Source 1]", "(Source 1)", "according to Source 1".
    """
    sentences, unknown = [], dict[int, None]()
    for written in _whole_sentences(text):
        groups = ("".join(found) for found in _CITING.findall(written))
        numbers = list(dict.fromkeys(int(digits) for group in groups for digits in re.findall(r"\d+", group)))
        unknown |= dict.fromkeys(number for number in numbers if number not in known)
        # "According to Source 1, …": its number and its name are no part of what is claimed
        bare = re.sub(_NAMED, "the source", _MARK.sub("", written), flags=re.IGNORECASE).strip()
        sentences.append(AnswerSentence(bare or written, tuple(n for n in numbers if n in known), 1.0))
    return tuple(sentences), tuple(unknown)


def _whole_sentences(text: str) -> list[str]:
    """The sentences of `text`; a mark behind a full stop ("… far. [2]", "… far. Source 2") belongs before it."""
    found: list[str] = []
    for span in split_sentences(text):
        piece = text[span.start : span.end]
        if found and re.fullmatch(r"\W*(?:and\b\W*)*", _CITING.sub("", piece)):
            found[-1] += f" {piece}"
        else:
            found.append(piece)
    return found


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
        model = MeteredLLM(engine=self._assistant.engine, max_tokens=self._assistant.settings.answer_tokens)
        text, timings = _listen(lambda: (response.delta or "" for response in model.stream_chat(messages)))
        return _answer(case, self.name, text, timings, self._assistant, usage=model.usage, sentences=_uncited(text))


class Bm25Top:
    """No model: of the passages that BM25 finds, the sentence with most of the question's words."""

    name = "bm25-top"
    about = "no model: the sentence of BM25's ten best passages that has most of the question's words"

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def answer(self, case: Case) -> Answer:
        """See `System.answer`. Rare words weigh more; of equals the better passage's first. Abstains without a hit."""
        started = time.perf_counter()
        # an article without a date is not known to be later, as in `Assistant.search`
        hits = self._assistant.articles.search(
            case.question, until=case.as_of, undated=case.as_of is not None, exclude=case.exclude, mode="bm25"
        )
        best = self._best_sentence(case.question, hits)
        total = _milliseconds(started)
        timings = Timings(first_token=total if best else None, total=total)
        if not best:
            return _answer(case, self.name, "", timings, hits=tuple(hits), abstained=True)
        said, text = (AnswerSentence(best.quote, (1,), 1.0),), f"{best.quote} [1]"
        return _answer(case, self.name, text, timings, sentences=said, citations=(best,), hits=tuple(hits))

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
                    best, most = _cites(1, article, quote, sentence.start), covered
        return best


def _listen(ask: Callable[[], Iterable[str]]) -> tuple[str, Timings]:
    """Starts the clock, asks, and takes down what comes, and when."""
    started = time.perf_counter()
    text, first = "", None
    for piece in ask():
        if piece and first is None:
            first = _milliseconds(started)
        text += piece
    return text, Timings(first_token=first, total=_milliseconds(started))


def _milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1000


def _uncited(text: str) -> tuple[AnswerSentence, ...]:
    return tuple(AnswerSentence(text[span.start : span.end], (), 1.0) for span in split_sentences(text))


def _answer(
    case: Case, system: str, text: str, timings: Timings, assistant: Assistant | None = None, **known: Any
) -> Answer:
    """What was written, with who wrote it; nobody without an assistant. `known` are other fields of the answer."""
    made_by: list[Any] = [system]
    if assistant:
        choice, settings = assistant.choice, assistant.settings
        known |= {"engine": choice.engine, "model": choice.model, "notes": choice.notes}
        of_ours = [settings.context_tokens, settings.answer_tokens, settings.embedder, settings.seed]
        made_by += [version("llama-index-core"), choice.engine, choice.model, *of_ours]
    unless_known: dict[str, Any] = {"abstained": False, "engine": NO_MODEL, "model": NO_MODEL}
    unless_known |= dict.fromkeys(("sentences", "withheld", "citations", "hits", "notes"), ())
    return Answer(
        question=case.question, standalone_question=case.question, text=text, timings=timings,
        settings=hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:12],
        **unless_known | known,
    )  # fmt: skip
