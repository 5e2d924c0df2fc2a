"""A reply on its way: what one question gathers until it is an Answer."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from index.types import Hit
from rag.engines.base import Completion
from rag.evidence import Evidence
from rag.types import AnswerSentence, Citation, Usage, Withheld


@dataclass
class Reply:
    """What one question gathers on its way."""

    question: str
    standalone: str = ""
    started: float = field(default_factory=time.perf_counter)
    hits: tuple[Hit, ...] = ()
    searched: float = 0.0
    first_token: float | None = None
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

    def text(self) -> str:
        """The kept sentences, each with its [n]."""
        return " ".join(with_numbers(sentence) for sentence in self.sentences)

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


def with_numbers(sentence: AnswerSentence) -> str:
    """The sentence with its [n] before the full stop: "Rami Abdurrahman heads it [1]." """
    marks = "".join(f" [{number}]" for number in sentence.citations)
    body = sentence.text.rstrip()
    stop = re.search(r"[.!?…。؟]+[”\"’')]*$", body)
    if stop and not stop.group().rstrip(".!?…。؟"):
        return body[: stop.start()] + marks + stop.group()
    return body + marks


def without_numbers(text: str) -> str:
    """Without the "[2]" that a model writes by itself: code decides what is cited."""
    return re.sub(r"\s*\[\d+(?:, ?\d+)*\]", "", text).strip()
