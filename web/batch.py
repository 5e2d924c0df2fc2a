"""Files of questions that readers have sent: each is answered by itself, in the queue in which all others stand."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from rag.batch import Answers, Asked, Form, Row, answer_all, read_questions, told_of, written
from rag.errors import DatelineError, QuestionError, Stopped
from rag.find import Wishes
from rag.types import Answer
from web.asking import Asking
from web.engine_room import EngineRoom
from web.errors import TooManyQuestions

MOST_QUESTIONS = 1000
NAMES: dict[Form, str] = {"csv": "CSV", "jsonl": "JSON Lines", "md": "Markdown"}


@dataclass
class Run:
    """A file of questions on its way."""

    questions: list[Asked]
    answers: Answers
    stop: threading.Event = field(default_factory=threading.Event)
    over: bool = False
    trouble: str = ""

    def rows(self) -> list[Row]:
        """Those that are there, in the order of the questions."""
        return [row for one in self.questions if (row := self.answers.rows.get(one))]

    def html(self) -> str:
        """How far it is, and what can be taken away."""
        rows, total = self.rows(), len(self.questions)
        told = f"<p>{told_of(rows)}.</p>" if self.over else ""
        if self.trouble:
            told = f'<p role="alert">{escape(self.trouble)}</p>{told}'
        if not self.over:
            asked = next((one.question for one in self.questions if one not in self.answers.rows), "")
            told = (
                f'<progress value="{len(rows)}" max="{total}" aria-label="Questions answered"></progress>'
                f'<p role="status">{len(rows):,} of {total:,}: {escape(asked)}</p>'
            )
        links = " · ".join(f'<a href="export/answers.{form}" download>{name}</a>' for form, name in NAMES.items())
        return told + (f'<p class="export">The answers{"" if self.over else " so far"}: {links}</p>' if rows else "")


class Batches:
    """One file of each reader at a time, which goes on without a page; gone when the app ends. For several threads."""

    def __init__(self, room: EngineRoom, folder: Path) -> None:
        """`folder` of this process, which others delete; it need not be there yet."""
        self._room, self._folder = room, folder
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def of(self, reader: str) -> Run | None:
        """What this reader sent last."""
        return self._runs.get(reader)

    def begin(self, reader: str, file: Path, wishes: Wishes) -> None:
        """Has the questions answered; what was stopped, or failed, is gone on with. Raises DatelineError."""
        questions = read_questions(file, wishes)
        if len(questions) > MOST_QUESTIONS:
            raise QuestionError(
                f"{len(questions):,} questions are too many for the page: send up to {MOST_QUESTIONS:,}, or use "
                "`dateline ask --questions`."
            )
        settings = self._room.assistant.fingerprint()
        with self._lock:
            before = self._runs.get(reader)
            if before and not before.over:
                raise QuestionError("One file at a time: stop this one first.")
            self._folder.mkdir(mode=0o700, exist_ok=True)
            path = self._folder / f"{hashlib.sha256(reader.encode()).hexdigest()}.jsonl"
            if before and not before.trouble and not any(row["error"] for row in before.rows()):
                path.unlink(missing_ok=True)  # it was done: whoever asks again wants to know what the articles say now
            self._runs[reader] = run = Run(questions, Answers(path, settings))
        threading.Thread(target=self._work, args=[reader, run], name="batch", daemon=True).start()

    def file(self, reader: str, form: Form) -> bytes | None:
        """The answers so far; None if there are none."""
        run = self._runs.get(reader)
        return written(form, run.rows()) if run else None

    def stop(self, reader: str) -> None:
        if run := self._runs.get(reader):
            run.stop.set()

    def close(self) -> None:
        """Stops all."""
        for run in list(self._runs.values()):
            run.stop.set()

    def _work(self, reader: str, run: Run) -> None:
        def ask(asked: Asked) -> Answer:
            while True:
                try:
                    return Asking(self._room, reader, asked.question, [], dict(asked.as_wishes()), run.stop).wait()
                except TooManyQuestions as error:
                    if run.stop.wait(error.wait):
                        raise Stopped from None

        trouble = "It failed: the terminal says why. Send the file again to go on."
        try:
            for _ in answer_all(ask, run.questions, run.answers):
                pass
            trouble = ""
        except Stopped:
            trouble = "Stopped. Send the file again to go on with it."
        except DatelineError as error:
            trouble = str(error)
        finally:
            run.trouble, run.over = trouble, True
