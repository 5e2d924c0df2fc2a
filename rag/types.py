"""What comes out of a question: the Answer, and the events that lead to it."""

import datetime
from dataclasses import dataclass, field
from typing import Any, Literal

from index.types import Hit, as_json

Length = Literal["short", "full"]
"""A sentence, or up to about eight."""


@dataclass(frozen=True, slots=True)
class Citation:
    """The words of an article that an answer stands on: `article.text[start:end] == quote`, always."""

    number: int
    article: str
    title: str
    date: datetime.date | None
    page: int | None
    quote: str
    start: int
    end: int
    carriers: tuple[str, ...]
    """Every article known to carry the same words, this one included. Copies do not confirm each other."""


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence that was kept, with the numbers of its citations."""

    text: str
    citations: tuple[int, ...]
    support: float
    """Estimated probability (0 to 1) that the citations say it."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sentence that the model wrote and the reader is not shown as an answer, and why."""

    text: str
    reason: str
    support: float | None = None
    """Estimated probability (0 to 1) that fell short; None where something else decided, such as a missing name."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens over all calls of the model for one question, in the engine's own count."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds from the question's arrival. `first_token` is the first character of the draft."""

    search: float = 0.0
    first_token: float | None = None
    total: float = 0.0
    checking: float | None = None
    """To check a sentence of the draft, on average; None if none was."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer, or a refusal (`abstained`). `to_dict()` is the public JSON form."""

    question: str
    standalone_question: str
    text: str
    abstained: bool
    sentences: tuple[AnswerSentence, ...]
    withheld: tuple[Withheld, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    notes: tuple[str, ...]
    engine: str
    model: str
    settings: str
    usage: Usage = field(default_factory=Usage)
    timings: Timings = field(default_factory=Timings)
    followups: tuple[str, ...] = ()
    """Questions to go on with, which the articles found answer."""

    def to_dict(self) -> dict[str, Any]:
        return dict(as_json(self))


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """The search is done; the model has not been called yet."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the draft, unchecked."""

    text: str


@dataclass(frozen=True, slots=True)
class SentenceChecked:
    """Sentence `index` (from 0) of the draft was checked; `sentence` is None if it is withheld."""

    index: int
    sentence: AnswerSentence | None
    reason: str | None
    shown: str = ""
    """What it adds to the answer's text as it stands; the last event may put the sentences in another order."""


@dataclass(frozen=True, slots=True)
class AnswerDone:
    """Always the last event."""

    answer: Answer


Event = EvidenceFound | TextDelta | SentenceChecked | AnswerDone
