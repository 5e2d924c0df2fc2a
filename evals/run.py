"""The run: load, loop, observe, write. What was observed is scored when it is read."""

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from evals.judge import SupportJudge
from evals.progress import Progress
from evals.runs import Writer
from evals.scorers.citations import needed_judgements
from evals.types import Case, Outcome, Place, Row, Support, System
from index.errors import ArticleMissing, DatelineError
from rag.assistant import Assistant
from rag.engines.ollama_server import memory
from rag.errors import EngineError
from rag.types import Answer

RETRIEVAL = "retrieval"  # the system of a run that only searches
_DEPTH = 50  # passages kept of each ranking: enough for ten different articles
_WARM_UP = Case(id="warm-up", question="What happened?", answerable=False, kind="warm-up")


@dataclass(frozen=True, slots=True)
class Observer:
    """Looks at what a system did: all that scoring needs and that a model or the index must tell."""

    assistant: Assistant
    judge: SupportJudge | None  # judges support where no gold quote decides; None leaves that unscored

    def retrieval(self, case: Case) -> Outcome:
        """Searches only; no model."""
        return Outcome(RETRIEVAL, None, rankings=self._rankings(case, case.question), gold=(*self._gold(case),))

    def answered(self, system: System, case: Case) -> Outcome:
        """Lets `system` answer, and looks. A failure is an outcome too."""
        gold = tuple(self._gold(case))
        try:
            answer = system.answer(case)
            # of the index, not of the system: once is enough
            rankings = self._rankings(case, answer.standalone_question) if system.name == "dateline" else {}
            stood = {one.number: (self._text(one.article) or "")[one.start : one.end] for one in answer.citations}
            outcome = Outcome(system.name, answer, None, rankings, gold, stood, memory_mb=self._memory())
            if judge := self.judge:
                asked = needed_judgements(case, outcome)
                outcome = replace(outcome, support=tuple(_support(judge, answer, *pair) for pair in asked))
            return outcome
        except Exception as error:  # a peer's library may raise anything; the case is counted, the run goes on
            told = str(error) if isinstance(error, DatelineError) else f"{type(error).__name__}: {error}"
            return Outcome(system.name, None, error=told, gold=gold)

    def _memory(self) -> float | None:
        """Megabytes of this process at its largest, and of the model's; None where one of them is not told."""
        peak, choice = _peak_memory(), self.assistant.choice
        if peak is None or choice.engine == "openai":
            return None
        try:
            if choice.engine == "ollama":
                return peak + memory(self.assistant.settings.ollama_host, choice.model) / 1e6
            return peak + sum(child.memory_info().rss for child in psutil.Process().children()) / 1e6
        except (EngineError, psutil.Error):
            return None

    def _rankings(self, case: Case, question: str) -> dict[str, tuple[Place, ...]]:
        options: dict[str, Any] = {"until": case.as_of, "undated": True, "exclude": case.exclude}
        search = partial(self.assistant.articles.search, question, _DEPTH, **options)
        served = self.assistant.search(question, _DEPTH, as_of=case.as_of, exclude=case.exclude)
        found = {"bm25": search(mode="bm25"), "dense": search(mode="dense"), "fused": served}
        return {
            mode: tuple(Place(hit.passage.article, hit.passage.start, hit.passage.end) for hit in hits)
            for mode, hits in found.items()
        }

    def _gold(self, case: Case) -> Iterator[Place | None]:
        for gold in case.evidence:
            text = self._text(gold.article)
            stands = text if gold.quote is None else gold.quote
            start = -1 if text is None or stands is None else text.find(stands)
            yield Place(gold.article, start, start + len(stands or "")) if start >= 0 else None

    def _text(self, id: str) -> str | None:
        try:
            return self.assistant.article(id).text
        except ArticleMissing:
            return None


def _support(judge: SupportJudge, answer: Answer, sentence: int, citations: tuple[int, ...]) -> Support:
    try:
        return judge.judge(answer, sentence, citations)
    except EngineError as error:  # the answer stands; only this is unscored
        return Support(sentence, citations, None, None, f"the judge failed: {error}")


def run(
    cases: Sequence[Case], systems: Mapping[str, Callable[[Case], Outcome]], writer: Writer, told: Progress
) -> None:
    """Each system, by its name, meets every case that is not in the run yet, one system after the other. `told(done,
    total, system)` counts cases over all systems. Interrupt it at any moment: what is done is written."""
    total, done = len(cases) * len(systems), len(writer.done)
    for name, meets in systems.items():
        left = [case for case in cases if (name, case.id) not in writer.done]
        if left:
            told(done, total, name)
            meets(_WARM_UP)  # not counted: loads the model, builds a peer's index
        for case in left:
            writer.add(Row(case, meets(case)))
            done += 1
            told(done, total, name)


def header(
    assistant: Assistant, cases: Sequence[Case], systems: dict[str, str], dataset: dict[str, Any]
) -> dict[str, Any]:
    """What a run must say of itself; two runs of equal headers (time and machine apart) may be one."""
    choice = assistant.choice
    shaping = assistant.settings.shaping()
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit(), "dataset": dataset,
        "cases": len(cases), "cases_hash": _hash(*(repr(case) for case in cases)), "systems": systems,
        "engine": choice.engine, "model": choice.model, "model_sha256": choice.digest(),
        "embedder": assistant.embedder_fingerprint,
        "settings": {name: value for name, value in shaping.items() if name not in ("model", "engine")},  # said above
        "machine": machine(),
    }  # fmt: skip


def corpus(assistant: Assistant) -> dict[str, Any]:
    """How many articles are indexed, and a hash of them, for a header."""
    articles = assistant.articles
    ids = articles.article_ids()
    return {"articles": len(ids), "corpus": _hash(*(part for id in ids for part in (id, articles.article(id).text)))}


def commit() -> str:
    """The commit that runs, with a hash of what was changed since; "" outside a git checkout."""
    git = ["git", "-C", str(Path(__file__).parent.parent)]
    try:
        head, changes = (
            subprocess.run([*git, *asked], capture_output=True, text=True, check=True).stdout
            for asked in (["rev-parse", "--short", "HEAD"], ["diff", "HEAD"])
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{head.strip()}+{_hash(changes)[:6]}" if changes else head.strip()


def machine() -> dict[str, Any]:
    """What it runs on."""
    processor = platform.processor() or platform.machine()
    if (told := Path("/proc/cpuinfo")).is_file():
        named = re.search(r"^model name\s*: (.*)$", told.read_text(encoding="utf-8"), re.MULTILINE)
        processor = named[1] if named else processor
    return {
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": platform.system(), "python": platform.python_version(),
    }  # fmt: skip


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _peak_memory() -> float | None:
    """The largest resident memory of this process so far, in megabytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows keeps it elsewhere
        return getattr(psutil.Process().memory_info(), "peak_wset", 0) / 1e6 or None
    # kilobytes everywhere but on macOS
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
