"""What a user would pick instead of Dateline, over the same articles, with the same engine, embedded by MiniLM.

- `CitationEngine` and `VectorEngine`: LlamaIndex's CitationQueryEngine and its plain query engine, with LlamaIndex's
  defaults (chunks of 1,024 tokens, the two nearest, their file names beside them), streaming so that the first token
  can be timed. They take no conversation: of a case with `history` they are given the question alone.
- `ClosedBook`: the model without articles, in one turn after the conversation.
- `Bm25Top`: no model; the sentence with most of the question's words.

All hide `case.exclude` and what is dated after `case.as_of`. None estimates its own support: theirs is always 1."""

import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
from llama_index.core import Document, VectorStoreIndex, llms
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import Field
from llama_index.core.llms import ChatMessage, ChatResponse, MessageRole
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.schema import NodeWithScore
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

from evals.text import words
from evals.types import Case
from index.embedders import embedder
from index.split import split_sentences
from index.types import Article
from rag import Assistant
from rag.engines.base import Completion
from rag.types import Answer, AnswerSentence, Citation, Timings, Usage

FILE_NAME = "file_name"  # the metadata key under which LlamaIndex's own readers put it


class MeteredLLM(llms.CustomLLM):
    """`MeteredLLM(engine=engine)`, with any `rag.engines.base.Engine`: one for each question. Raises its errors."""

    max_tokens: int = 512
    engine: Any = Field(exclude=True)  # a Protocol is nothing that pydantic could check
    usage: Usage = Field(default_factory=Usage)  # tokens over all calls that came to their end

    @property
    def metadata(self) -> llms.LLMMetadata:
        context, name = self.engine.context_tokens, self.engine.model
        return llms.LLMMetadata(context_window=context, num_output=self.max_tokens, is_chat_model=True, model_name=name)

    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        *_, last = [ChatResponse(message=ChatMessage(content="")), *self.stream_chat(messages, **kwargs)]
        return last

    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> llms.ChatResponseGen:
        text = ""
        for piece in self._pieces(messages, kwargs.get("max_tokens", self.max_tokens)):
            text += piece
            yield ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=piece)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> llms.CompletionResponse:
        return llms.CompletionResponse(text=self.chat([ChatMessage(content=prompt)], **kwargs).message.content or "")

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> llms.CompletionResponseGen:
        given = self.stream_chat([ChatMessage(content=prompt)], **kwargs)
        return (llms.CompletionResponse(text=one.message.content or "", delta=one.delta) for one in given)

    def _pieces(self, messages: Sequence[ChatMessage], longest: int) -> Iterator[str]:
        end: Completion = yield from self.engine.stream(messages, max_tokens=longest, from_cache=True)
        names = ("prompt_tokens", "cached_tokens", "completion_tokens")
        self.usage = Usage(*(getattr(self.usage, name) + getattr(end, name) for name in names))


class LlamaEmbedding(BaseEmbedding):
    """`LlamaEmbedding(inner=embedder)`, with any `index.embed.TextEmbedder`."""

    inner: Any = Field(exclude=True)
    embed_batch_size: int = 256

    def _get_query_embedding(self, query: str) -> list[float]:
        return self.inner.get_query_embedding(query)  # type: ignore[no-any-return]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return np.asarray(self.inner.get_text_embedding_batch(texts)).tolist()  # type: ignore[no-any-return]


class Over:
    """What works over the articles, and with the engine, of an assistant."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant


class LlamaIndexArticles(Over):
    """Dateline's articles in LlamaIndex's in-memory vector store. Made once, when first asked for."""

    @cached_property
    def _articles(self) -> list[Article]:
        return [self._assistant.article(id) for id in self._assistant.articles.article_ids()]

    @cached_property
    def index(self) -> VectorStoreIndex:
        """All articles as they are in Dateline's index at the first call. Raises the errors of index and embedder."""
        settings = self._assistant.settings
        spec = "minilm" if settings.embedder == "static" else settings.embedder  # what their documentation has
        return VectorStoreIndex.from_documents(
            [Document(text=article.text, metadata={FILE_NAME: article.id}) for article in self._articles],
            transformations=[SentenceSplitter()],  # LlamaIndex's default, said here so that no global is asked
            embed_model=LlamaEmbedding(inner=embedder(spec, ollama_host=settings.ollama_host)),
        )

    def visible(self, case: Case) -> MetadataFilters | None:
        """Lets pass what the case may see: neither `exclude` nor what is dated after `as_of`."""
        later = {one.id for one in self._articles if case.as_of and one.date and one.date > case.as_of}
        if not (hidden := sorted(later | set(case.exclude))):
            return None
        return MetadataFilters(filters=[MetadataFilter(key=FILE_NAME, operator=FilterOperator.NIN, value=hidden)])


class VectorEngine(Over):
    """LlamaIndex's plain query engine with its defaults. It cites nothing."""

    name = "vector-engine"
    about = "LlamaIndex VectorStoreIndex.as_query_engine, defaults, same model, MiniLM; takes no conversation"
    _engine: Callable[..., Any] = staticmethod(VectorStoreIndex.as_query_engine)

    def __init__(self, assistant: Assistant, articles: LlamaIndexArticles) -> None:
        super().__init__(assistant)
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

        return self._cited(_written(case, self.name, self._assistant, model, ask()), sources)

    def _cited(self, answer: Answer, sources: Sequence[NodeWithScore]) -> Answer:
        return answer


class CitationEngine(VectorEngine):
    """LlamaIndex's CitationQueryEngine, defaults; the numbers are the model's, and one that no source has is noted."""

    name = "citation-engine"
    about = "LlamaIndex CitationQueryEngine, defaults, same model, MiniLM; takes no conversation"
    _engine = staticmethod(CitationQueryEngine.from_args)

    def _cited(self, answer: Answer, sources: Sequence[NodeWithScore]) -> Answer:
        sentences, unknown = cited_sentences(answer.text, known=range(1, len(sources) + 1))
        citations = list[Citation]()
        for number in sorted({number for sentence in sentences for number in sentence.citations}):
            node = sources[number - 1].node
            # the engine puts a heading above the words of the article, and a newline below
            quote = node.get_content().removeprefix(f"Source {number}:\n").removesuffix("\n")
            article = self._assistant.article(node.metadata[FILE_NAME])
            citations.append(_cites(number, article, quote, article.text.find(quote)))
        notes = (*answer.notes, *(f"[{number}] is none of the {len(sources)} sources" for number in unknown))
        return replace(answer, sentences=sentences, citations=tuple(citations), notes=notes)


def _cites(number: int, article: Article, quote: str, start: int) -> Citation:
    """What stands nowhere in the article (`start` -1) gets a place that can't be taken for exact."""
    place = (article.page_of(max(start, 0)), quote, max(start, 0), start + len(quote) if start >= 0 else 0)
    return Citation(number, article.id, article.title, article.date, *place, carriers=(article.id,))


_LIST = r"\d+(?:\s*(?:,|;|&|and)\s*(?:sources?\s+)?\d+)*"
_MARKS = rf"\[\s*(?:sources?:?\s*)?({_LIST})\s*\]|\(\s*sources?:?\s*({_LIST})\s*\)"
_MARK = re.compile(rf"\s*(?:{_MARKS})", re.IGNORECASE)
# not a list after one "source": "according to Source 1, 20 people fled"
_NAMED = rf"\bsources:?\s+({_LIST})|\bsource:?\s+(\d+)"
_CITING = re.compile(rf"{_MARKS}|{_NAMED}", re.IGNORECASE)


def cited_sentences(text: str, known: Collection[int]) -> tuple[tuple[AnswerSentence, ...], tuple[int, ...]]:
    """(sentences without their marks but with the known numbers in them, those that are not known). Each form that a
    reader would understand counts: "[1]", "[1, 2]", "[Source 1]", "(Source 1)", "according to Source 1"."""
    whole, sentences, unknown = list[str](), list[AnswerSentence](), dict[int, None]()
    for piece in (text[span.start : span.end] for span in split_sentences(text)):
        # a mark behind a full stop ("… far. [2]", "… far. Source 2") belongs before it
        if whole and re.fullmatch(r"\W*(?:and\b\W*)*", _CITING.sub("", piece)):
            whole[-1] += f" {piece}"
        else:
            whole.append(piece)
    for written in whole:
        groups = ("".join(found) for found in _CITING.findall(written))
        numbers = list(dict.fromkeys(int(digits) for group in groups for digits in re.findall(r"\d+", group)))
        unknown |= dict.fromkeys(number for number in numbers if number not in known)
        # "According to Source 1, …": its number and its name are no part of what is claimed
        bare = re.sub(_NAMED, "the source", _MARK.sub("", written), flags=re.IGNORECASE).strip()
        sentences.append(AnswerSentence(bare or written, tuple(n for n in numbers if n in known), 1.0))
    return tuple(sentences), tuple(unknown)


class ClosedBook(Over):
    """The model without any article: what it has from its training."""

    name = "closed-book"
    about = "the same model without any article, asked for one short sentence"

    def answer(self, case: Case) -> Answer:
        """See `System.answer`. An answer may be as long as Dateline's."""
        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content="Answer in one short, complete sentence."),
            *(ChatMessage(role=MessageRole(turn["role"]), content=turn["content"]) for turn in case.history),
            ChatMessage(role=MessageRole.USER, content=case.question),
        ]
        model = MeteredLLM(engine=self._assistant.engine, max_tokens=self._assistant.settings.answer_tokens)
        pieces = (response.delta or "" for response in model.stream_chat(messages))
        return _written(case, self.name, self._assistant, model, pieces)


class Bm25Top(Over):
    """No model: of the passages that BM25 finds, the sentence with most of the question's words."""

    name = "bm25-top"
    about = "no model: the sentence of BM25's ten best passages that has most of the question's words"

    def answer(self, case: Case) -> Answer:
        """See `System.answer`. Rare words weigh more; of equals the better passage's first. Abstains without a hit."""
        started, articles = time.perf_counter(), self._assistant.articles
        # an article without a date is not known to be later, as in `Assistant.search`
        hits = articles.search(
            case.question, until=case.as_of, undated=case.as_of is not None, exclude=case.exclude, mode="bm25"
        )
        asked = {word: words(word) for word in dict.fromkeys(re.findall(r"\w+", case.question)) if words(word)}
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
        total = (time.perf_counter() - started) * 1000
        timings, found = Timings(first_token=total if best else None, total=total), {"hits": tuple(hits)}
        if not best:
            return _answer(case, "", timings, [self.name], abstained=True, **found)
        said, text = (AnswerSentence(best.quote, (1,), 1.0),), f"{best.quote} [1]"
        return _answer(case, text, timings, [self.name], sentences=said, citations=(best,), **found)


def _written(case: Case, system: str, assistant: Assistant, model: MeteredLLM, pieces: Iterator[str]) -> Answer:
    """Starts the clock, and takes down what comes, and when: sentences that cite nothing. Nothing is asked before."""
    started, text, first = time.perf_counter(), "", None
    for piece in pieces:
        text += piece
        if piece and first is None:
            first = (time.perf_counter() - started) * 1000
    timings = Timings(first_token=first, total=(time.perf_counter() - started) * 1000)
    choice, settings = assistant.choice, assistant.settings
    of_ours = [settings.context_tokens, settings.answer_tokens, settings.embedder, settings.seed]
    made_by = [system, version("llama-index-core"), choice.engine, choice.model, *of_ours]
    known: dict[str, Any] = {"engine": choice.engine, "model": choice.model, "notes": choice.notes}
    known["sentences"] = tuple(AnswerSentence(text[one.start : one.end], (), 1.0) for one in split_sentences(text))
    return _answer(case, text, timings, made_by, usage=model.usage, **known)


def _answer(case: Case, text: str, timings: Timings, made_by: Sequence[object], **known: Any) -> Answer:
    """`known` are other fields of the answer; without them nobody wrote it, and it stands on nothing."""
    unless_known: dict[str, Any] = {"abstained": False, "engine": "none", "model": "none"}
    unless_known |= dict.fromkeys(("sentences", "withheld", "citations", "hits", "notes"), ())
    settings = hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:12]
    return Answer(case.question, case.question, text, timings=timings, settings=settings, **unless_known | known)
