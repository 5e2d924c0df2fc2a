"""`dateline index FOLDER --watch`: what it says while it keeps the index equal to the folder."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from threading import Event

from rich.live import Live
from rich.text import Text

from index.types import SyncReport
from index.watch import Round, follow
from rag.assistant import Assistant
from rag.printing import say, say_json
from rag.terminal import Console
from rag.wording import ago


def watch(assistant: Assistant, first: SyncReport, *, as_json: bool) -> None:
    """Follows the folder, of which `first` is the report, until Ctrl-C. Raises as `index.watch.follow` does.

    Says a line for each round that changed something, skipped what was not skipped before, or came after what went
    wrong; as JSON, its report.
    """
    status, console = _Status(assistant.articles.counts().folder), Console(stderr=True)
    if not console.is_terminal:
        say(f"Watching {status.folder} (Ctrl-C ends it)", err=True)
    skipped, healed = set(first.skipped), False
    steps = follow(assistant.articles, partial(assistant.index, progress=status.progress), Event())
    while True:
        live = Live(status, console=console, transient=True, refresh_per_second=1)
        with live if console.is_terminal else nullcontext():  # but not while lines are said
            step = next(steps)
        if not isinstance(step, Round):
            say(f"Error: {step}", err=True)
            status.doing, healed = "", True
            continue
        status.read()
        report = step.report
        new = [each for each in report.skipped if each not in skipped]
        skipped = set(report.skipped)
        if report.added or report.changed or report.removed or new or healed:
            say_json(report, indent=None) if as_json else say(_line(step, new))
        healed = False


class _Status:
    """The last line of a terminal meanwhile."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.read()

    def read(self) -> None:
        """The folder was read just now."""
        self._read_at, self.doing = datetime.now(UTC), ""

    def progress(self, done: int, total: int, what: str) -> None:
        self.doing = f"{done} of {total}: {what}"

    def __rich__(self) -> Text:
        doing = self.doing or f"read {ago(self._read_at, datetime.now(UTC))} (Ctrl-C ends it)"
        return Text(f"Watching {self.folder}: {doing}", "cyan", no_wrap=True, overflow="ellipsis")


def _line(done: Round, skipped: Sequence[tuple[str, str]]) -> str:
    report = done.report
    counts = {"added": report.added, "changed": report.changed, "removed": report.removed, "skipped": len(skipped)}
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no change"
    reasons = "".join(f"; {path}: {reason}" for path, reason in skipped[:3]) + ("; …" if len(skipped) > 3 else "")
    return f"{datetime.now():%H:%M:%S} {told} in {done.seconds:.1f} s{reasons}"
