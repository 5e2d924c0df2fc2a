"""Any GGUF file of the hub: named, fetched, proved, found again without a network; and the list of models."""

import hashlib
import json
import random
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import huggingface_hub.constants
import pytest
from commands import Run
from model_hub import send, serving

from rag.engines import choose_engine
from rag.engines.hub import OnHub
from rag.errors import DatelineError, SettingsError
from rag.settings import Settings

MODEL = random.Random(2).randbytes((3 << 20) + 9)
NAME = "hf:someone/tiny-GGUF/sub/tiny-Q4_K_M.gguf"


class Hub:
    """The hub's answers: what is in a folder, what the card says, and the file."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ranges: list[str | None] = []
        self.sha256 = hashlib.sha256(MODEL).hexdigest()
        self.status, self.cut = 200, 0

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(request.path.partition("?")[0])
        self.asked.append(path)
        if self.status != 200:
            request.send_error(self.status)
        elif path == "/someone/tiny-GGUF/resolve/main/sub/tiny-Q4_K_M.gguf":
            self.ranges.append(request.headers["Range"])
            send(request, "application/octet-stream", len(MODEL), lambda at: [MODEL[at : self.cut or None]])
        elif path == "/api/models/someone/tiny-GGUF/tree/main/sub":
            lfs = {"oid": self.sha256, "size": len(MODEL)}
            self._json(request, [{"type": "file", "path": "sub/tiny-Q4_K_M.gguf", "size": len(MODEL), "lfs": lfs}])
        elif path == "/api/models/someone/tiny-GGUF/revision/main":
            self._json(request, {"tags": ["gguf", "license:mit"], "cardData": {"license": "apache-2.0"}})
        else:
            request.send_error(404)

    @staticmethod
    def _json(request: BaseHTTPRequestHandler, told: Any) -> None:
        body = json.dumps(told).encode()
        send(request, "application/json", len(body), lambda at: [body[at:]])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    found = Hub()
    with serving(found.answer) as url:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", url)
        monkeypatch.setattr(
            huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        yield found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load({"cache_dir": tmp_path, "data_dir": tmp_path, "model": NAME}, {})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        (NAME, OnHub("someone/tiny-GGUF", "sub/tiny-Q4_K_M.gguf")),
        ("hf:a/b@v1.0/c.gguf", OnHub("a/b", "c.gguf", "v1.0")),
        ("hf:a/b", "write it like hf:OWNER/REPO/FILE.gguf"),
        ("hf:a/b/../../c.gguf", "write it like"),
        ("hf:a/b/c.safetensors", "write it like"),
        ("hf:a/b/c-00001-of-00003.gguf", "one of 3 parts"),
    ],
)
def test_a_file_is_named_whole_or_the_error_says_how(name: str, meant: OnHub | str) -> None:
    if isinstance(meant, OnHub):
        assert OnHub.named(name) == meant
    else:
        with pytest.raises(SettingsError, match=meant):
            OnHub.named(name)


def test_a_file_is_fetched_on_from_where_it_broke_off_and_later_needs_no_network(hub: Hub, settings: Settings) -> None:
    told, choice = list[str](), choose_engine(settings)
    assert (choice.engine, choice.model, choice.asked_for) == ("embedded", "tiny-Q4_K_M", NAME)
    assert choice.to_fetch() == 1  # nobody has asked how many
    hub.cut = (2 << 20) + 5
    with pytest.raises(DatelineError, match="what has arrived is kept"):
        choice.fetched(lambda what, done, total: told.append(what))
    assert choice.to_fetch() == len(MODEL)
    hub.cut = 0
    path = choice.fetched(lambda what, done, total: told.append(what))
    assert (path.read_bytes(), hub.ranges[-1]) == (MODEL, f"bytes={2 << 20}-")
    assert "tiny-Q4_K_M is licensed as: apache-2.0" in told
    assert (choice.to_fetch(), choice.digest()) == (0, hub.sha256)
    hub.status, before = 503, len(hub.asked)
    assert (choice.fetched(), len(hub.asked)) == (path, before)


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "The hub has no someone/tiny-GGUF"), (401, "accept its terms at"), (503, "try again later"), (0, "SHA-256")],
)
def test_what_the_hub_does_not_give_is_said_and_nothing_is_kept_as_a_model(
    hub: Hub, settings: Settings, status: int, words: str
) -> None:
    hub.status = status or 200
    hub.sha256 = "0" * 64 if not status else hub.sha256
    with pytest.raises(DatelineError, match=words):
        choose_engine(settings).fetched()
    assert not list(settings.cache_dir.rglob("*.gguf"))


def test_the_command_fetches_by_name_and_lists_what_is_here(
    hub: Hub, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATELINE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:1")
    assert "No model is here yet" in run("models").out
    assert "verified" in run("pull", NAME).out
    shown = run("models", "--model", NAME).out
    assert f"* tiny-Q4_K_M  0.0 GB  apache-2.0\n    {NAME}" in shown
    assert "not measured with Dateline" in shown
    told = json.loads(run("models", "--json").out)
    assert [(one["how"], one["used"]) for one in told["here"]] == [(NAME, False)]
    assert all(one["how"].startswith("dateline pull hf:") and one["licence"] for one in told["better"])
    assert "leave --engine out" in run("models", "--engine", "ollama", "--model", NAME).err
