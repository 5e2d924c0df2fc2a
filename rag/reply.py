"""A reply on its way: what one question gathers until it is an Answer."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from index.types import Hit
from rag.days import spell
from rag.engines.base import Completion
from rag.evidence import Evidence, EvidenceSet, is_copy
from rag.support import Signals
from rag.types import AnswerSentence, Citation, Timings, Usage, Withheld

_NOW = re.compile(
    r"\b(?:now|current(?:ly)?|at present|today|still|at (?:the|this) moment|these days|latest|so far|to date|until now"
    r"|this (?:week|month|year)|yesterday)\b",
    re.IGNORECASE,
)

Form = Literal["evidence", "draft", "quote"]
"""All that there is to go on, a sentence of the model's, or the article's own words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence that could be shown: with its quotes if it may be, with the reason if not."""

    text: str
    cited: tuple[Evidence, ...]
    support: float | None
    """Estimated probability (0 to 1) that it is right; None where the literal check alone decided."""
    reason: str | None = None
    """Why it is withheld; None if it may be shown."""
    signals: Signals | None = None
    """What spoke for it; None where the literal check alone decided."""
    form: Form = "draft"


@dataclass
class Reply:
    """What one question gathers on its way."""

    question: str
    standalone: str = ""
    started: float = field(default_factory=time.perf_counter)
    hits: tuple[Hit, ...] = ()
    searched: float = 0.0
    first_token: float | None = None
    checks: list[float] = field(default_factory=list)
    """Milliseconds that each sentence took to check."""
    sentences: list[AnswerSentence] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    cited: dict[tuple[str, int, int], Evidence] = field(default_factory=dict)
    """What the sentences stand on, by article, start and end, in the order of their numbers."""
    evidence: list[EvidenceSet] = field(default_factory=list)
    """What each part of the question had to go on."""
    verdicts: list[Verdict] = field(default_factory=list)
    """Every sentence that was weighed, with what spoke for it."""
    unanswered: list[str] = field(default_factory=list)
    """The parts of the question that got no answer."""
    lead: str = ""
    """What is told before the sentences: of what they are a list."""
    as_list: bool = False
    """Whether each sentence stands on a line of its own."""
    notes: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    _told: str = ""

    def elapsed(self) -> float:
        return (time.perf_counter() - self.started) * 1000

    def timings(self) -> Timings:
        checking = round(sum(self.checks) / len(self.checks), 1) if self.checks else None
        first = None if self.first_token is None else round(self.first_token, 1)
        return Timings(round(self.searched, 1), first, round(self.elapsed(), 1), checking)

    def count(self, completion: Completion) -> None:
        self.usage = Usage(
            self.usage.prompt_tokens + completion.prompt_tokens,
            self.usage.cached_tokens + completion.cached_tokens,
            self.usage.completion_tokens + completion.completion_tokens,
        )

    def cite(self, item: Evidence) -> int:
        """The number of this quote in the answer, given at its first use."""
        key = (item.article, item.start, item.end)
        self.cited.setdefault(key, item)
        return list(self.cited).index(key) + 1

    def number_anew(self) -> None:
        """Gives the quotes their numbers in the order in which the sentences cite them."""
        places, used = list(self.cited), dict.fromkeys(n for one in self.sentences for n in one.citations)
        anew = {old: number for number, old in enumerate(used, 1)}
        self.cited = {places[old - 1]: self.cited[places[old - 1]] for old in used}
        self.sentences = [replace(one, citations=tuple(anew[n] for n in one.citations)) for one in self.sentences]

    def citations(self, carriers: Callable[[Evidence], tuple[str, ...]]) -> tuple[Citation, ...]:
        """The quotes by number; `carriers` finds every article that has the same words.

        One that is cited for these very words, lightly edited, is cited because it differs: it carries its own only.
        """
        found = list[Citation]()
        for number, one in enumerate(self.cited.values(), 1):
            differ = {other.article for other in self.cited.values() if other is not one and is_copy(other, one)}
            ids = tuple(id for id in carriers(one) if id not in differ)
            found.append(
                Citation(number, one.article, one.title, one.date, one.page, one.quote, one.start, one.end, ids)
            )
        return tuple(found)

    def besides(self) -> list[Evidence]:
        """The statements read that the answer does not cite; none where a name is asked for that no article has."""
        pools = (found.pool for found in self.evidence if not found.missing_names)
        return [item for pool in pools for item in pool if not self.shows(item)]

    def shows(self, item: Evidence) -> bool:
        """Whether the answer cites some of these very characters already."""
        return any(id == item.article and start < item.end and item.start < end for id, start, end in self.cited)

    def text(self) -> str:
        """The sentences with their numbers, as a person reads them."""
        told = map(with_numbers, self.sentences)
        body = "\n".join(f"- {one}" for one in told) if self.as_list else " ".join(told)
        return "\n\n".join(filter(None, (cites_nothing(self.lead), body)))

    def news(self) -> str:
        """What has been added to the text since this was asked last; nothing if it has changed otherwise."""
        told, self._told = self._told, self.text()
        return self._told.removeprefix(told) if self._told.startswith(told) else ""

    def date_the_present(self) -> None:
        """Says as of when an answer holds that the question asks for "now": by the newest article that it cites."""
        newest = max((item.date for item in self.cited.values() if item.date), default=None)
        if self.hits and newest and _NOW.search(self.standalone):
            first = self.sentences[0]
            self.sentences[0] = replace(first, text=f"As of {spell(newest)}: {first.text}")


def with_numbers(sentence: AnswerSentence) -> str:
    """The sentence with its [n] before the full stop: "Rami Abdurrahman heads it [1]." """
    marks = "".join(f" [{number}]" for number in sentence.citations)
    body = cites_nothing(sentence.text).rstrip()
    end = len(body.rstrip(".!?…。؟"))
    return f"{body[:end]}{marks}{body[end:]}"


def cites_nothing(text: str) -> str:
    """With "(2)" for an article's or a reader's own "[2]", which in an answer would be the number of a quote."""
    return re.sub(r"\[(\d+)\]", r"(\1)", text)


def without_numbers(text: str) -> str:
    """Without the "[2]" and the "According to the statements" that a model writes by itself: code decides what is
    cited."""
    plain = re.sub(r"(?<!\s)\s*\[\d+(?:, ?\d+)*\]", "", text).strip()
    plain = re.sub(r"^According to the (?:given |provided )?(?:statements?|articles?), ", "", plain)
    return plain[:1].upper() + plain[1:]
