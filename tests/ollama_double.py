"""A double of an Ollama server: real HTTP on loopback, speaking what a real one was recorded to say.

    with OllamaDouble() as ollama:                                    # the recordings, as they are
        OllamaEngine("qwen2.5-coder:0.5b", host=ollama.url)
        ollama.chats[-1]["options"]                                   # the JSON that arrived

    OllamaDouble(models=[installed("qwen3:4b", "4.0B")])              # pretends to have other models
    OllamaDouble(chat=speaks(lambda messages, options: "Yes."))       # says what the test wants
    OllamaDouble(chat=cut_connection(after=3))                        # dies

The recordings are in data/ollama_wire. What no recording shows is written by hand below the line that says so.
"""

from __future__ import annotations

import itertools
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from select import select
from typing import Any, Literal, NamedTuple, Self

WIRE = Path(__file__).parent / "data" / "ollama_wire"
RECORDED_MODEL = "qwen2.5-coder:0.5b"
JSON, STREAM, TEXT = "application/json; charset=utf-8", "application/x-ndjson", "text/plain"
EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Reply:
    """What is sent back. A stream (NDJSON, or events) goes out in chunks, a line at a time."""

    lines: Iterable[str]
    status: int = 200
    kind: str = STREAM
    """The content type."""
    ending: Literal["clean", "cut", "held"] = "clean"
    """"cut": the connection breaks inside a chunk; "held": nothing more comes until the client leaves."""
    gate: threading.Event | None = None
    """Nothing is sent before this is set."""


class Request(NamedTuple):
    path: str
    json: Any
    headers: dict[str, str]
    """By their names in small letters."""


Answer = Reply | Callable[[dict[str, Any]], Reply]
"""A reply, or a function from the request's JSON to one."""


# -- what was recorded


def recorded(name: str) -> Any:
    """The request and the response of data/ollama_wire/NAME.json."""
    return json.loads((WIRE / f"{name}.json").read_text(encoding="utf-8"))


def recording(name: str) -> Reply:
    """The reply of data/ollama_wire/NAME.json, byte for byte."""
    response = recorded(name)["response"]
    return Reply(response["lines"], response["status"], response["headers"]["Content-Type"])


def recorded_chat(request: dict[str, Any]) -> Reply:
    """The recording that fits the request: a stream, or log-probabilities."""
    return recording("chat_stream" if request.get("stream") else "chat_logprobs")


def _part(name: str, number: int = 0) -> dict[str, Any]:
    return dict(json.loads(recorded(name)["response"]["lines"][number]))


def installed(name: str, parameters: str = "4.0B", **told: Any) -> dict[str, Any]:
    """A model for /api/tags, in the recorded form but for what is `told`; None: an Ollama that does not tell it."""
    model: dict[str, Any] = _part("tags")["models"][0] | {"name": name, "model": name} | told
    model["details"] |= {"parameter_size": parameters}
    return {key: value for key, value in model.items() if value is not None}


def speaks(
    speak: Callable[[list[dict[str, str]], dict[str, Any]], str | Iterable[str]],
    *,
    first_token: Callable[[list[dict[str, str]]], dict[str, float]] | None = None,
    count: Callable[[str], int] = lambda text: len(text) // 4 + 1,
    sure: float | None = None,
) -> Callable[[dict[str, Any]], Reply]:
    """Chat whose text is the test's own, in the recorded form.

    `speak(messages, options)` returns the text, or pieces of it to be sent as they come. At most num_predict pieces are
    sent. `first_token(messages)` gives the likeliest first tokens and their log-probabilities, `sure` is that of each
    piece in a stream; without them the double is an old Ollama that knows none.
    """

    def chat(request: dict[str, Any]) -> Reply:
        messages, options = request["messages"], dict(request.get("options") or {})
        about = {"model": request["model"], "prompt_eval_count": count("\n".join(m["content"] for m in messages))}
        if first_token and not request.get("stream"):
            tokens = sorted(first_token(messages).items(), key=lambda pair: -pair[1])
            listed = [{"token": token, "logprob": p, "bytes": list(token.encode())} for token, p in tokens]
            first = listed[0] | {"top_logprobs": listed}
            return whole(_part("chat_logprobs") | about | {"message": _said(tokens[0][0]), "logprobs": [first]})
        spoken = speak(messages, options)
        pieces = re.findall(r"\s*\S+|\s+$", spoken) if isinstance(spoken, str) else spoken
        parts = _spoken(about, pieces, options.get("num_predict", -1), sure)
        if request.get("stream"):
            return Reply(map(json.dumps, parts))
        sent = list(parts)
        return whole(sent[-1] | {"message": _said("".join(part["message"]["content"] for part in sent))})

    return chat


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def whole(answer: dict[str, Any], status: int = 200) -> Reply:
    """An answer in one piece."""
    return Reply([json.dumps(answer)], status, JSON)


def _spoken(about: dict[str, Any], pieces: Iterable[str], most: int, sure: float | None) -> Iterator[dict[str, Any]]:
    first, last = _part("chat_stream"), _part("chat_stream", -1)
    coming, sent = iter(pieces), 0
    for piece in itertools.islice(coming, most) if most >= 0 else coming:
        sent += 1
        logprobs = {"logprobs": [{"token": piece, "logprob": sure}]} if sure is not None else {}
        yield first | {"model": about["model"], "message": _said(piece)} | logprobs
    reason = "length" if sent == most and next(coming, None) is not None else "stop"
    yield last | about | {"done_reason": reason, "eval_count": sent}


# -- written by hand: no recording shows these


def end_without_done(after: int = 3, ending: Literal["clean", "cut", "held"] = "clean") -> Reply:
    """The recorded stream, ended too early."""
    return Reply(recorded("chat_stream")["response"]["lines"][:after], ending=ending)


cut_connection, held_open = partial(end_without_done, ending="cut"), partial(end_without_done, ending="held")


def error_in_mid_stream() -> Reply:
    """The recorded stream, broken off by an error line."""
    return Reply([*end_without_done().lines, json.dumps({"error": "llama runner process has terminated"})])


def slow(gate: threading.Event, then: Answer = recorded_chat) -> Callable[[dict[str, Any]], Reply]:
    """Accepts the request and answers when `gate` is set; leaving the double sets it too."""
    return lambda request: replace(_reply(then, request), gate=gate)


def loaded(request: dict[str, Any]) -> Reply:
    """The answer to a chat without messages: the model is in memory."""
    told = {"model": request["model"], "created_at": "2026-11-22T02:00:35.7Z", "message": _said("")}
    return whole(told | {"done": True, "done_reason": "load"})


def stranger() -> Reply:
    """An Ollama on the loopback address that is asked by a name it does not know."""
    return Reply([""], 403, TEXT)


def refuses(status: int, words: str) -> Reply:
    return whole({"error": words}, status)


def endless(pause: float = 0.02) -> Iterator[str]:
    """Words to speak, one after another, for as long as somebody listens, or to the longest answer."""
    for number in itertools.count():
        time.sleep(pause)
        yield f" word{number}"


def pull_finished() -> Reply:
    """A pull that ends well: the lines that the recordings' README describes."""
    layer = {"status": "pulling 3e4cb1417446", "digest": "sha256:3e4cb1417446", "total": 2497280480}
    arriving = [layer | {"completed": layer["total"] * part // 4} for part in (1, 2, 3, 4)]
    steps = [{"status": "pulling manifest"}, layer, *arriving, {"status": "verifying sha256 digest"}]
    return Reply([json.dumps(step) for step in [*steps, {"status": "writing manifest"}, {"status": "success"}]])


def closed_port() -> int:
    """A port of this machine at which nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- the server


class OllamaDouble:
    """An Ollama server on 127.0.0.1, for as long as the `with` lasts. All requests are kept in `requests`.

    `models` is what it has (None: the two recorded ones); `chat`, `load`, `ahead` (what is read before a question),
    `embed` and `pull` answer these requests, once the model is there. What goes wrong in a function of the test is
    raised when the `with` ends.
    """

    def __init__(
        self,
        *,
        chat: Answer = recorded_chat,
        models: Sequence[dict[str, Any]] | None = None,
        pull: Answer | None = None,
        load: Answer = loaded,
        ahead: Answer | None = None,
        embed: Answer | None = None,
        ps: str = "ps",
        everything: Answer | None = None,
    ) -> None:
        """`ps` is the recording of what is loaded. `everything` answers every request instead, whatever it asks."""
        self.models = list(_part("tags")["models"] if models is None else models)
        self.requests: list[Request] = []
        self.client_left = threading.Event()
        """Set when a client closes its connection before it had the whole answer."""
        self.chat = chat
        """May be set anew while it runs."""
        self.gates: list[threading.Event] = []
        self.connections: list[socket.socket] = []
        self.failures: list[Exception] = []
        self._load, self._embed, self._everything = load, embed or recording("embed_chat_model"), everything
        self._ahead = ahead or recording("chat")
        self._fixed: dict[str, Answer] = {
            "/api/version": recording("version"),
            "/api/ps": recording(ps),
            "/api/tags": lambda _: whole({"models": self.models}),
            "/api/pull": pull or pull_finished(),
        }
        self._listen(0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _listen(self, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"double": self}))

    @property
    def chats(self) -> list[dict[str, Any]]:
        """The JSON of each request for chat."""
        return [asked for asked in self._to_chat if asked["messages"] and not _is_ahead(asked)]

    @property
    def read_ahead(self) -> list[list[dict[str, str]]]:
        """The messages of each request that only has them read."""
        return [asked["messages"] for asked in self._to_chat if _is_ahead(asked)]

    @property
    def loads(self) -> list[dict[str, Any]]:
        """The JSON of each chat without messages, which has the model loaded."""
        return [asked for asked in self._to_chat if not asked["messages"]]

    @property
    def _to_chat(self) -> list[dict[str, Any]]:
        return [request.json for request in self.requests if request.path == "/api/chat"]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def leave(self) -> None:
        """Goes away, in the middle of whatever it was saying."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self.connections:
            _break(connection)

    def come_back(self) -> None:
        """Is there again, at the same address."""
        self._listen(self._server.server_port)
        self.__enter__()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for gate in self.gates:
            gate.set()
        self.leave()
        if self.failures and error is None:
            raise self.failures[0]

    def answer(self, request: Request) -> Reply:
        asked = request.json or {}
        if found := self._everything or self._fixed.get(request.path):
            return _reply(found, asked)
        if request.path not in ("/api/show", "/api/embed", "/api/chat"):
            return Reply(["404 page not found"], 404, TEXT)
        name = asked["model"]
        model = next((one for one in self.models if one["name"] in (name, f"{name}:latest")), None)
        if model is None:
            return refuses(404, _part("chat_missing_model")["error"].replace("qwen3:4b", name))
        if request.path == "/api/show":
            return whole(_part("show") | {key: model[key] for key in {"capabilities"} & model.keys()})
        if request.path == "/api/embed":
            return _reply(self._embed, asked)
        if "completion" not in model.get("capabilities", ["completion"]):
            return refuses(400, f'"{name}" does not support chat')  # written by hand
        if not asked["messages"]:
            return _reply(self._load, asked)
        return _named(name, _reply(self._ahead if _is_ahead(asked) else self.chat, asked))


def _is_ahead(asked: dict[str, Any]) -> bool:
    """Whether nothing is done with the one token that comes."""
    return asked["options"].get("num_predict") == 1 and not asked.get("logprobs")


def _named(model: str, reply: Reply) -> Reply:
    """The same of the model that was asked: it is always that one which answers."""
    recorded_model = re.compile(r'(?<="model":")qwen2\.5-coder:[\w.]+(?=")')
    return replace(reply, lines=(recorded_model.sub(model, line) for line in reply.lines))


def _reply(answer: Answer, request: dict[str, Any]) -> Reply:
    return answer if isinstance(answer, Reply) else answer(request)


def _break(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A client may leave whenever it likes; of all else a traceback is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*_)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    double: OllamaDouble

    def setup(self) -> None:
        super().setup()
        self.double.connections.append(self.connection)

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # a client that was cut off while it asked, as what is read ahead may be
            self.double.client_left.set()
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.double.requests.append(request := Request(self.path, json.loads(body) if body else None, headers))
        try:
            reply = self.double.answer(request)
            if reply.gate is not None:
                self._wait(reply.gate)
            self._send(reply)
        except (BrokenPipeError, ConnectionResetError):
            self.double.client_left.set()
            self.close_connection = True
        except Exception as error:
            self.double.failures.append(error)
            self.close_connection = True

    do_POST = do_GET  # noqa: N815

    def _wait(self, gate: threading.Event) -> None:
        """Waits for the gate; a client that leaves meanwhile is seen, as Ollama sees it."""
        self.double.gates.append(gate)
        while not gate.wait(0.01):
            if select([self.connection], [], [], 0)[0] and not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        if reply.kind not in (STREAM, EVENTS):
            content = "\n".join(reply.lines).encode()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in reply.lines:
            data = line.encode() + b"\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        if reply.ending == "clean":
            self.wfile.write(b"0\r\n\r\n")
            return
        self.close_connection = True
        if reply.ending == "cut":
            self.wfile.write(b'100\r\n{"model":"qwen2.5')
            _break(self.connection)
        elif not self.connection.recv(1):
            self.double.client_left.set()

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: the test shows what matters."""
