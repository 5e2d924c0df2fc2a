"""Models of a hub by name: against a hub on the loopback address that speaks its API and sends files by range."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from app_helpers import QUESTION, RIGHT, on_ollama, says, until
from commands import Run
from huggingface_hub import constants
from index_helpers import ROOT
from model_hub import send, serving
from ollama_double import OllamaDouble

from rag.engines import EngineChoice, available, choose_engine, downloads, hub, suggested, writers
from rag.engines.writers import WRITERS, Writer, fitting
from rag.errors import DatelineError, ModelMissing, SettingsError, WeightsError
from rag.settings import Settings
from web.badge import engine_html
from web.engine_room import EngineRoom

MODEL = b"GGUF\x03\0\0\0" + random.Random(2).randbytes(3 << 20)
REPO, COMMIT = "someone/Tiny-GGUF", "c0ffee"
NAME = f"hf:{REPO}/Tiny-Q4_K_M.gguf"


class Hub:
    """A repository with a few files, at every revision; what was asked of it, and what is wrong with it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, str | None]] = []
        """Path, Range and Authorization of each request."""
        self.card: dict[str, Any] = {"license": "apache-2.0"}
        self.status = dict[str, int]()
        """Of what begins with this path."""
        self.api: bytes | None = None
        self.sends = MODEL
        self.trickles = 0
        """Bytes that come one by one."""
        self.drawls = False
        """Whether the head of an answer does not end."""
        self.through = threading.Event()
        """Until it is set, the second half of a file waits."""
        self.through.set()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        self.asked.append((path, request.headers["Range"], request.headers["Authorization"]))
        for _ in range(40 * self.drawls):
            request.send_header("X", "y")
            request.flush_headers()
            time.sleep(0.1)  # the pace that is tested
        wrong = next((status for begins, status in self.status.items() if path.startswith(begins)), 0)
        if wrong:
            request.send_error(wrong)
        elif path.startswith("/api/"):
            body = self.api or json.dumps(self.told()).encode()
            send(request, "application/json", len(body), lambda at: [body[at:]])
        else:
            send(request, "application/octet-stream", len(self.sends), self._pieces)

    def told(self) -> dict[str, Any]:
        lfs = {"size": len(MODEL), "sha256": hashlib.sha256(MODEL).hexdigest(), "pointerSize": 134}
        names = ("Tiny-Q4_K_M.gguf", "sub/Tiny-Q8_0.gguf", "big-00001-of-00002.gguf")
        files = [{"rfilename": name, "size": len(MODEL), "blobId": "b", "lfs": lfs} for name in names]
        files.append({"rfilename": "small.gguf", "size": 3, "blobId": "b"})
        return {"id": REPO, "sha": COMMIT, "cardData": self.card, "tags": ["gguf", "license:mit"], "siblings": files}

    def _pieces(self, at: int) -> Iterator[bytes]:
        for _ in range(self.trickles):
            time.sleep(0.05)  # the pace that is tested
            yield self.sends[at : at + 1]
            at += 1
        half = len(self.sends) // 2
        yield self.sends[at:half]
        self.through.wait(30)
        yield self.sends[max(at, half) :]


@pytest.fixture
def the_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """What the hub's client takes from the environment when it is imported points to this one."""
    there = Hub()
    with serving(there.answer) as url:
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield there
        there.through.set()


def settings(cache: Path, model: str | None = None, **more: Any) -> Settings:
    return Settings.load({"cache_dir": cache, "model": model, "ollama_host": "http://127.0.0.1:9"} | more)


def test_a_file_of_the_hub_is_fetched_by_name_and_from_then_on_needs_no_network(tmp_path: Path) -> None:
    """In a process of its own, as somebody begins it, whose environment names a mirror and a token."""
    there, file = Hub(), tmp_path / "models" / "hf" / REPO / "Tiny-Q4_K_M.gguf"
    file.parent.mkdir(parents=True)
    file.with_name(f"{file.name}.part").write_bytes(MODEL[:1000])

    def dateline(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        mine = {"DATELINE_CACHE_DIR": str(tmp_path), "HF_HUB_OFFLINE": "0", "OLLAMA_HOST": "127.0.0.1:9"}
        return subprocess.run(
            [sys.executable, "-m", "rag.cli", *words], cwd=ROOT, capture_output=True, text=True,
            env=os.environ | mine | environment,
        )  # fmt: skip

    with serving(there.answer) as url:
        pulled = dateline("pull", NAME, HF_ENDPOINT=url, HF_TOKEN="hf_secret")
    assert pulled.stdout == f"The model is here, verified: {file}\n"
    assert pulled.stderr == "Fetching Tiny-Q4_K_M (licence: apache-2.0) …\nLicence: apache-2.0\n"
    token = "Bearer hf_secret"
    assert there.asked == [
        (f"/api/models/{REPO}/revision/main", None, token),
        (f"/{REPO}/resolve/{COMMIT}/Tiny-Q4_K_M.gguf", "bytes=1000-", token),
    ]
    listed = json.loads(dateline("models", "--json", "--model", NAME, HF_ENDPOINT="http://127.0.0.1:9").stdout)
    (mine,) = [one for one in listed["here"] if one["answers"]]
    about = {"engine": "embedded", "model": NAME, "size": len(MODEL), "licence": "apache-2.0", "to_fetch": 0}
    assert mine == about | {"answers": True}
    choice = choose_engine(settings(tmp_path, NAME))
    assert (choice.file(), choice.digest()) == (file, hashlib.sha256(MODEL).hexdigest())
    assert "secret" not in "".join(path.read_text("latin-1") for path in tmp_path.rglob("*") if path.is_file())


SPLIT = f"hf:{REPO}/big-00001-of-00002.gguf"
WRONG: dict[str, tuple[str, dict[str, Any], type[DatelineError], str]] = {
    "no name": ("hf:Tiny.gguf", {}, SettingsError, "write it like hf:Qwen/Qwen3-1.7B-GGUF/Qwen3-1.7B-Q8_0.gguf"),
    "a way out": (f"hf:{REPO}/../../x.gguf", {}, SettingsError, "names no file of a model hub"),
    "one of several": (SPLIT, {}, SettingsError, "several files of a split model.*a single GGUF file"),
    "no such file": (f"hf:{REPO}/x.gguf", {}, ModelMissing, r"files are Tiny-Q4_K_M.gguf, sub/Tiny-Q8_0.gguf, small"),
    "no hash": (f"hf:{REPO}/small.gguf", {}, WeightsError, "no SHA-256.*`--model PATH.gguf`"),
    "unknown": (NAME, {"status": {"/api": 401}}, WeightsError, rf"status 401.*Check the name; .*/{REPO}, set HF_TOKEN"),
    "gated": (NAME, {"status": {f"/{REPO}": 403}}, WeightsError, rf"status 403.*HF_TOKEN.*`dateline pull {NAME}`"),
    "broken": (NAME, {"status": {"/api": 500}}, WeightsError, "status 500. Check the network, the proxy and HF_END"),
    "a sign-in page": (NAME, {"api": b"<p>Sign in"}, WeightsError, "does not speak the hub's language"),
    "next to nothing comes": (NAME, {"trickles": 600}, WeightsError, "it comes too slowly"),
    "a head without an end": (NAME, {"drawls": True}, WeightsError, "no answer begins in time"),
    "another file": (NAME, {"sends": MODEL[:-1] + b"x"}, WeightsError, "SHA-256 differs.*they were deleted"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_had_is_told_with_its_remedy(
    the_hub: Hub, tmp_path: Path, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_WATCHED", 1.0)
    name, so, error, told = WRONG[wrong]
    for attribute, value in so.items():
        setattr(the_hub, attribute, value)
    with pytest.raises(error, match=told):
        choose_engine(settings(tmp_path, name)).fetch()
    assert not list(tmp_path.rglob("*.gguf"))


def test_without_the_network_a_model_that_was_never_fetched_is_told_of(
    the_hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = choose_engine(settings(tmp_path, NAME))
    assert choice.to_fetch() == 1 and not the_hub.asked  # choosing asks nobody
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match=r"HF_HUB_OFFLINE is set\. Unset it and run"):
        choice.fetch()


def test_a_beginning_is_gone_on_from_only_while_the_hub_still_has_that_file(the_hub: Hub, tmp_path: Path) -> None:
    choice, part = choose_engine(settings(tmp_path, NAME)), tmp_path / "models" / "hf" / REPO / "Tiny-Q4_K_M.gguf.part"
    the_hub.status = {f"/{REPO}": 500}
    with pytest.raises(WeightsError, match="status 500"):
        choice.fetch()
    the_hub.status = {}
    about = part.with_suffix(".json")
    for sha256, asked in ((None, "bytes=1000-"), ("0" * 64, None)):
        told = json.loads(about.read_text("utf-8"))
        about.write_text(json.dumps(told | {"sha256": sha256 or told["sha256"]}), "utf-8")
        part.write_bytes(MODEL[:1000])
        path = choice.fetch()
        assert path and path.read_bytes() == MODEL and the_hub.asked[-1][1] == asked
        path.unlink()


def test_each_revision_and_folder_has_its_own_file_and_the_card_its_licence(the_hub: Hub, tmp_path: Path) -> None:
    for name, card, licence, revision in (
        (f"hf:{REPO}@v2/sub/Tiny-Q8_0.gguf", {"license": "other", "license_name": "tiny-terms"}, "tiny-terms", "v2"),
        (f"hf:{REPO}/sub/Tiny-Q8_0.gguf", None, "mit", "main"),  # by the repository's tags
    ):
        the_hub.card = card or {}
        path = choose_engine(settings(tmp_path, name)).fetch()
        assert path and path.read_bytes() == MODEL
        assert the_hub.asked[-2][0].endswith(f"/revision/{revision}")
        assert choose_engine(settings(tmp_path, name)).licence == licence
    assert len({one.file for one in hub.here(tmp_path / "models")}) == 2


def test_what_is_here_is_offered_and_a_file_in_the_folder_goes_by_its_name(the_hub: Hub, tmp_path: Path) -> None:
    choose_engine(settings(tmp_path, NAME)).fetch()
    own = tmp_path / "models" / "own.gguf"
    own.write_bytes(MODEL)
    offered = [(one.model, one.size) for one in available(settings(tmp_path, "own.gguf"), ollama=False)]
    assert offered[1:] == [(NAME, len(MODEL)), ("own", len(MODEL))]
    assert choose_engine(settings(tmp_path, "own.gguf")).asked_for == str(own)
    assert not choose_engine(settings(tmp_path, NAME)).is_large()
    with pytest.raises(ModelMissing, match="leave --engine ollama out"):
        choose_engine(settings(tmp_path, NAME, engine="ollama"))


def test_what_would_write_better_has_room_and_a_name_that_is_one(tmp_path: Path) -> None:
    gb = 10**9
    assert list(WRITERS) == sorted(WRITERS, key=lambda one: one.size)
    for one in WRITERS:
        assert hub.known(one.model, tmp_path) is None and one.size < one.memory
    for memory, cores, least, most in ((4, 8, 0, 0), (8, 1, 1, 1), (8, 4, 5, 5), (16, 2, 5, 5), (16, 4, 7, 7)):
        assert least <= len(fitting(memory * gb, cores)) <= most
    have = [EngineChoice("ollama", "phi4-mini:latest", (), settings(tmp_path))]
    assert "Phi-4-mini" not in {one.writer.name for one in suggested(settings(tmp_path), have) if one.writer}


def test_the_list_shows_what_answers_and_how_better_ones_are_had(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "memory", lambda: 8 * 10**9)
    monkeypatch.setattr(writers, "cores", lambda: 2)
    monkeypatch.setenv("DATELINE_CACHE_DIR", str(tmp_path))
    with OllamaDouble() as ollama:
        monkeypatch.setenv("OLLAMA_HOST", ollama.url)
        told = run("models", "--engine", "ollama")
        lost = run("models", "--engine", "ollama", "--model", "none")
    assert [line.split()[:5] for line in told.out.splitlines() if "→" in line] == [
        ["→", "qwen2.5-coder:1.5b", "ollama", "1.1", "GB"]
    ]
    assert "qwen2.5-coder-1.5b-instruct-q4_k_m  embedded  1.1 GB  apache-2.0  1.1 GB to fetch" in told.out
    assert "not measured here" in told.out and f"apache-2.0  qwen3:1.7b         {WRITERS[0].model}" in told.out
    assert (lost.code, "→" in lost.out, "dateline pull none" in lost.err) == (0, False, True)


def test_a_better_model_is_fetched_while_the_other_answers_and_can_be_paused(
    the_hub: Hub, seeds_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = Writer("Tiny <b>", NAME, "tiny", size=len(MODEL), licence="apache-2.0", memory=1, cores=1)
    monkeypatch.setattr(writers, "WRITERS", (tiny,))
    the_hub.through.clear()
    entered = partial(EngineRoom.enter, reader="anna", stop=threading.Event(), tell=lambda told: None)
    with (
        OllamaDouble(chat=says(RIGHT)) as ollama,
        on_ollama(seeds_dir, ollama, "qwen2.5-coder:1.5b", cache_dir=tmp_path) as dateline,
    ):
        room = EngineRoom(dateline)
        with entered(room):
            pass

        def shown() -> str:
            return engine_html(room.state(), room.offers(), room.suggested())

        assert "Get Tiny &lt;b&gt; (3 MB to fetch, licence apache-2.0)" in shown()
        room.use("embedded", NAME)
        until(lambda: room.state().done == len(MODEL) // 2)
        assert (room.state().phase, room.state().getting) == ("ready", NAME)
        assert f"{NAME} is being fetched" in shown() and "Meanwhile qwen2.5-coder:1.5b answers." in shown()
        with entered(room):
            assert dateline.ask(QUESTION).model == "qwen2.5-coder:1.5b"
        threading.Timer(0.2, the_hub.through.set).start()
        room.pause()
        assert (room.state().phase, room.state().getting, room.state().trouble) == ("ready", "", "")
        part = next((tmp_path / "models").rglob("*.part")).stat().st_size
        assert 1 << 20 <= part < len(MODEL) and "Go on getting Tiny &lt;b&gt; (" in shown()
        room.use("embedded", NAME)
        until(lambda: room.state().phase == "lost")  # it is no model
        assert the_hub.asked[-1][1] == f"bytes={part}-" and "its head cannot be read" in room.state().trouble
        assert NAME in {one.model for one in room.offers()} and not room.suggested()
        room.use("ollama", "qwen2.5-coder:1.5b")
        until(lambda: room.state().phase == "ready")
