"""What goes over the wire: the forms of `to_dict()`, as documented pydantic models for the HTTP API and MCP."""

from __future__ import annotations

import datetime
from typing import Self

from pydantic import BaseModel, Field

from index.records import Counts
from index.types import Article, Hit, Listed
from rag.timeline import TimelineEntry
from rag.types import Answer


class CitationForm(BaseModel):
    """The words of an article that an answer stands on: `article.text[start:end] == quote`."""

    number: int
    article: str = Field(description="The article's id.")
    title: str
    date: datetime.date | None
    page: int | None
    quote: str = Field(description="The article's very characters from `start` up to `end`.")
    start: int
    end: int
    carriers: list[str] = Field(description="Every article that carries these words; copies confirm nothing.")


class SentenceForm(BaseModel):
    """A sentence that was kept."""

    text: str
    citations: list[int]
    support: float = Field(description="Estimated probability (0 to 1) that the citations say it.")


class WithheldForm(BaseModel):
    """A sentence that the model wrote and the articles do not bear out."""

    text: str
    reason: str
    support: float | None


class PassageForm(BaseModel):
    """A run of neighbouring sentences of an article."""

    id: str
    article: str = Field(description="The article's id.")
    title: str
    date: datetime.date | None
    text: str
    start: int
    end: int
    kind: str


class HitForm(BaseModel):
    """A passage that a search found."""

    passage: PassageForm
    score: float
    bm25_rank: int | None
    similarity: float | None = Field(description="Cosine of query and passage.")
    marks: list[tuple[int, int]] = Field(description="Where the query's words stand in the passage's text.")

    @classmethod
    def of(cls, hit: Hit) -> Self:
        return cls.model_validate(hit.to_dict())


class UsageForm(BaseModel):
    """Tokens."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class TimingsForm(BaseModel):
    """Milliseconds from the question's arrival."""

    search: float
    first_token: float | None
    total: float
    checking: float | None


class AnswerForm(BaseModel):
    """A checked answer, or a refusal (`abstained`): then `text` says that the articles do not answer."""

    question: str
    standalone_question: str
    text: str = Field(description="What a person reads, with [n] after each sentence.")
    abstained: bool
    sentences: list[SentenceForm]
    withheld: list[WithheldForm]
    citations: list[CitationForm]
    hits: list[HitForm]
    notes: list[str]
    engine: str
    model: str
    settings: str
    usage: UsageForm
    timings: TimingsForm
    followups: list[str] = Field(description="Questions to go on with, which the articles found answer.")

    @classmethod
    def of(cls, answer: Answer) -> Self:
        return cls.model_validate(answer.to_dict())


class ListedForm(BaseModel):
    """An article without its text."""

    id: str
    title: str
    date: datetime.date | None
    source: str | None
    author: str | None
    characters: int

    @classmethod
    def of(cls, listed: Listed) -> Self:
        return cls.model_validate(listed, from_attributes=True)


class TimelineForm(BaseModel):
    """Something that happened, in the exact words of an article."""

    first: datetime.date = Field(description="The day of the event; the first of its days, where it has several.")
    last: datetime.date
    reported: datetime.date | None = Field(description="The article's day.")
    quote: str = Field(description="The article's very characters from `start` up to `end`.")
    article: str = Field(description="The article's id.")
    title: str
    start: int
    end: int
    carriers: list[str] = Field(description="Every article that carries these words; copies confirm nothing.")
    differs: list[int] = Field(description="Places, from 0, of those that tell the same with other figures.")

    @classmethod
    def of(cls, entry: TimelineEntry) -> Self:
        return cls.model_validate(entry, from_attributes=True)


class IndexForm(BaseModel):
    """What is indexed."""

    articles: int
    undated: int = Field(description="How many of them carry no date.")
    passages: int
    oldest: datetime.date | None
    newest: datetime.date | None
    read_at: datetime.datetime | None = Field(description="When the folder was last read to its end, in UTC.")

    @classmethod
    def of(cls, counts: Counts) -> Self:
        return cls.model_validate(counts, from_attributes=True)


class ArticleForm(BaseModel):
    """An article, its text exactly as citations count it."""

    id: str
    title: str
    text: str
    date: datetime.date | None
    source: str | None
    url: str | None
    author: str | None
    captions: list[str]

    @classmethod
    def of(cls, article: Article) -> Self:
        return cls(
            id=article.id, title=article.title, text=article.text, date=article.date, source=article.source,
            url=article.url, author=article.author, captions=list(article.captions),
        )  # fmt: skip
