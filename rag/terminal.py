"""What the commands print: answers, hits, reports, and progress where there is a terminal to show it on."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from index.types import Hit, Listed, SyncReport, as_json
from rag.errors import EngineError
from rag.excerpt import excerpt
from rag.printing import clean, say
from rag.timeline import TimelineEntry
from rag.types import Answer, AnswerDone, Event, EvidenceFound, SentenceChecked, TextDelta
from rag.wording import about, in_words, origin, quoted

if TYPE_CHECKING:  # it knows the engines, and a search does without them
    from rag.models import Models


class Console(rich.console.Console):
    """Rich's, through the same door as `say`: what it shows is cleaned, its own control sequences pass."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=clean(segment.text))


@contextmanager
def byte_progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr for downloads; silent where stderr is not a terminal, but for its first line.

    It is told of `done` of `total` bytes of `what`, in the order (what, done, total); a total of 0 is not known.
    """
    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip

    with ExitStack() as shown:

        def told(what: str, done: int, total: int) -> None:
            complete = 0 < total <= done
            task = next((one.id for one in bar.tasks if one.description == what), None)
            if task is None:
                if complete:
                    return  # it was all there already
                if not bar.console.is_terminal:
                    say(f"Fetching {what} …" if total else what, err=True)
                task = bar.add_task(what, total=total or None)
            bar.update(task, completed=done, total=total or None)
            if complete:
                shown.close()
            elif bar.console.is_terminal and not bar.live.is_started:
                shown.enter_context(bar)

        yield told


class _Speed(ProgressColumn):
    """So many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.{0 if task.speed >= 10 else 1}f}/s" if task.speed else "")


@contextmanager
def count_progress(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on stderr of what is done: files or questions, how many a second, time left.

    Nothing where stderr is not a terminal.
    """
    bar = Progress(
        TextColumn(what), BarColumn(), MofNCompleteColumn(), _Speed(), TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", markup=False), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    task = bar.add_task(what, total=None, what="")
    with bar if bar.console.is_terminal else nullcontext():
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


def show_answer(events: Iterable[Event]) -> Answer:
    """Prints the answer when it has come: the exact words it stands on, and what wrote it."""
    answer = _streamed(events)
    width = min(Console().width, 100)
    say(
        "\n".join(
            textwrap.fill(line, width, subsequent_indent="  " * line.startswith("- "))
            for line in answer.text.split("\n")
        )
    )
    for citation in answer.citations:
        title, *where = about(as_json(citation))
        others = ", ".join(id for id in citation.carriers if id != citation.article)
        copies = f"\n    {origin(citation.carriers)}: the same words in {others}" if others else ""
        say(f"\n[{citation.number}] {title}\n    {', '.join(where)}{copies}")
        if quoted(citation.quote, citation.date) not in answer.text:  # else the answer is these words
            say(textwrap.fill(quoted(citation.quote), width, initial_indent="    ", subsequent_indent="    "))
    if answer.abstained and answer.hits:
        say("\nRelated, not an answer:")
        show_hits(answer.hits[:3])
    for withheld in answer.withheld:
        say(textwrap.fill(f"(withheld: “{withheld.text}”: {withheld.reason})", width))
    for note in answer.notes:
        say(textwrap.fill(f"Note: {note}.", width))
    say(f"\n{answer.model}, {answer.engine} · {answer.timings.total / 1000:.1f} s", err=not sys.stdout.isatty())
    return answer


def _streamed(events: Iterable[Event]) -> Answer:
    """Runs the events to their end; on a terminal the unchecked draft is shown, dim, until it is checked.

    If the engine dies in mid-answer, what it had written is printed, marked as unchecked, and the error raised.
    """
    draft, status = "", "searching"

    def shown() -> Text:
        return Text.assemble((draft, "dim italic"), (f"  … {status}", "cyan"))

    try:
        with Live(console=Console(stderr=True), transient=True, auto_refresh=False, get_renderable=shown) as live:
            live.refresh()
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
                live.refresh()
    except EngineError as error:
        if error.partial:
            say(f"{error.partial.strip()} …\n[interrupted here; nothing of this was checked]")
        raise
    raise AssertionError("a stream ends with AnswerDone")


def show_articles(articles: Sequence[Listed]) -> None:
    """A line for each article: its day, title, source, author and id; then how many there are."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for one in articles:
        told = " · ".join(filter(None, [one.source, one.author]))
        table.add_row(*map(Text, (in_words(one.date), one.title, told, one.id)))
    console = Console(highlight=False)
    console.print(table) if articles else None
    say(f"{len(articles):,} article{'' if len(articles) == 1 else 's'}.")


def show_models(models: Models) -> None:
    """What is here, an arrow before what answers; then what would write better, and how to get it."""
    console = Console(highlight=False)
    console.width = max(console.width, 160)  # names are long, and are there to be copied
    here, better = (Table(box=None, show_header=False, padding=(0, 2, 0, 0)) for _ in range(2))
    for one in models.here:
        state = f"{one.to_fetch / 1e9:.1f} GB to fetch" if one.to_fetch > 1 else "to fetch" if one.to_fetch else "here"
        size = f"{one.size / 1e9:.1f} GB" if one.size else ""
        here.add_row(*map(Text, ("→" if one.answers else "", one.model, one.engine, size, one.licence, state)))
    console.print(here)
    machine = f"{models.cores} cores, {models.memory / 1e9:.0f} GB of memory"
    if not models.better:
        say(f"\nNothing larger is suggested for this machine ({machine}).")
        return
    say(f"\nWould write better, and this machine ({machine}) has room for it; not measured here:")
    for writer in models.better:
        size, memory = f"{writer.size / 1e9:.1f} GB", f"{writer.memory / 1e9:.1f} GB in memory"
        better.add_row(*map(Text, (writer.name, size, memory, writer.licence, writer.ollama, writer.model)))
    console.print(better)
    say(
        "Get one with dateline pull NAME: hf:… for the embedded engine, or the name before it into Ollama. The judge, "
        "which decides what is shown, is the same for all."
    )


def show_timeline(entries: Sequence[TimelineEntry]) -> None:
    """Below each day what happened on it, each in the words of an article, which is named with its own day."""
    console, day = Console(highlight=False, soft_wrap=True), ""
    for one in entries:
        if one.when != day:
            console.print(Text(f"\n{one.when}" if day else one.when, "bold"))
            day = one.when
        of = ", ".join(filter(None, [one.title, in_words(one.reported), origin(one.carriers)]))
        differs = "other figures: " if one.differs else ""
        _indented(console, Text.assemble((differs, "bold red"), quoted(one.quote)), 2)
        _indented(console, Text(of, "dim"), 4)
    say(f"{len(entries):,} entr{'y' if len(entries) == 1 else 'ies'}.")


def show_hits(hits: Sequence[Hit], *, scores: bool = False) -> None:
    """Passages with their article and date: the sentence with the words looked for, those in bold; the scores too."""
    console = Console(highlight=False, soft_wrap=True)
    for hit in hits:
        rank = f"BM25 #{hit.bm25_rank}" if hit.bm25_rank else "not in BM25"
        cosine = f"cosine {hit.similarity:.2f}" if hit.similarity is not None else "not in dense"
        say(f"  {hit.passage.article}, {in_words(hit.passage.date)}" + (f" · {rank}, {cosine}" if scores else ""))
        pieces = excerpt(hit.passage.text, [(mark.start, mark.end) for mark in hit.marks], most=240)
        shown = Text.assemble(*((piece, "bold" if marked else "") for piece, marked in pieces))
        _indented(console, shown, 4)


def _indented(console: Console, text: Text, by: int) -> None:
    """Lines of at most 100 characters, `by` of them blank."""
    for line in text.wrap(console, min(console.width, 100) - by):
        line.rstrip()
        console.print(Text(" " * by).append_text(line))
