"""What a power cut leaves: what the system is told to keep, in which order, as strace hears it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from index_helpers import python, write_many, written

pytestmark = pytest.mark.slow

_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += \d+")
_TRACED = "fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,pwrite64,write,ftruncate,mkdir"
_WORK = """
index.sync(Path(more[0]))
index.add({"u.txt": Path(more[1])})
index.remove("uploads/u.txt")
index.sync(Path(more[0]), replace=True)
"""


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, list[str]]]]:
    """The data directory after some work, and the calls of the system below it: each with the paths it was given."""
    if not shutil.which("strace"):
        assert "CI" not in os.environ, "there it is to be tried"
        pytest.skip("needs strace: apt install strace")
    if subprocess.run(["strace", "-qq", "true"], capture_output=True).returncode:
        pytest.skip("this system does not let one process trace another")
    home = tmp_path_factory.mktemp("power")
    write_many(home / "articles", files=20)
    log, data = home / "calls", home / "data"
    before = ("strace", "-f", "-qq", "-y", "-s", "0", "-o", str(log), "-e", f"trace={_TRACED}")
    done = python(_WORK, data, home / "articles", written(home, "u.txt", "The minister resigned."), before=before)
    out, err = done.communicate(timeout=300)
    assert done.returncode == 0, out + err
    calls = list[tuple[str, list[str]]]()
    for line in log.read_text().splitlines():
        if (found := _CALL.match(line)) and str(data) in line:
            calls.append((found[1].removesuffix("at").removesuffix("at2"), re.findall(rf"{data}[^\">,]*", found[2])))
    return data, calls


def kept(calls: list[tuple[str, list[str]]], path: str) -> list[int]:
    """When the system was told to keep that path."""
    return [at for at, (name, paths) in enumerate(calls) if name in ("fsync", "fdatasync") and paths == [path]]


def between(moments: list[int], first: int, last: int) -> bool:
    return any(first < at < last for at in moments)


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_the_name_before_anything_stands_on_it(
    heard: tuple[Path, list[tuple[str, list[str]]]],
) -> None:
    _, calls = heard
    renamed = [(at, paths) for at, (name, paths) in enumerate(calls) if name == "rename"]
    names = {Path(new).name for _, (_, new) in renamed}
    assert {"current", "u.txt", "write.lock.json"} <= names
    for at, (draft, new) in renamed:
        wrote = [n for n, (name, paths) in enumerate(calls[:at]) if name == "write" and paths == [draft]]
        assert between(kept(calls, draft), wrote[-1], at), (draft, new)
        commits = [n for n, (name, paths) in enumerate(calls) if n > at and paths and paths[0].endswith("-wal")]
        assert between(kept(calls, str(Path(new).parent)), at, commits[0] if commits else len(calls)), new


def test_every_commit_is_on_the_disk_before_the_next_step(heard: tuple[Path, list[tuple[str, list[str]]]]) -> None:
    data, calls = heard
    (log,) = {paths[0] for name, paths in calls if paths and paths[0].endswith("index-2/catalog.db-wal")}
    writes = [at for at, (name, paths) in enumerate(calls) if name == "pwrite64" and paths == [log]]
    (published,) = [at for at, (name, paths) in enumerate(calls) if name == "rename" and paths[1] == f"{data}/current"][
        1:
    ]
    before = [at for at in writes if at < published]
    assert before and between(kept(calls, log), before[-1], published)
    assert kept(calls, log)[-1] > writes[-1]


def test_an_upload_that_was_removed_is_gone_before_the_catalog_says_so(
    heard: tuple[Path, list[tuple[str, list[str]]]],
) -> None:
    data, calls = heard
    gone = calls.index(("unlink", [f"{data}/uploads/u.txt"]))
    committed = next(at for at in kept(calls, f"{data}/index-1/catalog.db-wal") if at > gone)
    assert between(kept(calls, f"{data}/uploads"), gone, committed)


def test_all_of_a_chroma_directory_is_on_the_disk_before_the_catalog_names_it(
    heard: tuple[Path, list[tuple[str, list[str]]]],
) -> None:
    data, calls = heard
    (directory,) = (data / "index-2").glob("vectors-*")
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert any(path.name == "data_level0.bin" for path in files)
    named = kept(calls, f"{data}/index-2/catalog.db-wal")
    for path in (*files, *{path.parent for path in files}, directory.parent):
        wrote = [
            at
            for at, (name, paths) in enumerate(calls)
            if name in ("write", "pwrite64", "ftruncate") and paths == [str(path)]
        ]
        last = wrote[-1] if wrote else 0
        assert any(at > last for at in kept(calls, str(path))), path
        assert between(named, last, len(calls))
