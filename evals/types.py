"""The plain values that pass between the rooms of `evals`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal, Protocol, Self

from pydantic import BeforeValidator, Field, StrictBool

from evals.records import Said
from rag.types import Answer, Length

Split = Literal["dev", "test"]
Entry = Annotated[
    tuple[Said, ...], Field(min_length=1), BeforeValidator(lambda entry: [entry] if isinstance(entry, str) else entry)
]
"""An accepted answer: strings that must all be said; in a file one may stand alone."""


@dataclass(frozen=True, slots=True)
class GoldQuote:
    """Words of an article that the answer stands on."""

    article: str
    quote: str | None = None  # exactly the article's characters; None where the data names the article only
    fact: int = 0  # quotes of one number say the same thing: one is enough; a joined answer needs every number


@dataclass(frozen=True, slots=True)
class Case:
    """A gold question: what is asked, what counts as right, and where it stands."""

    id: Said
    question: Said
    answerable: StrictBool
    kind: Said  # what sort of question it is: scores are also shown by kind
    accepted: tuple[Entry, ...] = ()  # any one entry is a right answer; an entry of several strings needs them all
    patterns: tuple[Said, ...] = ()  # regular expressions, any of which makes an answer right too; case does not count
    wrong: tuple[Said, ...] = ()  # answers that some article gives and that are wrong
    several: bool = False  # every entry of `accepted` is a valid answer of its own, and a full answer gives them all
    evidence: tuple[GoldQuote, ...] = ()
    history: tuple[Mapping[str, Said], ...] = ()  # the conversation before: {"role", "content"}, oldest first
    split: Split = "test"
    as_of: date | None = None  # the day on which it is asked; later articles are hidden
    exclude: tuple[str, ...] = ()  # ids of articles that must not be used: --without-gold
    length: Length | None = None  # of the answer; None leaves it to the question


@dataclass(frozen=True, slots=True)
class Place:
    """Characters `start` up to, not including, `end` of an article's text."""

    article: str
    start: int
    end: int

    def shared(self, other: Self) -> int:
        """How many characters both have."""
        same = self.article == other.article
        return max(0, min(self.end, other.end) - max(self.start, other.start)) if same else 0


@dataclass(frozen=True, slots=True)
class Support:
    """The support judge's word on one sentence and some of its citations."""

    sentence: int  # number among `answer.sentences`, from 0
    citations: tuple[int, ...]  # the numbers of the citations whose quotes were read together
    probability: float | None  # that these quotes say the whole sentence, 0 to 1; None where the judge could not tell
    supported: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one system did with one case, and all that was observed: enough to score it without a model."""

    system: str
    answer: Answer | None  # None where it failed
    error: str | None = None
    rankings: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    """The passages that "bm25", "dense" and "fused" search find, best first."""
    gold: tuple[Place | None, ...] = ()
    """Where each of `case.evidence` stands; the whole article for one without a quote, None if it is not there."""
    stood: Mapping[int, str] = field(default_factory=dict)
    """Citation number -> the characters that the article really has at its offsets."""
    support: tuple[Support, ...] = ()
    memory_mb: float | None = None  # the largest resident so far (10^6 bytes), that of the model's process included


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a run."""

    case: Case
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Score:
    """One figure for one case. `value` is None where it can't be judged: that is unscored, never zero."""

    name: str
    value: float | None
    explanation: str


Scorer = Callable[[Case, Outcome], list[Score]]
"""Gives the scores that apply to this case; a score that does not apply is not in the list."""


class System(Protocol):
    """Something that answers questions from the articles."""

    name: str
    about: str  # one line: what it is, for the table's foot

    def answer(self, case: Case) -> Answer:
        """Raises a DatelineError of the engine or the index."""
        ...
