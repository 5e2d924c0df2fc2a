"""What readers have sent and the index has not taken in yet: in a folder of this process, gone when it ends."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from index.datadir import disk_errors, make_private, remove_tree

_FORGOTTEN = 3600.0
"""Seconds after which a file that no index was asked to take in is deleted."""


class Uploads:
    """Each file with the readers who sent it: equal ones are one file, for Gradio keeps it under its content's hash.

    Safe to use from several threads.
    """

    def __init__(self, home: Path) -> None:
        """Makes a folder in `home` for this process alone, and sweeps what killed ones left. Raises StorageError."""
        with disk_errors(home):
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(home)
            for left in home.iterdir():
                owner = left.name.partition("-")[0]
                if not (owner.isdecimal() and psutil.pid_exists(int(owner))):
                    remove_tree(left)
            self.folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=home)).resolve()
        # Gradio asks the environment where uploads go, now when the page is built and then with each event.
        os.environ["GRADIO_TEMP_DIR"] = str(self.folder)
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], float] = {}  # (path, reader): when it came

    def keep(self, reader: str, paths: Iterable[str], now: float) -> None:
        """These files came from `reader` at `now` (seconds of the monotonic clock)."""
        with self._lock:
            self._held |= {(path, reader): now for path in paths}
            for held in [held for held, came in self._held.items() if now - came > _FORGOTTEN]:
                self._drop(held)

    def holds(self, reader: str, path: object) -> bool:
        """Whether this very path is a file that `reader` has sent."""
        with self._lock:
            return isinstance(path, str) and (path, reader) in self._held

    def drop(self, reader: str, paths: Iterable[str]) -> None:
        """The index has taken them in, or has refused them."""
        with self._lock:
            for path in paths:
                self._drop((path, reader))

    def close(self) -> None:
        """Deletes the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _drop(self, held: tuple[str, str]) -> None:
        if self._held.pop(held, None) is not None and not any(path == held[0] for path, _ in self._held):
            with suppress(OSError):
                Path(held[0]).unlink()
                Path(held[0]).parent.rmdir()  # Gradio gives each content a folder; others may have named it otherwise
