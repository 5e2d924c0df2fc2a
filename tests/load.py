"""Twenty readers at once, for five minutes, against the real app with the real model: `make load`.

Each reader asks the same question over and over; searches go on meanwhile. Fails on an error, a mixed-up answer,
an unfair queue, searches that wait, or memory that grows: `python tests/load.py [--users 20] [--minutes 5]`.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import gradio_client
import httpx
import psutil
from app_helpers import client, started

QUESTIONS = (  # what the readers ask in turn, and what must be in the answer; None: it must be refused
    ("Who heads the Syrian Observatory for Human Rights?", "Abdurrahman"),
    ("Which city is likely to be the insurgents' next target?", "Homs"),
    ("How far is Hama from Damascus?", "125 miles"),
    ("In which year did Syria's conflict break out?", "2011"),
    ("How many ships did Japan send?", None),
)
SEARCH_MS, GROWTH_MB = 300, 200


class Load:
    """What came of it, from all threads."""

    def __init__(self, url: str, users: int, seconds: float) -> None:
        self.url, self.end = url, time.monotonic() + seconds
        self.waits = [list[float]() for _ in range(users)]  # of each reader, for each answer
        self.searches, self.faults = list[float](), list[str]()

    def asker(self, number: int) -> Callable[[str], dict[str, Any]]:
        """How this reader asks: every other one through Gradio's queue, as the page does, the rest by our own API."""
        if number % 2:
            gradios = gradio_client.Client(self.url, verbose=False, httpx_kwargs={"trust_env": False, "timeout": 600})
            return lambda question: dict(gradios.predict(question, api_name="/ask"))
        http = client(self.url, timeout=600)
        return lambda question: dict(http.post("/api/ask", json={"question": question}).raise_for_status().json())

    def read(self, number: int) -> None:
        question, expected = QUESTIONS[number % len(QUESTIONS)]
        question += " " * (number // len(QUESTIONS))  # everyone's is another string
        ask = self.asker(number)
        while (begun := time.monotonic()) < self.end:
            try:
                answer = ask(question)
            except (httpx.HTTPError, gradio_client.exceptions.AppError) as error:
                self.faults.append(f"reader {number}: {error!r}")
                continue
            self.waits[number].append(time.monotonic() - begun)
            right = answer["abstained"] if expected is None else expected in answer["text"]
            if answer["question"] != question.strip() or not right:
                self.faults.append(f"reader {number}: {question!r} got {answer['text'][:200]!r}")

    def search(self) -> None:
        http = client(self.url)
        while (begun := time.monotonic()) < self.end:
            reply = http.get("/api/search", params={"q": "the fall of Hama", "k": 5})
            self.searches.append(1000 * (time.monotonic() - begun))
            if reply.status_code != 200:
                self.faults.append(f"search: {reply.status_code}")
            time.sleep(0.5)

    def report(self, memory: list[float]) -> None:
        counts, waits = [len(each) for each in self.waits], [wait for each in self.waits for wait in each]
        fewest, most = min(counts), max(counts)
        median, slow = statistics.median(self.searches), statistics.quantiles(self.searches, n=20)[18]
        growth = max(memory[len(memory) // 2 :]) - max(memory[: len(memory) // 2])
        print(f"{len(waits)} answers to {len(counts)} readers, {fewest} to {most} each, {os.cpu_count()} cores")
        print(f"waited: median {statistics.median(waits):.1f} s, longest {max(waits):.1f} s")
        print(f"{len(self.searches)} searches: median {median:.0f} ms, 95th percentile {slow:.0f} ms")
        print(f"memory: {memory[0]:.0f} MB at first, {memory[-1]:.0f} at last, second half {growth:+.0f}")
        self.faults += [f"the queue is unfair: {counts}"] if most > fewest + 1 else []
        self.faults += [f"searches wait: {slow:.0f} ms"] if slow > SEARCH_MS else []
        self.faults += [f"memory grows: {growth:.0f} MB"] if growth > GROWTH_MB else []
        print("".join(f"FAULT {fault}\n" for fault in self.faults), end="")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--users", type=int, default=20)
    options.add_argument("--minutes", type=float, default=5)
    given, memory = options.parse_args(), list[float]()
    with (
        tempfile.TemporaryDirectory() as data,
        started("--engine", "embedded", "--data-dir", data, "--first-folder", "seeds") as (url, process),
        ThreadPoolExecutor(given.users + 1) as threads,
    ):
        load = Load(url, given.users, 60 * given.minutes)
        going = {threads.submit(load.search), *(threads.submit(load.read, number) for number in range(given.users))}
        while going:
            memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
            done, going = wait(going, timeout=5)
            for one in done:
                one.result()  # raises what was raised there
    load.report(memory)
    sys.exit(bool(load.faults))


if __name__ == "__main__":
    main()
