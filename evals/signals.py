"""What speaks for each draft and each quote, with whether it is right: the data that `evals.fit` fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

from evals.lines import numbered, text_of
from evals.matching import matches
from evals.types import Case
from rag.answering import Draft
from rag.assistant import Assistant
from rag.errors import DatelineError
from rag.evidence import gather
from rag.followup import Message, standalone
from rag.reply import Reply, without_numbers
from rag.support import Signals
from rag.types import Event
from rag.verify import worth_asking

_QUOTES = 2  # per question, the most relevant ones: those that the checker asks about


class SignalsError(DatelineError):
    """A file of signals that cannot be read."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A sentence that could be shown, what speaks for it, and whether it is right. No text of anyone is kept."""

    id: str
    """The case's."""
    form: Literal["draft", "quote"]
    right: bool
    signals: Signals

    def to_json(self) -> str:
        rounded = {name: round(value, 4) for name, value in asdict(self.signals).items()}
        return json.dumps({"id": self.id, "form": self.form, "right": self.right, "signals": rounded})


def read(path: Path) -> list[Observation]:
    """The observations of a file that `write` made. Raises SignalsError."""
    try:
        lines = [json.loads(line) for _, line in numbered(text_of(path, SignalsError, "a file of signals"))]
        return [Observation(**{**line, "signals": Signals(**line["signals"])}) for line in lines if "signals" in line]
    except (ValueError, TypeError) as error:
        raise SignalsError(
            f"{path} is no file of signals ({error}): make one with `dateline eval --signals FILE`."
        ) from error


def write(
    path: Path, assistant: Assistant, cases: Sequence[Case], progress: Callable[[int, int, str], None] | None = None
) -> None:
    """Asks every case that is not in the file yet, and appends what was seen; a case is written whole or not at all."""
    known = {json.loads(line)["id"] for _, line in numbered(path.read_text("utf-8"))} if path.exists() else set()
    with path.open("a", encoding="utf-8") as file:
        for number, case in enumerate(cases, 1):
            if case.id not in known:
                lines = [found.to_json() for found in observe(assistant, case)]
                # a case that nothing is known about is kept too, or it would be asked again
                file.write("".join(f"{line}\n" for line in lines or [json.dumps({"id": case.id})]))
                file.flush()
            if progress:
                progress(number, len(cases), "signals")


def observe(assistant: Assistant, case: Case) -> list[Observation]:
    """The signals of the draft's sentences that pass the hard checks, and of the best quotes."""
    reply = Reply(question=case.question)
    answering = assistant.answering(reply, None)
    history = [Message(role=turn["role"], content=turn["content"]) for turn in case.history]  # type: ignore[typeddict-item]
    question = standalone(case.question, history, lambda turns, last: last)
    hits = assistant.search(question, assistant.settings.passages, exclude=case.exclude)
    settings = assistant.settings
    evidence = gather(question, hits, assistant.articles, assistant.embed, limit=settings.evidence_sentences)
    if not worth_asking(evidence):
        return []
    evidence = answering.within_window(question, evidence)
    draft = _run(answering.draft(question, evidence.items))
    checker = answering.checker
    found: list[Observation] = []
    for text in map(without_numbers, draft.sentences()):
        attribution = checker.attribute(question, text, evidence)
        if attribution.reason is None:
            right = case.answerable and bool(matches(text, case))
            signals = checker.signals(question, text, attribution, evidence, draft.confidence)
            found.append(Observation(case.id, "draft", right, signals))
    for item in sorted(evidence.items, key=lambda item: -item.relevance)[:_QUOTES]:
        right = case.answerable and bool(matches(item.quote, case))
        found.append(Observation(case.id, "quote", right, checker.quote_signals(question, item, evidence)))
    return found


def _run(writing: Generator[Event, None, Draft]) -> Draft:
    while True:
        try:
            next(writing)
        except StopIteration as end:
            return cast(Draft, end.value)


def of_form(observations: Iterable[Observation], form: Literal["draft", "quote"]) -> list[Observation]:
    return [one for one in observations if one.form == form]
