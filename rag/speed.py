"""How soon an engine answers, measured on a prompt like those of questions."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from rag import prompts
from rag.engines import EngineChoice
from rag.engines.base import Completion
from rag.engines.connections import Connections
from rag.engines.stoppable import until_stopped
from rag.errors import EngineError, EngineTimeout, Stopped
from rag.evidence import Evidence

_QUESTION = "What did the harbour authority announce about the new bridge, and when will it open to traffic?"
_STATEMENTS = (
    "The harbour authority said in a statement that the new bridge over the estuary will open to traffic in the second "
    "week of October, four months later than planned.",
    "The delay was caused by cracks in two of the eleven pillars, which were found by divers in March and have since "
    "been filled, according to the engineer in charge, Maren Holst.",
    "Until then the ferry between Norby and the old pier goes every twenty minutes, and is free for pedestrians and "
    "cyclists.",
    "The bridge has cost 214 million crowns so far, of which the state has paid two thirds.",
)
_TOKENS = 40
"""The longest answer that is waited for."""
_SENTENCE = 25
"""Tokens of a usual answer."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured, the loading of the model left out."""

    first: float
    """Seconds until the first token."""
    rate: float
    """Tokens a second from there on; 0 if there was only one."""
    unsure: bool
    """Whether the engine does not tell how sure it is of what it writes."""

    @property
    def answer(self) -> float:
        """Seconds for a usual answer."""
        return self.first + (_SENTENCE / self.rate if self.rate else 0.0)

    def __str__(self) -> str:
        then = f", then {self.rate:.0f} tokens a second" if self.rate else ""
        unsure = "; it does not tell how sure it is, so each draft counts as typical" if self.unsure else ""
        return f"first token after {self.first:.1f} s (the model is loaded first){then}{unsure}"


def measure(choice: EngineChoice, seconds: float) -> Speed:
    """Has the engine opened, loaded and asked, in at most so many `seconds`. Raises EngineError, StorageError."""
    stop, connections, times, unsure = threading.Event(), Connections(), list[float](), False
    limit = threading.Timer(seconds, stop.set)
    limit.daemon = True
    limit.start()
    try:
        completion = until_stopped(lambda: _ask(choice, connections, times), stop, connections)
        unsure = completion.mean_logprob is None
    except Stopped:
        if len(times) < 2:
            raise EngineTimeout(
                f"{choice.model} ({choice.engine}) wrote nothing within {seconds:.0f} s. Close other programs that use "
                "the processor, or choose a smaller model with --model."
            ) from None
    finally:
        limit.cancel()
    begun, *came = times
    if not came:
        raise EngineError(f"{choice.model} ({choice.engine}) writes nothing: choose another model with --model.")
    return Speed(came[0] - begun, (len(came) - 1) / max(came[-1] - came[0], 1e-6), unsure)


def _ask(choice: EngineChoice, connections: Connections, times: list[float]) -> Completion:
    """Into `times`: when it was asked, and when each token came. Closes the engine, however late it is let go."""
    with closing(choice.open()) as engine:
        engine.load(connections)
        engine.read_ahead(prompts.answer_begins(), connections)
        asked = prompts.answer(_QUESTION, _evidence())
        times.append(time.perf_counter())
        writing = engine.stream(asked, max_tokens=_TOKENS, connections=connections)
        try:
            while True:
                if next(writing):
                    times.append(time.perf_counter())
        except StopIteration as end:
            return cast(Completion, end.value)


def _evidence() -> list[Evidence]:
    # of another day each time: Ollama keeps what it has read, and would be measured as if it had nothing to read
    day = date(1990, 1, 1) + timedelta(days=time.time_ns() // 1000 % 10_000)
    return [
        Evidence(
            number=number, article="", title="", date=day, page=None, quote=quote, start=0, end=len(quote),
            carriers=(), about="", kind="prose", passage="", similarity=0.0, nearness=0.0, opens=False,
            words=frozenset(),
        )
        for number, quote in enumerate(_STATEMENTS, 1)
    ]  # fmt: skip
