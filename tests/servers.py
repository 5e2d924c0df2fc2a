"""Servers that several machines share, on a free port of the loopback address: started, killed, started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import httpx
import psycopg
import pytest


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Server:
    """A process that serves, over what it keeps in a directory."""

    def __init__(self, command: list[str], log: Path, answers: Callable[[], bool], seconds: float = 60) -> None:
        self._command, self._log, self._answers, self._seconds = command, log, answers, seconds
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # ends with the tests, however these do
        with_us = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*with_us, *self._command], stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + self._seconds
        while not self._answers():
            assert time.monotonic() < end and self._process.poll() is None, self._log.read_text()
            time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        """To the process and all that it has started."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


class Chroma(Server):
    """`chroma run`, which comes with chromadb."""

    def __init__(self, home: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        home.mkdir(parents=True, exist_ok=True)
        program = str(Path(sys.executable).with_name("chroma"))
        command = [program, "run", "--path", str(home / "chroma"), "--host", "127.0.0.1", "--port", str(port)]
        super().__init__(command, home / "chroma.log", self._is_there)

    def _is_there(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat", trust_env=False).is_success
        except httpx.HTTPError:
            return False


class Postgres(Server):
    """PostgreSQL as the system's package has it, under a user without rights, which it insists on."""

    PASSWORD = "s3cret-p4ss"

    def __init__(self) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not programs:
            assert "CI" not in os.environ, "there it is to be tried"
            pytest.skip("needs PostgreSQL: apt install postgresql")
        self.port = free_port()
        self.home = Path(tempfile.mkdtemp(prefix="pg"))
        data, word = self.home / "data", self.home / "word"
        word.write_text(self.PASSWORD)
        # to become another user would free it of the signal
        other = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig", "KILL"]
        before = other if os.geteuid() == 0 else []
        if before:
            subprocess.run(["chown", "-R", "nobody:nogroup", self.home], check=True)
        made = [*before, programs[-1] / "initdb", "-D", data, "-U", "dateline", "-A", "scram-sha-256"]
        made += [f"--pwfile={word}", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, cwd=self.home)
        command = [*before, programs[-1] / "postgres", "-D", data, "-p", self.port, "-k", self.home]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"]
        self._numbers = count()
        super().__init__(list(map(str, command)), self.home / "postgres.log", self._is_there)

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://dateline:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of one with nothing in it."""
        name = f"news{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, sql: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as db:
            db.execute(sql)

    def kill(self) -> None:
        super().kill()
        (self.home / "data" / "postmaster.pid").unlink(missing_ok=True)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def _is_there(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False
