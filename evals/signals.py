"""What speaks for each draft and each quote, with whether it is right: the data that `evals.fit` fits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

from evals.lines import numbered, text_of
from evals.matching import matches
from evals.progress import Progress
from evals.types import Case
from rag.assistant import Assistant
from rag.errors import DatelineError
from rag.question import Message
from rag.reply import Reply
from rag.support import Signals
from rag.verify import Form


class SignalsError(DatelineError):
    """A file of signals that cannot be read."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A sentence that could be shown, what speaks for it, and whether it is right. No text of anyone is kept."""

    id: str
    """The case's."""
    form: Form
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
        made = "make one with `dateline eval --signals FILE`"
        raise SignalsError(f"{path} is no file of signals ({error}): {made}.") from error


def write(path: Path, assistant: Assistant, cases: Sequence[Case], told: Progress) -> None:
    """Asks every case that is not in the file yet, and appends what was seen; a case is written whole or not at all."""
    known = {json.loads(line)["id"] for _, line in numbered(path.read_text("utf-8"))} if path.exists() else set()
    with path.open("a", encoding="utf-8") as file:
        for number, case in enumerate(cases, 1):
            if case.id not in known:
                lines = [found.to_json() for found in observe(assistant, case)]
                # a case that nothing is known about is kept too, or it would be asked again
                file.write("".join(f"{line}\n" for line in lines or [json.dumps({"id": case.id})]))
                file.flush()
            told(number, len(cases), "signals")


def observe(assistant: Assistant, case: Case) -> list[Observation]:
    """The signals of each sentence that was weighed, as the question is answered by `watched(assistant)`."""
    reply, history = Reply(question=case.question), cast("Sequence[Message]", case.history)
    for _ in assistant.events(reply, lambda: assistant.engine, history, {"as_of": case.as_of, "exclude": case.exclude}):
        pass
    return [
        Observation(case.id, one.form, case.answerable and bool(matches(one.text, case)), cast(Signals, one.signals))
        for one in reply.verdicts
    ]


def watched(assistant: Assistant) -> Assistant:
    """The same, weighing everything: no sentence holds, so that the quotes are weighed too."""
    assistant.support = replace(assistant.support, hopeless=0.0)
    assistant.settings = replace(assistant.settings, threshold=1.1)
    return assistant
