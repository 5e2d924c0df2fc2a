"""Small cases, answers and outcomes for the tests of `evals`, with only what a test is about written out."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from evals.types import Case, Outcome
from rag.types import Answer, AnswerSentence, Citation

_SENTENCE = re.compile(r"\S.*?(?:[.!?](?:\s*\[\d+\])*(?=\s|$)|$)", re.DOTALL)
_MARK = re.compile(r"\s*\[(\d+)\]")


def case(
    question: str = "Which city did the insurgents capture?",
    accepted: Iterable[str | Sequence[str]] = ("Homs",),
    *,
    id: str = "q1",
    answerable: bool = True,
    kind: str = "fact",
    **rest: Any,
) -> Case:
    """A gold question. Each of `accepted` is a string, or several that an answer needs together; an unanswerable
    case has none. `rest` goes to `Case` as it is."""
    entries = tuple((entry,) if isinstance(entry, str) else tuple(entry) for entry in accepted)
    return Case(id, question, answerable, kind, accepted=entries if answerable else (), **rest)


def unanswerable(question: str = "Who won the football match?", **rest: Any) -> Case:
    """A gold question that the articles do not answer."""
    return case(question, answerable=False, **rest)


def answer(
    text: str, cites: Iterable[tuple[str, int, int, str]] = (), *, abstained: bool = False, **rest: Any
) -> Answer:
    """An answer with `text` split into its sentences and their [n]; `cites` are (article, start, end, quote), the
    first being [1]. A refusal keeps only the sentences that cite something. `rest` goes to `Answer` as it is."""
    sentences = tuple(
        AnswerSentence(_MARK.sub("", piece), tuple(map(int, _MARK.findall(piece))), 0.9)
        for piece in _SENTENCE.findall(text)
        if not abstained or _MARK.search(piece)
    )
    citations = tuple(citation(number, *cite) for number, cite in enumerate(cites, 1))
    asked = dict.fromkeys(("question", "standalone_question"), "Which city did the insurgents capture?")
    made = {"withheld": (), "hits": (), "notes": (), "engine": "embedded", "model": "tiny", "settings": "0"}
    written = {"text": text, "abstained": abstained, "sentences": sentences, "citations": citations}
    return Answer(**asked | made | written | rest)


def citation(number: int, article: str, start: int, end: int, quote: str, carriers: Sequence[str] = ()) -> Citation:
    """Citation [number] of characters [start, end) of `article`."""
    return Citation(number, article, article, None, None, quote, start, end, tuple(carriers) or (article,))


def outcome(given: Answer | str | None = "Homs.", *, system: str = "dateline", **rest: Any) -> Outcome:
    """What a system did: an answer, or its text alone, or None with `error="…"`. `rest` goes to `Outcome` as it is."""
    return Outcome(system, answer(given) if isinstance(given, str) else given, **rest)


def failed(error: str = "The model server does not answer. Start it with: ollama serve") -> Outcome:
    """What is left of a system that failed."""
    return outcome(None, error=error)


def lines(path: Path, *records: Any) -> Path:
    """A file of JSON Lines; bytes go into it as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in records))
    return path
