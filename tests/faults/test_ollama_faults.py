"""What may answer at Ollama's address, by bytes: each fault is an error of ours with its remedy, in its time."""

from __future__ import annotations

import itertools
import json
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import pytest
from engine_fixtures import spoken
from llama_index.core.llms import ChatMessage
from ollama_double import RECORDED_MODEL as MODEL
from ollama_double import closed_port, recorded
from raw_server import RawServer, Says, drip, head, silent

from index.errors import EmbedderError
from index.ollama_embed import OllamaEmbedder
from rag.engines.connections import Connections
from rag.engines.ollama import OllamaEngine
from rag.engines.ollama_server import installed_models, is_running, pull
from rag.engines.openai import OpenAIEngine
from rag.engines.openai_server import OpenAIServer
from rag.engines.stoppable import until_stopped
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, ModelMissing, Stopped

QUESTION = [ChatMessage(role="user", content="Homs is 25 miles south of Hama. How far is it? The word is velvet.")]
PATIENCE = 1.0
"""Seconds that are allowed for a line."""
SOON = 1.0
"""Seconds within which a stop is felt."""


def draft(url: str, connections: Connections | None = None) -> Any:
    engine = OllamaEngine(MODEL, host=url, timeout=PATIENCE)
    return spoken(engine.stream(QUESTION, max_tokens=120, connections=connections))


def check(url: str, connections: Connections | None = None) -> Any:
    return OllamaEngine(MODEL, host=url, timeout=PATIENCE).yes_minus_no(QUESTION, connections=connections)


def embed(url: str) -> Any:
    return OllamaEmbedder(MODEL, host=url, timeout=PATIENCE).get_text_embedding_batch(["velvet"])


def fetch(url: str) -> Any:
    pull(url, MODEL, lambda *_: None, timeout=PATIENCE)


def models(url: str) -> Any:
    return installed_models(url, timeout=PATIENCE)


CALLS: dict[str, Callable[[str], Any]] = {
    "draft": draft, "check": check, "embed": embed, "pull": fetch, "list": models
}  # fmt: skip
LINES = [f"{line}\n".encode() for line in recorded("chat_stream")["response"]["lines"]]
PULL = b'{"status":"pulling manifest"}\n'
TAGS = json.dumps({"models": [{"name": MODEL, "capabilities": ["completion"]}]}).encode()
VECTORS = json.dumps({"model": MODEL, "embeddings": [[0.5, 0.5]]}).encode()
BEGINS = {"draft": b"".join(LINES[:3]), "check": b'{"model":', "embed": b'{"model":', "pull": PULL, "list": b'{"mod'}
"""How an answer begins that is right so far, to each kind of request."""
ANOTHER = LINES[0].replace(MODEL.encode(), b"tinyllama:latest")


def says(*pieces: bytes | None) -> Callable[[str], Says]:
    return lambda call: lambda asked: pieces


def begins(then: Callable[[], Iterable[bytes | None]]) -> Callable[[str], Says]:
    """The beginning of a right answer, and then that."""
    return lambda call: lambda asked: itertools.chain([head() + BEGINS[call]], then())


def refuses(status: str, words: str) -> Callable[[str], Says]:
    return says(head(status, "application/json"), json.dumps({"error": words}).encode())


def flood(piece: bytes, megabytes: int = 1000) -> Iterator[bytes]:
    return itertools.repeat(piece * ((1 << 20) // len(piece)), megabytes)


def for_ever(piece: bytes, pause: float = 0.0) -> Iterator[bytes]:
    while True:
        yield piece
        time.sleep(pause)


CUT, LATE, NOT_OLLAMA = "broke off|stopped before", "kept us waiting for 1 seconds", "does not (speak|embed)"
CHATS, STREAMS = ("draft", "check"), ("draft", "pull")
ALL = tuple(CALLS)

FAULTS: dict[str, tuple[Callable[[str], Says], tuple[str, ...], type[EngineError], str, float]] = {
    # what answers; to which requests it may; the error of an engine's, its words; seconds
    "no byte": (says(*silent(0)), ALL, EngineInterrupted, CUT, 3),
    "slow first byte": (lambda call: lambda asked: silent(), ALL, EngineTimeout, LATE, 3),
    "slow head": (lambda call: lambda asked: drip(head() * 20), ALL, EngineTimeout, LATE, 3),
    "slow body": (begins(lambda: drip(b'"' + b"a" * 80)), ALL, EngineTimeout, LATE, 4),
    "a newline a second": (lambda call: lambda asked: itertools.chain([head("500 Oh")], drip(b"\n" * 80)), ALL,
                           EngineTimeout, LATE, 4),
    "reset before the head": (says(None), ALL, EngineInterrupted, CUT, 3),
    "reset": (begins(lambda: [None]), STREAMS, EngineInterrupted, CUT, 2),
    "cut in mid-token": (begins(lambda: [LINES[3][:50]]), ("draft",), EngineInterrupted, "cannot be read", 2),
    "cut between lines": (begins(lambda: []), STREAMS, EngineInterrupted, "no end|stopped before", 2),
    "cut in one piece": (begins(lambda: []), ("check", "embed", "list"), EngineUnavailable, NOT_OLLAMA, 2),
    "500": (refuses("500 Internal Server Error", "no room"), ("draft", "check", "list"), EngineError, "no room", 2),
    "500 where it fetches": (refuses("500 Oh", "no room"), ("pull", "embed"), EngineError, "no room", 2),
    "503 for long": (refuses("503 Busy", "too many"), ("draft", "check", "list"), EngineError, "too many", 4),
    "no such model": (refuses("404 Not Found", f"model '{MODEL}' not found"), CHATS, ModelMissing, "dateline pull", 2),
    "malformed": (says(head(), b'{"model": nonsense}\n'), ALL, EngineUnavailable, NOT_OLLAMA, 2),
    "malformed in mid-answer": (begins(lambda: [b"{]\n"]), ("draft",), EngineInterrupted, "cannot be read", 2),
    "other JSON": (says(head(), b"[1]\n"), ALL, EngineUnavailable, NOT_OLLAMA, 2),
    "other fields": (says(head(), b'{"message": 3, "embeddings": 3, "status": [], "models": 3}\n'), ALL,
                     EngineUnavailable, NOT_OLLAMA, 2),
    "too many brackets": (says(head(), b"[" * 100_000), ALL, EngineUnavailable, NOT_OLLAMA, 2),
    "a number without end": (says(head(), b'{"a":' + b"1" * 9999 + b"}\n"), ALL, EngineUnavailable, NOT_OLLAMA, 2),
    "a page of a portal": (says(head(kind="text/html"), b"<html><p>Sign in to this network</html>"), ALL,
                           EngineUnavailable, NOT_OLLAMA, 2),
    "no HTTP": (says(b"220 mail.example.org ESMTP\r\n"), ALL, EngineInterrupted, CUT, 3),
    "packed": (says(head(**{"Content-Encoding": "gzip"}), b"\x1f\x8b"), ALL, EngineUnavailable, NOT_OLLAMA, 2),
    "unloaded in mid-answer": (begins(lambda: [json.dumps({"error": "model was unloaded"}).encode()]), ("draft",),
                               EngineInterrupted, "model was unloaded. Ask again", 2),
    "unloaded instead": (says(head(), json.dumps({
        "model": MODEL, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "unload"
    }).encode()), CHATS, EngineInterrupted, "unload.*Ask again", 2),
    "another model": (says(head(), ANOTHER), CHATS, EngineError, "tinyllama:latest instead of", 2),
    "endless repetition": (lambda call: lambda asked: itertools.chain([head()], for_ever(LINES[1])), ("draft",),
                           EngineInterrupted, "writes on beyond the 120 tokens", 3),
    "a head without end": (lambda call: lambda asked: itertools.chain([head()[:-2]], flood(b"X-A: b\r\n")), ALL,
                           EngineInterrupted, CUT, 4),
    "a line of a gigabyte": (begins(lambda: flood(b"a")), ALL, EngineError, NOT_OLLAMA + "|cannot be read", 5),
    "a gigabyte of lines": (lambda call: lambda asked: itertools.chain([head("500 Oh")], flood(b"\n")), ALL,
                            EngineUnavailable, NOT_OLLAMA, 5),
}  # fmt: skip
ROWS = [(name, call) for name, fault in FAULTS.items() for call in fault[1]]
MEMORY = 150_000
"""KiB by which this process may grow."""


@pytest.mark.parametrize(("name", "call"), ROWS, ids=map("-".join, ROWS))
def test_each_fault_is_told_with_its_remedy_in_its_time_and_little_memory(name: str, call: str) -> None:
    answers, _, error, told, seconds = FAULTS[name]
    wanted: Any = EmbedderError if call == "embed" else error
    with RawServer(answers(call)) as server:
        memory, begun = _most_memory(), time.monotonic()
        with pytest.raises(wanted, match=told) as raised:
            CALLS[call](server.url)
        assert time.monotonic() - begun < seconds
    assert _most_memory() - memory < MEMORY
    assert any(word in str(raised.value) for word in ("--", "`", "correct", "run the same", "Ask again", "pull"))


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("call", ALL)
@pytest.mark.parametrize("where", ["refused", "no such name"])
def test_where_nobody_is_that_is_told_at_once(where: str, call: str) -> None:
    begun = time.monotonic()
    with pytest.raises((EngineUnavailable, EmbedderError), match=r"No Ollama answers at .*start it with"):
        CALLS[call](f"127.0.0.1:{closed_port()}" if where == "refused" else "ollama.invalid")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "fault", ["slow first byte", "slow head", "slow body", "a page of a portal", "a line of a gigabyte"]
)
def test_looking_whether_there_is_one_takes_its_second_whatever_answers(fault: str) -> None:
    with RawServer(FAULTS[fault][0]("list")) as server:
        begun = time.monotonic()
        assert not is_running(server.url, timeout=PATIENCE)
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
@pytest.mark.parametrize("call", ALL)
def test_nothing_follows_a_redirect_to_another_computer(call: str, status: str) -> None:
    with RawServer(lambda asked: [head(), LINES[0]]) as elsewhere:
        with RawServer(lambda asked: [head(status, Location=f"{elsewhere.url}/api/chat")]) as server:
            with pytest.raises((EngineUnavailable, EmbedderError), match="OLLAMA_HOST"):
                CALLS[call](server.url)
        assert server.asked and elsewhere.asked == []


@pytest.mark.parametrize("fault", ["slow head", "slow body", "a line of a gigabyte"])
def test_a_server_that_speaks_as_openai_is_not_waited_for_longer(fault: str) -> None:
    with RawServer(FAULTS[fault][0]("check")) as server:
        engine = OpenAIEngine(MODEL, server=OpenAIServer.of(server.url, None), timeout=PATIENCE)
        memory, begun = _most_memory(), time.monotonic()
        with pytest.raises(EngineError, match=r"DATELINE_TIMEOUT=2|does not speak OpenAI's language"):
            spoken(engine.stream(QUESTION, max_tokens=120))
        assert time.monotonic() - begun < 5
    assert _most_memory() - memory < MEMORY
    assert len(server.asked) == 1


# -- asked again, where nothing was shown


PASSING: dict[str, list[bytes | None]] = {
    "reset": [None],
    "closed": [b""],
    **{one: [head(f"{one} Oh", "text/html") + b"<p>Oh</p>"] for one in ("502", "503", "504")},
}
RIGHT = {
    "draft": b"".join(LINES),
    "check": LINES[-1],
    "embed": VECTORS,
    "pull": b'{"status":"success"}\n',
    "list": TAGS,
}


@pytest.mark.parametrize("call", ALL)
@pytest.mark.parametrize("passing", PASSING)
def test_what_passes_is_got_over_twice_unseen(passing: str, call: str) -> None:
    def answers(asked: bytes) -> Iterable[bytes | None]:
        return PASSING[passing] if len(server.asked) <= 2 else [head() + RIGHT[call]]

    with RawServer(answers) as server:
        CALLS[call](server.url)
    assert len(server.asked) == 3 and len(set(server.asked)) == 1


@pytest.mark.parametrize("fault", ["reset", "cut in mid-token", "malformed in mid-answer", "slow body", "500"])
def test_nothing_is_asked_again_once_there_is_an_answer(fault: str) -> None:
    with RawServer(FAULTS[fault][0]("draft")) as server:
        with pytest.raises(EngineError):
            draft(server.url)
        assert len(server.asked) == 1


# -- called off


HANGING = ["slow first byte", "slow head", "slow body", "a newline a second", "503 for long", "reset before the head"]


@pytest.mark.parametrize("call", [draft, check])
@pytest.mark.parametrize("fault", [*HANGING, "endless"])
def test_a_stop_is_felt_whatever_answers_and_nothing_is_asked_any_more(fault: str, call: Any) -> None:
    endless: Says = lambda asked: itertools.chain([head()], for_ever(LINES[1], 0.1))  # noqa: E731
    with RawServer(endless if fault == "endless" else FAULTS[fault][0]("draft")) as server:
        connections, stop = Connections(), threading.Event()
        threading.Timer(0.2, stop.set).start()
        begun = time.monotonic()
        with pytest.raises(Stopped):
            until_stopped(partial(call, server.url, connections), stop, connections)
        assert time.monotonic() - begun < SOON
        asked = len(server.asked)
        time.sleep(SOON)
        assert len(server.asked) == asked
        assert not [one for one in threading.enumerate() if one.name == "engine"]
