"""Conversations in SQLite: whose they are, what was asked, and each answer whole.

Nobody sees a conversation but its owner: every call names one, and what is another's is simply not there.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.decode import storable
from rag.export import Told
from web.database import Database
from web.errors import ConversationMissing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, changed TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_owner ON conversations (owner, changed);
CREATE TABLE IF NOT EXISTS turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    question TEXT NOT NULL, asked TEXT NOT NULL, narrowed TEXT NOT NULL,
    answer TEXT, trouble TEXT, draft TEXT, verdict TEXT, comment TEXT);
CREATE INDEX IF NOT EXISTS by_conversation ON turns (conversation);
"""
_TITLE = 60
STOPPED = "Stopped. Ask again to go on."
UNFINISHED = "interrupted before the answer was checked"


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, and what became of it."""

    id: int
    question: str
    asked: datetime
    narrowed: dict[str, Any]
    """What the articles were narrowed to, by the names of `Filters`: days in ISO form; without what was not."""
    answer: dict[str, Any] | None
    """`Answer.to_dict()`; None if there is none."""
    trouble: str | None
    """Why there is no answer: stopped, or the error's sentence."""
    draft: str
    """What the model had written by then; unchecked."""
    verdict: str | None = None
    """"up" or "down", if the reader said so."""
    comment: str | None = None

    def told(self) -> Told:
        """As it is exported."""
        return Told(self.question, self.answer, self.trouble or "", self.asked, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "asked": self.asked.isoformat(timespec="seconds"),
            "narrowed": self.narrowed,
            "answer": self.answer,
            "trouble": self.trouble,
            "verdict": self.verdict,
            "comment": self.comment,
        }


@dataclass(frozen=True, slots=True)
class Conversation:
    """A line in the list of conversations."""

    id: str
    title: str
    changed: datetime


class Conversations:
    """The store. Safe to use from several threads and processes: a connection lives as long as a call."""

    def __init__(self, path: Path) -> None:
        """`path` is the SQLite file, made at the first use. Every call may raise StorageError."""
        self._database = Database(path, _SCHEMA)

    def listed(self, owner: str, words: str = "") -> list[Conversation]:
        """The owner's conversations, the last changed first; with `words`, those that hold each of them somewhere."""
        query = "SELECT id, title, changed FROM conversations AS c WHERE owner = ?"
        values: list[str] = [owner]
        for word in storable(words).split():
            query += (
                " AND (title LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM turns WHERE conversation = c.id"
                " AND (question LIKE ? ESCAPE '\\' OR json_extract(answer, '$.text') LIKE ? ESCAPE '\\')))"
            )
            values += [f"%{_literally(word)}%"] * 3
        with self._open() as db:
            rows = db.execute(f"{query} ORDER BY changed DESC, rowid DESC", values).fetchall()
        return [Conversation(id, title, datetime.fromisoformat(changed)) for id, title, changed in rows]

    def title(self, owner: str, id: str) -> str:
        """Raises ConversationMissing."""
        with self._open() as db:
            _check(db, owner, id)
            (title,) = db.execute("SELECT title FROM conversations WHERE id = ?", [id]).fetchone()
        return str(title)

    def turns(self, owner: str, id: str) -> list[Turn]:
        """The turns of a conversation, oldest first. Raises ConversationMissing."""
        with self._open() as db:
            _check(db, owner, id)
            rows = db.execute(f"SELECT {_COLUMNS} FROM turns WHERE conversation = ? ORDER BY id", [id]).fetchall()
        return [_turn(row) for row in rows]

    def turn(self, owner: str, turn: int) -> Turn:
        """One turn. Raises ConversationMissing."""
        with self._open() as db:
            _conversation_of(db, owner, turn)
            return _turn(db.execute(f"SELECT {_COLUMNS} FROM turns WHERE id = ?", [turn]).fetchone())

    def begin(self, owner: str) -> str:
        """A new, empty conversation: its id."""
        id = secrets.token_urlsafe(12)
        with self._open() as db:
            db.execute("INSERT INTO conversations VALUES (?, ?, '', ?)", [id, owner, _now()])
        return id

    def ask(self, owner: str, id: str, question: str, narrowed: dict[str, Any] | None = None) -> int:
        """Adds a question: the turn's id. The first one names the conversation. Raises ConversationMissing."""
        title = question if len(question) <= _TITLE else f"{question[: _TITLE - 1].rstrip()}…"
        with self._open() as db:
            _check(db, owner, id)
            asked = _now()
            turn = db.execute(
                "INSERT INTO turns (conversation, question, asked, narrowed, trouble, draft)"
                " VALUES (?, ?, ?, ?, ?, '')",
                [id, question, asked, json.dumps(narrowed or {}), UNFINISHED],
            ).lastrowid
            db.execute(
                "UPDATE conversations SET changed = ?, title = CASE title WHEN '' THEN ? ELSE title END WHERE id = ?",
                [asked, title, id],
            )
        assert turn is not None
        return turn

    def answered(self, owner: str, turn: int, answer: dict[str, Any]) -> None:
        """Keeps the answer (`Answer.to_dict()`). Raises ConversationMissing if it was deleted meanwhile."""
        with self._open() as db:
            _conversation_of(db, owner, turn)
            told = json.dumps(answer, ensure_ascii=False)
            db.execute("UPDATE turns SET answer = ?, trouble = NULL, draft = '' WHERE id = ?", [told, turn])

    def failed(self, owner: str, turn: int, trouble: str, draft: str) -> None:
        """Keeps why there is no answer, and the unchecked draft so far. Raises ConversationMissing."""
        with self._open() as db:
            _conversation_of(db, owner, turn)
            db.execute("UPDATE turns SET trouble = ?, draft = ? WHERE id = ?", [trouble, draft, turn])

    def judged(self, owner: str, turn: int, verdict: str | None, comment: str | None) -> None:
        """Keeps the reader's verdict ("up", "down" or None). Raises ConversationMissing."""
        with self._open() as db:
            _conversation_of(db, owner, turn)
            db.execute(
                "UPDATE turns SET verdict = ?, comment = ? WHERE id = ?", [verdict, comment and storable(comment), turn]
            )

    def back_to(self, owner: str, turn: int) -> Turn:
        """Takes this turn and all after it out: the turn as it was. Raises ConversationMissing."""
        with self._open() as db:
            conversation = _conversation_of(db, owner, turn)
            taken = _turn(db.execute(f"SELECT {_COLUMNS} FROM turns WHERE id = ?", [turn]).fetchone())
            db.execute("DELETE FROM turns WHERE conversation = ? AND id >= ?", [conversation, turn])
        return taken

    def with_verdicts(self) -> list[list[Turn]]:
        """Every reader's conversations in which a turn was judged, whole: for the evals."""
        with self._open() as db:
            judged = "SELECT DISTINCT conversation FROM turns WHERE verdict IS NOT NULL ORDER BY conversation"
            rows = [
                db.execute(f"SELECT {_COLUMNS} FROM turns WHERE conversation = ? ORDER BY id", [id]).fetchall()
                for (id,) in db.execute(judged).fetchall()
            ]
        return [[_turn(row) for row in conversation] for conversation in rows]

    def rename(self, owner: str, id: str, title: str) -> None:
        """Raises ConversationMissing. An empty title changes nothing."""
        with self._open() as db:
            _check(db, owner, id)
            if title.strip():
                db.execute("UPDATE conversations SET title = ? WHERE id = ?", [storable(title).strip()[:200], id])

    def delete(self, owner: str, id: str) -> None:
        """Raises ConversationMissing."""
        with self._open() as db:
            _check(db, owner, id)
            db.execute("DELETE FROM conversations WHERE id = ?", [id])

    def delete_all(self, owner: str) -> list[str]:
        """Deletes all that is the owner's: the ids of the conversations that went."""
        with self._open() as db:
            gone = [id for (id,) in db.execute("SELECT id FROM conversations WHERE owner = ?", [owner])]
            db.execute("DELETE FROM conversations WHERE owner = ?", [owner])
        return gone

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._database.transaction()


_COLUMNS = "id, question, asked, narrowed, answer, trouble, draft, verdict, comment"


def _turn(row: tuple[Any, ...]) -> Turn:
    id, question, asked, narrowed, answer, *rest = row
    told = json.loads(answer) if answer else None
    return Turn(id, question, datetime.fromisoformat(asked), json.loads(narrowed), told, *rest)


def _check(db: sqlite3.Connection, owner: str, id: str) -> None:
    if not db.execute("SELECT 1 FROM conversations WHERE id = ? AND owner = ?", [id, owner]).fetchone():
        raise ConversationMissing("This conversation is not there any more: begin a new one.")


def _conversation_of(db: sqlite3.Connection, owner: str, turn: int) -> str:
    found = db.execute("SELECT conversation FROM turns WHERE id = ?", [turn]).fetchone()
    _check(db, owner, found[0] if found else "")
    return str(found[0])


def _literally(word: str) -> str:
    """`word` so that LIKE looks for its very characters."""
    return word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _now() -> str:
    return datetime.now(UTC).isoformat()
