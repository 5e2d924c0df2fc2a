"""Twenty readers at once, for five minutes, against the real app with the real model: `make load`.

Each reader asks the same question over and over; searches go on meanwhile. Fails on an error, a mixed-up answer,
an unfair line, searches that wait, or memory that grows.

    python tests/load.py [--users 20] [--minutes 5]
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio_client
import httpx
import psutil

ROOT = Path(__file__).parent.parent
QUESTIONS = (
    ("Who heads the Syrian Observatory for Human Rights?", "Abdurrahman"),
    ("Which city is likely to be the insurgents' next target?", "Homs"),
    ("How far is Hama from Damascus?", "125 miles"),
    ("In which year did Syria's conflict break out?", "2011"),
    ("How many ships did Japan send?", None),
)
"""What the readers ask in turn, and what must be in the answer; None: it must be refused."""
SEARCH_MS = 300
GROWTH_MB = 200


@dataclass
class Seen:
    """What came of it, from all threads."""

    answers: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def asker(number: int, url: str) -> Callable[[str], dict[str, Any]]:
    """How this reader asks: every other one through Gradio's queue, as the page does, the rest by our own API."""
    if number % 2:
        client = gradio_client.Client(url, verbose=False, httpx_kwargs={"trust_env": False, "timeout": 600})
        return lambda question: dict(client.predict(question, api_name="/ask"))
    http = httpx.Client(base_url=url, timeout=600, trust_env=False)
    return lambda question: dict(http.post("/api/ask", json={"question": question}).raise_for_status().json())


def reader(number: int, url: str, end: float, seen: Seen) -> None:
    question, expected = QUESTIONS[number % len(QUESTIONS)]
    question += " " * (number // len(QUESTIONS))  # everyone's is another string
    ask = asker(number, url)
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            answer = ask(question)
        except (httpx.HTTPError, gradio_client.exceptions.AppError) as error:
            seen.faults.append(f"reader {number}: {error!r}")
            continue
        seen.waits.append(time.monotonic() - begun)
        seen.answers[number] += 1
        right = answer["abstained"] if expected is None else expected in answer["text"]
        if answer["question"] != question.strip() or not right:
            seen.faults.append(f"reader {number}: {question!r} got {answer['text'][:200]!r}")


def searcher(url: str, end: float, seen: Seen) -> None:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        while time.monotonic() < end:
            begun = time.monotonic()
            reply = http.get("/api/search", params={"q": "the fall of Hama", "k": 5})
            seen.searches.append(1000 * (time.monotonic() - begun))
            if reply.status_code != 200:
                seen.faults.append(f"search: {reply.status_code}")
            time.sleep(0.5)


@contextmanager
def app(data: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`dateline ui` over the seeds, in a process of its own."""
    command = [sys.executable, "-m", "rag.cli", "ui", "--engine", "embedded", "--data-dir", str(data)]
    process = subprocess.Popen(
        [*command, "--first-folder", str(ROOT / "seeds")], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"Dateline is at (http://\S+)", line):
                yield found[1], psutil.Process(process.pid)
                return
        raise SystemExit("The app did not start.")
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--users", type=int, default=20)
    options.add_argument("--minutes", type=float, default=5)
    given = options.parse_args()
    seen = Seen()
    with tempfile.TemporaryDirectory() as data, app(Path(data)) as (url, process):
        end = time.monotonic() + 60 * given.minutes
        threads = [threading.Thread(target=reader, args=(number, url, end, seen)) for number in range(given.users)]
        threads.append(threading.Thread(target=searcher, args=(url, end, seen)))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            seen.memory.append(process.memory_info().rss / 2**20)
            time.sleep(5)
    report(seen, given.users)


def report(seen: Seen, users: int) -> None:
    quantiles = statistics.quantiles(seen.searches, n=20)
    half = len(seen.memory) // 2
    growth = max(seen.memory[half:]) - max(seen.memory[:half])
    counts = [seen.answers[number] for number in range(users)]
    print(f"{sum(counts)} answers to {users} readers, {min(counts)} to {max(counts)} each, {os.cpu_count()} cores")
    print(f"waited: median {statistics.median(seen.waits):.1f} s, longest {max(seen.waits):.1f} s")
    print(f"{len(seen.searches)} searches: median {quantiles[9]:.0f} ms, 95th percentile {quantiles[18]:.0f} ms")
    print(f"memory: {seen.memory[0]:.0f} MB at first, {seen.memory[-1]:.0f} at last, second half {growth:+.0f}")
    if max(counts) - min(counts) > 1:
        seen.faults.append(f"the line is unfair: {counts}")
    if quantiles[18] > SEARCH_MS:
        seen.faults.append(f"searches wait: {quantiles[18]:.0f} ms")
    if growth > GROWTH_MB:
        seen.faults.append(f"memory grows: {growth:.0f} MB")
    for fault in seen.faults:
        print(f"FAULT {fault}")
    sys.exit(bool(seen.faults))


if __name__ == "__main__":
    main()
