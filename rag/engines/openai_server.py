"""An OpenAI-compatible server: where it is, what it serves, and what its failures mean.

Light to import, so that a model can be chosen without waiting for LlamaIndex.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import httpx

from index.network import default_host
from index.patience import patient
from rag.errors import EngineError, EngineInterrupted, EngineTimeout, EngineUnavailable, ModelMissing, SettingsError

if TYPE_CHECKING:
    from rag.engines.connections import Connections

_NAMED = 20
"""So many models are named where one has to be chosen; a large host serves hundreds."""
# what OpenAI's client adds of this machine, and of the environment's OPENAI_…, is no business of another server
_HEADERS = {
    "accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent",
}  # fmt: skip
_NOBODY_THERE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.InvalidURL)
_NO_SUCH_MODEL = re.compile(r"\bmodel\b.*\b(not exist|not found)|invalid model|model_not_found", re.IGNORECASE)
_OVER_THE_WINDOW = re.compile(r"context[ _](length|size|window)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that the server has."""

    name: str
    window: int
    """Tokens of prompt and answer together; 0 where the server does not tell."""


@dataclass(frozen=True, slots=True)
class OpenAIServer:
    """Where a server is, and the key to it."""

    address: str
    key: str = field(default="", repr=False)

    @classmethod
    def of(cls, base_url: str | None, api_key: str | None) -> Self:
        """The server of these settings. Raises SettingsError, which repeats neither: both may hold a secret."""
        if not base_url:
            raise SettingsError(
                "The engine openai needs the address of its server: give it like --base-url http://127.0.0.1:8000/v1, "
                "or in DATELINE_BASE_URL."
            )
        key = (api_key or "").strip()
        if not re.fullmatch(r"[!-~]*", key):
            raise SettingsError("The API key holds characters that no key has: copy it into DATELINE_API_KEY again.")
        try:
            if "://" not in base_url:
                raise SettingsError
            return cls(default_host({"OLLAMA_HOST": base_url}), key)
        except SettingsError:
            raise SettingsError(
                "The base URL is no address of a server: write it like http://127.0.0.1:8000/v1, without a user's name."
            ) from None

    def models(self, *, timeout: float = 5.0) -> list[ServedModel]:
        """What it serves, in its own order. Raises EngineUnavailable, EngineTimeout or another EngineError."""
        with self.connect(timeout, streamed=False) as client:
            reply = client.get(f"{self.address}/models")
            if reply.status_code != 200:
                raise self.refusal(reply)
            listed = reply.json()
            if not isinstance(listed, dict) or not isinstance(listed.get("data"), list):
                raise self.not_openai()
            told = [one for one in listed["data"] if isinstance(one, dict) and isinstance(one.get("id"), str)]
            return [ServedModel(one["id"], _window(one)) for one in told]

    def choose(self, wanted: str | None) -> ServedModel:
        """The model that is `wanted`, or the only one that there is. Raises ModelMissing, and what `models` does."""
        models = self.models()
        fitting = [one for one in models if wanted is None or one.name == wanted]
        if len(fitting) == 1:
            return fitting[0]
        if not models:
            raise ModelMissing(f"The server at {self.address} has no model: load one there, then ask again.")
        names = ", ".join(one.name for one in models[:_NAMED]) + (", …" if len(models) > _NAMED else "")
        about = f"has no model {wanted!r}" if wanted else f"has {len(models)} models"
        raise ModelMissing(f"The server at {self.address} {about}: name one of its own with --model ({names}).")

    # ------------------------------------------------------------- how it is asked, and what its failures mean

    @contextmanager
    def connect(
        self, timeout: float, connections: Connections | None = None, *, streamed: bool = True
    ) -> Iterator[httpx.Client]:
        """A client, and failures that are EngineErrors which say what to do.

        Leaving closes its connections. `timeout` is the longest wait in seconds for a line of a `streamed` answer,
        where the user can allow more by a setting, or for another's whole.
        """

        def prepare(request: httpx.Request) -> None:
            for name in set(request.headers) - _HEADERS:
                del request.headers[name]
            if self.key:
                request.headers["Authorization"] = f"Bearer {self.key}"

        if connections:
            connections.check()
        # never asked twice: some are paid for each question
        options = patient(self.address, timeout, by_line=streamed, retry=False, sockets=connections)
        try:
            with httpx.Client(event_hooks={"request": [prepare]}, **options) as client:
                yield client
        except _NOBODY_THERE as error:
            raise self._unreachable(str(error)) from error
        except httpx.TimeoutException as error:
            longer = f"Give it longer with DATELINE_TIMEOUT={2 * timeout:g}, or restart it."
            remedy = longer if streamed else "Restart it, or use --engine embedded."
            raise EngineTimeout(f"The server at {self.address} was silent for {timeout:g} seconds. {remedy}") from error
        except httpx.TransportError as error:
            raise self.interrupted("the connection was cut") from error
        except (httpx.HTTPError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise self.not_openai() from error

    def refusal(self, reply: httpx.Response, model: str = "") -> EngineError:
        """What an answer with another status than 200 means."""
        status, told = reply.status_code, self.words(reply.text)
        if status in (401, 403):
            return EngineError(
                f"The server at {self.address} does not take the API key ({status}): correct DATELINE_API_KEY."
                if self.key
                else f"The server at {self.address} asks for an API key ({status}): set DATELINE_API_KEY."
            )
        if status in (429, 503):
            return EngineUnavailable(
                f"The server at {self.address} takes no question now ({status}: {told}). Ask again in a minute, or use "
                "--engine embedded."
            )
        if model and status in (400, 404) and _NO_SUCH_MODEL.search(reply.text):
            return ModelMissing(
                f"The server at {self.address} has no model {model!r} any more: leave --model out, or look with "
                "`dateline doctor` what it has."
            )
        if status < 400 or status in (404, 405):
            return self.not_openai()
        if status < 500 and _OVER_THE_WINDOW.search(reply.text):
            return EngineError(
                f"The prompt is longer than the model's window: {told}. Give the model a larger one on its server, and "
                "say how large with DATELINE_CONTEXT_TOKENS, or show it less with DATELINE_EVIDENCE_TOKENS."
            )
        return EngineError(
            f"The server at {self.address} refused ({status}): {told}. Look into its log, choose another model with "
            "--model, or use --engine embedded."
        )

    def interrupted(self, why: str) -> EngineInterrupted:
        """The error for an answer that stopped before its end."""
        return EngineInterrupted(
            f"The server at {self.address} broke off: {why}. Ask again; if it happens again, look into its log, or use "
            "--engine embedded."
        )

    def not_openai(self) -> EngineUnavailable:
        """The error for an answer that OpenAI's API does not know."""
        return EngineUnavailable(
            f"What answers at {self.address} does not speak OpenAI's language: correct --base-url, which for most "
            "servers ends with /v1, or use --engine embedded."
        )

    def words(self, text: str) -> str:
        """The server's own words in `text`, on one line, at most 300 characters, without the key."""
        try:
            told = json.loads(text)
        except ValueError:
            told = "" if text.lstrip().startswith("<") else text  # a page of a proxy's is no sentence
        while isinstance(told, (dict, list)):
            named = told if isinstance(told, dict) else dict(enumerate(told))
            told = next((named[name] for name in ("error", "message", "detail", "msg", 0) if named.get(name)), "")
        line = " ".join(str(told).split())
        line = line.replace(self.key, "…") if self.key else line
        return line[:300].rstrip(".") or "no reason given"

    def _unreachable(self, why: str) -> EngineUnavailable:
        if "ssl" in why.lower():
            return EngineUnavailable(
                f"The server at {self.address} gives no connection that is safe: {why.rstrip('.')}. Correct http or "
                "https in --base-url, or name its certificate in SSL_CERT_FILE."
            )
        return EngineUnavailable(
            f"No server answers at {self.address}: start it, correct --base-url, or use --engine embedded."
        )


def _window(model: dict[str, Any]) -> int:
    """As vLLM tells it, or llama.cpp."""
    told = model.get("max_model_len") or (model.get("meta") or {}).get("n_ctx")
    return told if isinstance(told, int) else 0
