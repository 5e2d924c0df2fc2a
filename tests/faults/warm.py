"""A process that has everything loaded and nothing opened; its forks do the work, and are killed in the midst of it.

Each line of its input is a job, each of its output how that ended: {"killed": …, "count": …, "seconds": …}.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
OURS = tuple(f"{ROOT / name}{os.sep}" for name in ("index", "rag", "web", "evals"))

EVENTS = {
    "open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree", "shutil.copytree",
    "shutil.copyfile", "sqlite3.connect", "socket.connect", "subprocess.Popen",
}  # fmt: skip
"""What Python tells of the system's calls, before they are made."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CALLS = {
    "execute", "executemany", "executescript", "exec_driver_sql", "backup", "request", "add", "delete", "modify",
    "get_or_create_collection", "query", "count", "replace", "unlink", "fsync", "truncate", "mkdir", "rmtree",
    "copytree", "copyfileobj", "write", "close", "release", "acquire",
}  # fmt: skip
"""Calls by which our own code changes something outside of the process; a few others bear the same names."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Counted:
    """Counts moments of one kind, and dies before one of them."""

    def __init__(self, kind: str, at: int) -> None:
        self.count, self._at = 0, at
        if kind == "event":
            sys.addaudithook(self._event)
        elif kind == "call":
            sys.setprofile(self._call)

    def _another(self) -> None:
        self.count += 1
        if self.count == self._at:
            die()

    def _event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and (event != "open" or (isinstance(arguments[2], int) and arguments[2] & _WRITES)):
            self._another()

    def _call(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            caller, name = frame, argument.__name__
            if isinstance(getattr(argument, "__self__", None), str | set | dict):
                return
        elif event == "call" and frame.f_back is not None:
            caller, name = frame.f_back, frame.f_code.co_name
        else:
            return
        if name in CALLS and caller.f_code.co_filename.startswith(OURS):
            self._another()


# the work


def small() -> None:
    """So that a few hundred passages take all the ways that many thousands do."""
    from index import chroma_directories, chroma_server, sync

    sync._GROUP, sync._SPLIT = 24, 8
    chroma_directories._WAITING, chroma_directories._SHARE = 30, 10
    chroma_directories._SAVED, chroma_directories._SAVES, chroma_directories._BATCH = 20, 10, 60
    chroma_server._BATCH, chroma_server._MANY_DEAD = 40, 60


def _index(data: str) -> Any:
    from index.store import ArticleIndex
    from rag.settings import Settings

    return ArticleIndex(Path(data), EMBEDDER[0], Settings.load({"data_dir": Path(data)}).places)


def sync(data: str, folder: str, replace: bool = False) -> None:
    with _index(data) as index:
        index.sync(Path(folder), replace=replace, shrink=True)


def add(data: str, files: dict[str, str]) -> None:
    with _index(data) as index:
        index.add({name: Path(path) for name, path in files.items()})


def remove(data: str, article: str) -> None:
    with _index(data) as index:
        index.remove(article)


def repair(data: str) -> None:
    from rag.doctor import _repaired
    from rag.settings import Settings

    found = list(_repaired(Settings.load({"data_dir": Path(data)})))
    assert all(one.ok for one in found), found


def fetch(weights: dict[str, Any], cache: str) -> None:
    from rag.engines.weights import Weights, from_hub
    from rag.engines.weights import fetch as fetch_weights

    fetch_weights(Weights(**weights), Path(cache), sources=(from_hub,))


def call(path: str, name: str, arguments: list[Any]) -> None:
    """A call of the conversations' store; "conversation 3" and "turn 3" stand for those that it has."""
    from web.conversations import Conversations
    from web.errors import ConversationMissing

    kept = Conversations(Path(path))

    def meant(one: Any) -> Any:
        kind, _, number = one.partition(" ") if isinstance(one, str) else ("", "", "")
        if kind not in ("conversation", "turn"):
            return one
        with closing(sqlite3.connect(path)) as db:
            ids = [id for (id,) in db.execute(f"SELECT id FROM {kind}s ORDER BY rowid")]
        return ids[int(number) % len(ids)] if ids else 0

    with suppress(ConversationMissing):
        getattr(kept, name)(*map(meant, arguments))


def converse(path: str, told: str, calls: list[tuple[str, list[Any]]]) -> None:
    """Calls one after the other; of each a line once it has returned."""
    with open(told, "ab", buffering=0) as log:  # noqa: PTH123  no call of ours
        for name, arguments in calls:
            call(path, name, arguments)
            log.write(b".\n")


def evaluate(data: str, out: str) -> None:
    from evals.cli import evaluate

    arguments = ["--retrieval", "--limit", "40", "--data-dir", data, "--out", out]
    evaluate.main(arguments, prog_name="dateline eval", standalone_mode=False)


WORK: dict[str, Callable[..., None]] = {
    "index": sync, "add": add, "remove": remove, "repair": repair, "fetch": fetch, "converse": converse,
    "eval": evaluate,
}  # fmt: skip
EMBEDDER: list[Any] = []


def load() -> None:
    for name in (
        "chromadb", "httpx", "scipy.stats", "evals.cli", "evals.judge", "evals.run", "evals.systems",
        "index.chroma_directories", "index.chroma_server", "index.postgres", "index.sqlite", "index.sync",
        "rag.assistant", "rag.doctor", "rag.engines.weights", "web.conversations",
    ):  # fmt: skip
        import_module(name)
    from index.embedders import embedder

    EMBEDDER.append(embedder())
    EMBEDDER[0].get_query_embedding("once")
    small()


def work(job: dict[str, Any], out: int) -> None:
    """What a fork does; it never returns."""
    os.dup2(2, 1)
    ended: dict[str, Any] = {}
    counted = Counted(job["kind"], job["at"])
    begun = time.monotonic()
    try:
        WORK[job["work"]](**job["given"])
    except BaseException:
        ended["error"] = traceback.format_exc()
    sys.setprofile(None)
    os.write(out, json.dumps({**ended, "count": counted.count, "seconds": time.monotonic() - begun}).encode())
    os._exit(0)


def serve() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        heard, told = os.pipe()
        child = os.fork()
        if not child:
            work(job, told)
        os.close(told)
        if job["kind"] == "second" and not select.select([heard], [], [], job["at"])[0]:
            os.kill(child, signal.SIGKILL)
        with os.fdopen(heard, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps({"killed": killed, **json.loads(said or b"{}")}), flush=True)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    load()
    print("{}", flush=True)
    serve()
