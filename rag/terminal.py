"""What the commands print: answers, hits, reports, and progress where there is a terminal to show it on."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Self

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.live import Live
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.text import Text

from index.types import as_json
from rag.errors import EngineError
from rag.excerpt import excerpt
from rag.printing import clean, say
from rag.types import Answer, AnswerDone, Citation, Event, EvidenceFound, SentenceChecked, TextDelta
from rag.wording import about, in_words, origin, quoted

if TYPE_CHECKING:
    from index.types import Hit, SyncReport
    from rag.doctor import Finding

_EXCERPT = 240  # characters of a passage


class Console(rich.console.Console):
    """Rich's, through the same door as `say`: what it shows is cleaned, its own control sequences pass."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=clean(segment.text))


class ByteProgress:
    """A progress bar on stderr for downloads; silent where stderr is not a terminal, but for its first line."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
            console=console, transient=True,
        )  # fmt: skip
        self._terminal = console.is_terminal
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar.live.is_started:
            self._bar.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` bytes of `what`; a total of 0 is not known."""
        if total and done >= total and what not in self._tasks:
            return  # it was all there already
        if not self._terminal:
            if what not in self._tasks:
                say(f"Fetching {what} …" if total else what, err=True)
                self._tasks[what] = None
            return
        if not self._tasks:
            self._bar.start()
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total or None)
        self._bar.update(self._tasks[what], completed=done, total=total or None)  # type: ignore[arg-type]
        if total and done >= total:
            self._bar.stop()
            self._tasks.clear()


@contextmanager
def file_progress() -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on stderr that counts files; nothing where stderr is not a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total, what: None
        return
    with Progress(
        TextColumn("Indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", markup=False), console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("index", total=None, what="")
        yield lambda done, total, what: bar.update(task, completed=done, total=total, what=what)


def show_report(report: SyncReport) -> None:
    """What a sync did: a line of counts, then every file that was skipped, with its reason."""
    say(
        f"{report.added} added, {report.changed} changed, {report.removed} removed, {report.unchanged} unchanged, "
        f"{len(report.skipped)} skipped."
    )
    for path, reason in report.skipped:
        say(f"  skipped {path}: {reason}")
    if report.undated:
        shown = ", ".join(report.undated[:5]) + (" …" if len(report.undated) > 5 else "")
        say(f"  without a date: {len(report.undated)} ({shown})")


def stream_answer(events: Iterable[Event]) -> Answer:
    """Runs the events to their end; on a terminal the unchecked draft is shown, dim, until it is checked.

    If the engine dies in mid-answer, what it had written is printed, marked as unchecked, and the error raised.
    """
    console = Console(stderr=True)
    live = Live(console=console, transient=True, auto_refresh=False)
    draft, status = "", "searching"

    def show() -> None:
        if console.is_terminal:
            live.update(Text.assemble((draft, "dim italic"), (f"  … {status}", "cyan")), refresh=True)

    with live if console.is_terminal else nullcontext():
        try:
            show()
            for event in events:
                match event:
                    case EvidenceFound(hits):
                        status = f"reading {len(hits)} passages"
                    case TextDelta(text):
                        draft, status = draft + text, "writing"
                    case SentenceChecked():
                        status = "checking"
                    case AnswerDone(answer):
                        return answer
                show()
        except EngineError as error:
            live.stop()
            if error.partial:
                say(f"{error.partial.strip()} …\n[interrupted here; nothing of this was checked]")
            raise
    raise AssertionError("a stream ends with AnswerDone")


def show_answer(answer: Answer) -> None:
    """The answer, the exact words it stands on, and what wrote it."""
    width = min(Console().width, 100)
    say("\n".join(textwrap.wrap(answer.text, width)))
    for citation in answer.citations:
        say()
        say(_citation(citation, width))
    if answer.abstained and answer.hits:
        say("\nRelated, not an answer:")
        show_hits(answer.hits[:3])
    for withheld in answer.withheld:
        say(_wrapped(f"(withheld: “{withheld.text}”: {withheld.reason})", width, ""))
    for note in answer.notes:
        say(_wrapped(f"Note: {note}.", width, ""))
    say(f"\n{answer.model}, {answer.engine} · {answer.timings.total / 1000:.1f} s", err=not sys.stdout.isatty())


def _citation(citation: Citation, width: int) -> str:
    title, *where = about(as_json(citation))
    others = ", ".join(id for id in citation.carriers if id != citation.article)
    copies = f"\n    {origin(citation.carriers)}: the same words in {others}" if others else ""
    quote = _wrapped(quoted(citation.quote), width, "    ")
    return f"[{citation.number}] {title}\n    {', '.join(where)}{copies}\n{quote}"


def show_hits(hits: Sequence[Hit], *, scores: bool = False) -> None:
    """Passages with their article and date: the sentence with the words looked for, those in bold; the scores too."""
    console = Console(highlight=False, soft_wrap=True)
    width = min(console.width, 100)
    for hit in hits:
        rank = f"BM25 #{hit.bm25_rank}" if hit.bm25_rank else "not in BM25"
        cosine = f"cosine {hit.similarity:.2f}" if hit.similarity is not None else "not in dense"
        say(f"  {hit.passage.article}, {in_words(hit.passage.date)}" + (f" · {rank}, {cosine}" if scores else ""))
        pieces = excerpt(hit.passage.text, [(mark.start, mark.end) for mark in hit.marks], _EXCERPT)
        shown = Text.assemble(*((piece, "bold" if marked else "") for piece, marked in pieces))
        for line in shown.wrap(console, width - 4):
            line.rstrip()
            console.print(Text("    ").append_text(line))


def show_findings(findings: Sequence[Finding]) -> None:
    """One line a finding; what is wrong is followed by what to do."""
    for finding in findings:
        say(f"{'ok ' if finding.ok else 'NOT OK'} {finding.what}: {finding.state}")
        if finding.remedy:
            say(f"      {finding.remedy}")


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent)
