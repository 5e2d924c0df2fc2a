"""Hours of everything at once, with faults, against the real app with the real model: `make soak`.

One writes (articles come, change and go; files that are none, too; `dateline index` is killed every third time; files
are added and removed), one asks, two search, and every minute something breaks: the engine's process, a lock that
another program holds, a process that is stopped for a while. What is found and cited must be what an article said; once
the folder is read, all of it and nothing else is found; at last the index must be a clean one, and memory, handles and
threads flat. `python tests/soak.py [--minutes 120] [--seed 1] [--out FILE.json]`.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
from app_helpers import client, started
from index_helpers import contents, index_directory, python, written

from index.embedders import embedder
from index.store import ArticleIndex

ARTICLES = 300
MOST_GROWTH = 0.1  # of memory, from the second quarter of the time to the last


def name_of(number: int) -> str:
    """A name that no other article has."""
    return "".join("BDFGKLMNPR"[int(digit)] + "aeiou"[int(digit) % 5] for digit in f"{number:03}").capitalize() + "x"


def text_of(number: int, version: int) -> str:
    return (
        f"The mayor of {name_of(number)} opened a bridge on day {version} of the fair. "
        f"{version + 2} people crossed it in the first hour, the council of {name_of(number)} said."
    )


class Soak:
    """What is done, what came of it, and what should not have."""

    url: str
    app: psutil.Process

    def __init__(self, home: Path, seconds: float, seed: int) -> None:
        self.folder, self.data = home / "news", home / "data"
        self.begun, self.end = time.monotonic(), time.monotonic() + seconds
        self.chance = random.Random(seed)
        self.done, self.faults = Counter[str](), list[str]()
        self.gauge = list[tuple[float, float, int, int]]()  # seconds, MB, handles, threads
        self.now: dict[int, int] = {}  # of each article that there is, its version
        self.said: dict[int, set[str]] = {number: set() for number in range(ARTICLES + 100)}
        self.uploads: set[int] = set()
        self.broken = "nothing"  # what was broken last, and when

    def over(self) -> bool:
        return time.monotonic() >= self.end

    def fault(self, what: str) -> None:
        self.faults.append(f"after {self.seconds():.1f} s (last broken: {self.broken}): {what}")
        print(self.faults[-1], file=sys.stderr, flush=True)

    def seconds(self) -> float:
        return time.monotonic() - self.begun

    # who writes

    def write(self, number: int, version: int) -> Path:
        self.said[number].add(text_of(number, version))
        self.now[number] = version
        return written(self.folder, f"{number}.txt", text_of(number, version))

    def change(self) -> None:
        for number in self.chance.sample(range(ARTICLES), self.chance.randint(1, 30)):
            if number in self.now and self.chance.random() < 0.3:
                (self.folder / f"{number}.txt").unlink()
                del self.now[number]
            else:
                self.write(number, max([0, *map(_version, self.said[number])]) + 1)
        if self.chance.random() < 0.3:  # what is no article
            suffix = self.chance.choice(("pdf", "docx", "html", "jsonl", "eml"))
            # a few bytes may read as text, and what was an article once is kept while it cannot be read
            (self.folder / f"noise.{suffix}").write_bytes(self.chance.randbytes(self.chance.randint(500, 9_000)))
        self.done["changes"] += 1

    def index(self) -> bool:
        """Whether it came to its end; every third time it is killed, with all that it started.

        The app, which keeps the index equal to the folder as well, may be about it: then it is tried again.
        """
        command = [sys.executable, "-m", "rag.cli", "--data-dir", str(self.data), "index", str(self.folder), "--yes"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        if self.chance.random() < 1 / 3:
            with suppress(subprocess.TimeoutExpired):
                process.wait(self.chance.uniform(0.3, 6))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                self.done["indexing killed"] += 1
                return False
        told, _ = process.communicate(timeout=600)
        if process.returncode and ("is writing to this index" in told or "is locked" in told):
            self.done["index was busy"] += 1
            time.sleep(1)
            return not self.over() and self.index()
        if process.returncode:
            self.fault(f"index ended with {process.returncode}: {told[-300:]}")
        self.done["indexed"] += process.returncode == 0
        return process.returncode == 0

    def upload(self) -> None:
        """An article that is not the folder's comes, or goes again."""
        number = self.chance.randrange(ARTICLES, ARTICLES + 100)
        name = f"uploads/{number}.txt"
        if number in self.uploads:
            script, given = "index.remove(more[0])", (name,)
        else:
            self.said[number].add(text_of(number, 1))
            script, given = "index.add({more[0]: Path(more[1])})", (
                f"{number}.txt", str(written(self.folder.parent / "sent", f"{number}.txt", text_of(number, 1))),
            )  # fmt: skip
        _, told = python(script, self.data, *given).communicate(timeout=300)
        if not told:
            self.uploads ^= {number}
            self.done["added or removed"] += 1
        elif "IndexBusy" not in told:
            self.fault(f"upload: {told[-300:]}")

    def writes(self) -> None:
        while not self.over():
            self.change()
            settled = self.index()
            if self.chance.random() < 0.3:
                self.upload()
            if settled:
                self.look_for_all()
            time.sleep(self.chance.uniform(0, 3))

    def look_for_all(self) -> None:
        """Right after the folder was read to its end: what there is is found, what is gone is not."""
        with client(self.url, timeout=60) as http:
            for number in self.chance.sample(range(ARTICLES), 12):
                hits = http.get("/api/search", params={"q": name_of(number), "k": 5}).raise_for_status().json()
                found = {_text(hit) for hit in hits if name_of(number) in _text(hit)}
                wanted = {text_of(number, self.now[number])} if number in self.now else set()
                if found != wanted:
                    self.fault(f"article {number} is {wanted}, found {found}")
                self.done["looked for"] += 1

    # who reads

    def searches(self) -> None:
        chance = random.Random(self.chance.random())
        with client(self.url, timeout=60) as http:
            while not self.over():
                path, asked = ("/api/search", "q") if chance.random() < 0.9 else ("/api/articles", "q")
                number = chance.randrange(ARTICLES)
                with self.answered():
                    for hit in http.get(path, params={asked: name_of(number)}).raise_for_status().json():
                        if path == "/api/search" and _text(hit) not in self.said[_number(hit["passage"])]:
                            self.fault(f"found what no article said: {_text(hit)!r}")
                    self.done["searched"] += 1
                time.sleep(chance.uniform(0, 1))

    def asks(self) -> None:
        chance = random.Random(self.chance.random())
        with client(self.url, timeout=600) as http:
            while not self.over():
                number = chance.choice([*self.now] or [0])
                question = f"How many people crossed the bridge of {name_of(number)} in the first hour?"
                with self.answered():
                    reply = http.post("/api/ask", json={"question": question})
                    if reply.status_code == 503:
                        self.done["told that the engine fails"] += 1
                        continue
                    answer = reply.raise_for_status().json()
                    for one in answer["citations"]:
                        said = self.said[_number(one)]
                        if not any(text[one["start"] : one["end"]] == one["quote"] for text in said):
                            self.fault(f"wrong span: {one}")
                    self.done["refused" if answer["abstained"] else "answered"] += 1

    def answered(self) -> Any:
        return _Noted(self)

    # what breaks, and what is measured

    def breaks(self) -> None:
        chance = random.Random(self.chance.random())
        while not self.over():
            time.sleep(min(chance.uniform(30, 90), max(0.0, self.end - time.monotonic())))
            what = chance.choice((self.kill_engine, self.lock, self.stop))
            with suppress(psutil.Error, sqlite3.Error, StopIteration):
                self.broken = f"{what.__name__} from {self.seconds():.1f} s"
                what(chance)
                self.broken += f" to {self.seconds():.1f} s"
                self.done[what.__name__] += 1

    def kill_engine(self, _: random.Random) -> None:
        next(one for one in self.app.children(recursive=True) if one.memory_info().rss > 500 * 2**20).kill()

    def lock(self, chance: random.Random) -> None:
        """Another program holds the databases."""
        paths = [index_directory(self.data) / "catalog.db", self.data / "conversations.db"]
        with closing(sqlite3.connect(next(path for path in chance.sample(paths, 2) if path.exists()))) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(chance.uniform(1, 8))

    def stop(self, chance: random.Random) -> None:
        one = chance.choice([self.app, *self.app.children(recursive=True)])
        one.suspend()
        time.sleep(chance.uniform(0.5, 5))
        one.resume()

    def measures(self) -> None:
        while not self.over():
            with suppress(psutil.Error):
                own = self.app.memory_info().rss / 2**20
                self.gauge.append((self.seconds(), own, self.app.num_fds(), self.app.num_threads()))
            time.sleep(min(10.0, max(0.0, self.end - time.monotonic())))

    def fill(self) -> None:
        for number in range(ARTICLES):
            self.write(number, 1)
        with ArticleIndex(self.data, embedder()) as index:
            index.sync(self.folder)

    def run(self, url: str, app: int) -> None:
        self.url, self.app = url, psutil.Process(app)
        work = (self.writes, self.asks, self.searches, self.searches, self.breaks, self.measures)
        with ThreadPoolExecutor(len(work)) as threads:
            for one in wait([threads.submit(each) for each in work]).done:
                one.result()

    def judged(self) -> dict[str, Any]:
        """What is left at last, beside a clean index of the same; and what was measured."""
        embedding = embedder()
        with ArticleIndex(self.data, embedding) as index:
            report = index.sync(self.folder, shrink=True)
            held = contents(index)
        with ArticleIndex(self.folder.parent / "clean", embedding) as clean:
            for number in sorted(self.uploads):
                written(self.folder.parent / "clean" / "uploads", f"{number}.txt", text_of(number, 1))
            clean.sync(self.folder)
            wanted = contents(clean)
        for part in held:
            if held[part] != wanted[part]:
                self.fault(f"at last {part} differs from a clean index: {_differing(held[part], wanted[part])}")
        flat: dict[str, list[float]] = {}
        for at, what in enumerate(("memory in MB", "handles", "threads"), 1):
            quarters = _quarters([float(row[at]) for row in self.gauge])
            flat[what] = [round(statistics.median(quarter)) for quarter in quarters]
            if flat[what][3] > flat[what][1] * (1 + MOST_GROWTH) + 5:
                self.faults.append(f"{what} grows: {flat[what]}")
        return {
            "minutes": round(self.seconds() / 60, 1), "done": dict(sorted(self.done.items())),
            "articles at last": len(held["articles"]), "skipped": len(report.skipped),
            "by quarters": flat, "faults": self.faults,
        }  # fmt: skip


class _Noted:
    """What a reader may be told is counted: that the app is gone for a moment. All else is a fault."""

    def __init__(self, soak: Soak) -> None:
        self._soak = soak

    def __enter__(self) -> None:
        self._begun = time.monotonic()

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> bool:
        if isinstance(error, httpx.HTTPStatusError):
            self._soak.fault(f"{error.response.status_code}: {error.response.text[:300]}")
        elif isinstance(error, httpx.HTTPError):
            self._soak.fault(f"{error!r} after {time.monotonic() - self._begun:.1f} s")
        return isinstance(error, httpx.HTTPError)


def _differing(held: Any, wanted: Any) -> str:
    """The first few parts of only one of the two."""
    one, other = (list(each.items() if isinstance(each, dict) else each) for each in (held, wanted))
    return repr([each for each in one if each not in other][:3] + [each for each in other if each not in one][:3])[:900]


def _number(told: dict[str, Any]) -> int:
    return int(Path(str(told["article"])).stem)


def _text(hit: dict[str, Any]) -> str:
    return str(hit["passage"]["text"])


def _version(text: str) -> int:
    return int(text.split(" on day ")[1].split()[0])


def _quarters(rows: list[float]) -> list[list[float]]:
    size = max(1, len(rows) // 4)
    return [rows[at * size : (at + 1) * size] or rows[-1:] for at in range(4)]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=120)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        (home / "news").mkdir()
        soak = Soak(home, 60 * given.minutes, given.seed)
        soak.fill()
        with started("--engine", "embedded", "--data-dir", str(home / "data")) as (url, process):
            # what it logs is let go: a pipe that nobody reads would hold it
            threading.Thread(target=lambda: sum(1 for _ in process.stderr or ()), daemon=True).start()
            soak.run(url, process.pid)
        told = soak.judged()
    printed = json.dumps(told, indent=2, ensure_ascii=False)
    print(printed)
    if given.out:
        given.out.write_text(printed + "\n", encoding="utf-8")
    sys.exit(bool(told["faults"]))


if __name__ == "__main__":
    main()
