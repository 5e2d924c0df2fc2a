"""Model files that are none, and an engine that dies or hangs: an error with its remedy, and the next answer comes."""

from __future__ import annotations

import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import pytest
from app_helpers import until
from engine_fixtures import spoken
from index_helpers import ROOT
from llama_index.core.llms import ChatMessage

from rag.engines import gguf
from rag.engines.connections import Connections
from rag.engines.embedded import EmbeddedEngine
from rag.engines.llama_server import LlamaServer
from rag.engines.stoppable import until_stopped
from rag.engines.weights import DEFAULT, fetch, model_dir
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, Stopped, WeightsError

SOON = 1.0
"""Seconds within which a stop is felt."""
FRANCE = [ChatMessage(role="user", content="What is the capital of France? Answer in one word.")]
ITALY = [ChatMessage(role="user", content="What is the capital of Italy? Answer in one word.")]
LONG = [ChatMessage(role="user", content="The cat sat on the mat. " * 400 + "Who sat where?")]
COUNT = [ChatMessage(role="user", content="Count from 1 to 1000.")]


# -- files

Fields = dict[str, str | int | list[str]]
CHATS: Fields = {"general.architecture": "qwen3", "tokenizer.chat_template": "{{ messages }}"}
WORDS: Fields = {"tokenizer.ggml.tokens": ["to", "and", "é"]}


def head(fields: Fields, tensors: int = 1) -> bytes:
    """The head of a GGUF file of version 3."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    def field(value: str | int | list[str]) -> bytes:
        if isinstance(value, str):
            return struct.pack("<I", 8) + text(value)
        if isinstance(value, int):
            return struct.pack("<II", 4, value)
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))

    told = b"".join(text(name) + field(value) for name, value in fields.items())
    return struct.pack("<4sIQQ", b"GGUF", 3, tensors, len(fields)) + told


RIGHT = head(WORDS | CHATS)
WEIGHTS = random.Random(1).randbytes(1 << 20)
UNREADABLE = "is damaged or cut short: its head cannot be read"
FILES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is not a GGUF model file"),
    "a picture": (b"\x89PNG\r\n", "is not a GGUF model file"),
    "cut in its vocabulary": (RIGHT[:90], UNREADABLE),
    "noise": (b"GGUF\x03\0\0\0" + WEIGHTS, UNREADABLE),
    "a text longer than the world": (head({})[:16] + b"\1" + bytes(7) + b"\xff" * 8, UNREADABLE),
    "a list in a list in a list": (
        head({})[:16] + b"\1" + bytes(7) + struct.pack("<QI", 0, 9) + struct.pack("<IQ", 9, 1) * 20_000,
        UNREADABLE,
    ),
    "a vocabulary only": (head(WORDS | CHATS, tensors=0), "holds no weights"),
    "an embedding model": (
        head(CHATS | {"general.architecture": "bert", "bert.pooling_type": 1}) + WEIGHTS, "makes embeddings",
    ),
    "an embedding model made of one that chats": (head(CHATS | {"qwen3.pooling_type": 3}) + WEIGHTS, "makes embeddin"),
    "a model that goes on with texts": (head({"general.architecture": "gpt2"}) + WEIGHTS, "is no chat model"),
    "an adapter": (head(CHATS | {"general.type": "adapter"}) + WEIGHTS, "is no model, but belongs to one: adapter"),
    "zeros behind its beginning": (RIGHT + WEIGHTS * 7 + bytes(90 << 20), r"is damaged: 9\d % of it are zeros"),
    "zeros at its end": (RIGHT + WEIGHTS * 19 + bytes(1 << 20), "is damaged: [45] % of it are zeros"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_whole_chat_model_is_told_before_llama_cpp_sees_it(kind: str, tmp_path: Path) -> None:
    content, told = FILES[kind]
    path = tmp_path / "a.gguf"
    path.write_bytes(content)
    begun, before = time.monotonic(), set(psutil.Process().children())
    with pytest.raises(WeightsError, match=rf"a\.gguf {told}.*`--model PATH\.gguf`"):
        EmbeddedEngine(path).load()
    assert time.monotonic() - begun < 2 and set(psutil.Process().children()) == before


def test_a_whole_one_and_one_of_a_version_to_come_are_left_to_llama_cpp(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    for content in (RIGHT + WEIGHTS, RIGHT + WEIGHTS * 19 + bytes(200_000), b"GGUF\x09\0\0\0" + WEIGHTS):
        path.write_bytes(content)
        gguf.check(path)


def test_no_damage_of_a_head_is_anything_but_that(tmp_path: Path) -> None:
    path, dice, seen = tmp_path / "a.gguf", random.Random(7), set[str]()
    for _ in range(400):
        content = bytearray(RIGHT[: dice.randrange(4, len(RIGHT) + 1)])
        for _ in range(dice.randrange(4)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        path.write_bytes(b"GGUF" + content[4:])
        try:
            gguf.read_head(path)
            seen.add("read")
        except WeightsError:
            seen.add("damaged")
    assert seen == {"read", "damaged"}


@pytest.fixture(scope="module")
def model() -> Path:
    return fetch(DEFAULT, model_dir())


@pytest.mark.slow
@pytest.mark.parametrize(("begins", "told"), [(8 << 20, "llama.cpp cannot load .*: it is cut short"), (7 << 20, "9")])
def test_the_model_cut_short_or_zeroed_behind_seven_megabytes_does_not_answer(
    model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], begins: int, told: str
) -> None:
    path = tmp_path / "a.gguf"
    with model.open("rb") as whole:
        path.write_bytes(whole.read(begins))
    if told == "9":
        os.truncate(path, DEFAULT.size)
        told = r"is damaged: 99 % of it are zeros"
    with pytest.raises(WeightsError, match=f"{told}.*`dateline pull`"):
        EmbeddedEngine(path, threads=1).load()
    assert capfd.readouterr() == ("", "")


LIMITED = """
import resource, sys
from pathlib import Path
from llama_index.core.llms import ChatMessage
from rag.engines.embedded import EmbeddedEngine
from rag.errors import EngineError
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
try:
    EmbeddedEngine(Path(sys.argv[1]), threads=1).load()
except EngineError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (
            1_000_000_000,
            "takes 1.1 GB of memory or more, and 1.0 GB are free. Close other programs, or choose a smaller",
        ),
        (1_300_000_000, "or too large for the memory. Give another GGUF file"),
    ],
)
def test_too_little_memory_is_an_error_with_its_remedy(model: Path, limit: int, told: str) -> None:
    command = [sys.executable, "-c", LIMITED, str(model), str(limit)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("WeightsError ") and told in done.stdout
    assert done.stderr == ""


# -- a process that dies or hangs


@pytest.fixture
def engine(model: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(model, threads=1, timeout=300)
    yield engine
    engine.close()


def said(engine: EmbeddedEngine, question: list[ChatMessage], connections: Connections | None = None) -> str:
    return spoken(engine.stream(question, max_tokens=12, connections=connections))[0]


def process(engine: EmbeddedEngine) -> psutil.Process:
    """That in which its model is, or is being loaded."""
    until(lambda: bool(engine._loading or engine._slot), seconds=30)
    server: Any = engine._loading or engine._slot.server  # type: ignore[union-attr]
    return psutil.Process(server._process.pid)


def while_it_loads(engine: EmbeddedEngine, send: Callable[[psutil.Process], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(engine.load)
        this = process(engine)
        until(lambda: this.memory_info().rss > 200 << 20, seconds=60)  # it is reading the weights
        send(this)
        loading.result()


def while_it_reads(engine: EmbeddedEngine, send: Callable[[psutil.Process], None]) -> None:
    stream = engine.stream(LONG, max_tokens=50)
    assert list(islice(stream, 2)) == ["", ""]
    send(process(engine))
    list(stream)


def while_it_writes(engine: EmbeddedEngine, send: Callable[[psutil.Process], None]) -> None:
    stream = engine.stream(COUNT, max_tokens=3000)
    next(piece for piece in stream if piece)
    send(process(engine))
    list(stream)


DEATHS = [
    (while_it_loads, signal.SIGSEGV, WeightsError, "llama.cpp cannot load"),
    (while_it_loads, signal.SIGKILL, WeightsError, "most likely there is too little memory. Close other programs"),
    (while_it_reads, signal.SIGABRT, EngineInterrupted, "Ask again"),
    (while_it_writes, signal.SIGSEGV, EngineInterrupted, "Ask again"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("when", "how", "error", "told"), DEATHS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_crash_is_told_and_the_next_question_is_answered(
    when: Callable[..., None], how: signal.Signals, error: type[EngineError], told: str, engine: EmbeddedEngine
) -> None:
    with pytest.raises(error, match=told):
        when(engine, lambda this: this.send_signal(how))
    assert "Paris" in said(engine, FRANCE)


@pytest.mark.slow
def test_of_two_that_ask_at_once_both_are_answered_also_after_a_crash(engine: EmbeddedEngine) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            france, italy = pool.map(partial(said, engine), (FRANCE, ITALY))
            assert "Paris" in france and "Rome" in italy
            process(engine).kill()  # while nobody asks: the next don't hear of it


@pytest.mark.slow
@pytest.mark.parametrize("when", [while_it_reads, while_it_writes])
def test_one_that_hangs_is_given_up_and_the_next_question_gets_another(when: Callable[..., None], model: Path) -> None:
    engine = EmbeddedEngine(model, threads=1, timeout=20)
    try:
        with pytest.raises(EngineTimeout, match="no sign of life for 20 seconds"):
            when(engine, psutil.Process.suspend)
        assert "Paris" in said(engine, FRANCE)
    finally:
        engine.close()


@pytest.mark.slow
def test_one_that_hangs_while_it_loads_is_given_up_and_ends_with_its_engine(
    model: Path, engine: EmbeddedEngine
) -> None:
    server = LlamaServer(model, context_tokens=512, threads=1, timeout=300)
    psutil.Process(server._process.pid).suspend()
    with pytest.raises(EngineTimeout, match=r"has not loaded .* within 1 seconds"):
        server.load(seconds=1)
    assert not server.runs
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(while_it_loads, engine, psutil.Process.suspend)
        this = process(engine)
        until(lambda: this.status() == psutil.STATUS_STOPPED, seconds=60)
        begun = time.monotonic()
        engine.close()
        assert time.monotonic() - begun < SOON and not this.is_running()
        assert isinstance(loading.exception(5), EngineUnavailable)


# -- called off


@pytest.mark.slow
def test_a_stop_is_felt_while_it_loads_reads_and_writes_and_who_goes_leaves_it_to_the_next(
    engine: EmbeddedEngine,
) -> None:
    reads = threading.Event()

    def listen(question: list[ChatMessage], connections: Connections) -> None:
        for _ in engine.stream(question, max_tokens=3000, connections=connections):
            reads.set()

    for number, question in enumerate((LONG, LONG, COUNT)):  # it loads, it reads, it writes
        connections, stop = Connections(), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(until_stopped, partial(listen, question, connections), stop, connections)
            until(lambda: bool(engine._loading) if number == 0 else reads.is_set(), seconds=60)  # noqa: B023
            begun = time.monotonic()
            stop.set()
            assert isinstance(asked.exception(SOON), Stopped) and time.monotonic() - begun < SOON
        engine.load()
        reads.clear()
    stream = engine.stream(LONG, max_tokens=3000)
    next(stream)
    stream.close()  # the asker goes away while it reads
    assert "Paris" in said(engine, FRANCE)
