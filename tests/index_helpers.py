"""Shared by tests of the index: files that are read, wrapped embedders, all that an index holds, ZIPs, processes."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import ArrayLike

from index.datadir import DataDir
from index.embed import TextEmbedder
from index.places import Places
from index.read import read_file
from index.store import ArticleIndex
from index.types import Article, Skipped

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"


def cases(name: str) -> list[str]:
    """The cases in a file of tests/data, which has one on each line; a heading begins with "# "."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


def written(folder: Path, name: str, content: str | bytes = "x") -> Path:
    """The path of a new file below `folder`."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


EACH = 15


def write_many(folder: Path, text: str = "Report {} speaks of the market in Damascus.", files: int = 70) -> None:
    """Files of 15 articles each; 70 of them are four groups that are embedded at once, and a part of one."""
    for number in range(files):
        told = (text.format(f"{number} {each}") for each in range(EACH))
        written(folder, f"{number:03}.jsonl", "\n".join(json.dumps({"text": one}) for one in told))


def read(folder: Path, name: str, content: str | bytes) -> tuple[list[Article], list[Skipped]]:
    """What is read of a new file below `folder`."""
    return read_file(written(folder, name, content), name)


def article_of(folder: Path, name: str, content: str | bytes) -> Article:
    """The one article of a new file below `folder`, of which nothing is left out."""
    (article,), skipped = read(folder, name, content)
    assert skipped == []
    return article


class Counting:
    """An embedder that notes the texts it embeds; under another name, it is another embedder."""

    def __init__(self, inner: TextEmbedder, name: str = "") -> None:
        self.inner = inner
        self.name = name or inner.name
        self.fingerprint = inner.fingerprint + name
        self.texts: list[str] = []

    def get_query_embedding(self, query: str) -> list[float]:
        return self.inner.get_query_embedding(query)

    def get_text_embedding_batch(self, texts: list[str]) -> ArrayLike:
        self.texts += texts
        return self.inner.get_text_embedding_batch(texts)


def index_directory(data_dir: Path) -> Path:
    current = DataDir(data_dir).current()
    assert current is not None
    return current


def left_over(index: ArticleIndex) -> list[str]:
    """The catalogs that are not in use."""
    with index._catalogs.writing() as writer:
        return [other.name for other in writer.others()]


def contents(index: ArticleIndex) -> dict[str, Any]:
    """All that the index holds, without the order in which it came in; and what Chroma holds of it."""
    with index._catalogs.reading() as catalog:
        assert catalog is not None
        rows = dict(catalog.vectors_after(0))
        stored = catalog.stored(rows)
        vectors = index._vectors.of(catalog)
        chroma = set(vectors.nearest(next(iter(rows.values())).tolist(), 10_000)) if vectors and rows else set()
        return {
            "files": {path: replace(state, stamp="") for path, state in catalog.files().items()},
            "articles": [(catalog.article(id), catalog.sentences(id)) for id in catalog.article_ids()],
            "passages": {one.passage.id: (one.passage, one.vector.tobytes()) for one in stored.values()},
            "words": {word: catalog.matching([word]) for word in ("bomb", "market", "minister", "damascus")},
            "held twice or nowhere": chroma ^ {row for row in rows if row <= catalog.vectors_to} ^ {*catalog.dead()},
        }


_PRELUDE = """
import os, signal, sys
from pathlib import Path
from index.embedders import embedder
from index.errors import StorageError
from index.store import ArticleIndex
from rag.settings import Settings

data, more = Path(sys.argv[1]), sys.argv[2:]
index = ArticleIndex(data, embedder(), Settings.load({"data_dir": data}).places)

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def environment(places: Places) -> dict[str, str]:
    """What tells another process where the index is."""
    told = {f"DATELINE_{name.upper()}": getattr(places, name) for name in ("catalog_url", "chroma_url", "chroma_token")}
    return {name: value for name, value in told.items() if value}


def python(
    script: str, data: Path, *more: object, before: tuple[str, ...] = (), places: Places | None = None
) -> subprocess.Popen[str]:
    """Starts a script in another process, where it has `data`, the `index` there, `more`, and a way to `die`."""
    paths = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests")))}
    return subprocess.Popen(
        [*before, sys.executable, "-c", _PRELUDE + script, str(data), *map(str, more)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **paths, **environment(places or Places())},
    )  # fmt: skip


_DEATH = """
def at(event, arguments):  # what Python itself tells of the system's calls, before they are made
    if event == more[0] and str(arguments[0]).endswith(more[1]):
        die()

def told(done, total, what):
    at("progress", [what])

sys.addaudithook(at)
"""


def killed(
    data: Path, work: str, event: str = "", argument: str = "", path: object = "", places: Places | None = None
) -> None:
    """Does the work in another process, which has the `path`, and is killed just before that event (one of Python's
    audit events, or "progress", for work that tells what it has done), or kills itself."""
    if event == "import" and places and places.chroma_url:
        argument = {"chromadb": "httpx"}.get(argument, argument)  # what is loaded to ask Chroma
    process = python(_DEATH + f"path = Path(more[2])\n{work}", data, event, argument, path, places=places)
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, out + err


def in_a_namespace(mount: str, *more: str) -> tuple[str, ...]:
    """What stands before a command that shall see this mounted, and nothing of the network with `--net`."""
    inside = ("unshare", "--user", "--map-root-user", "--mount", *more, "sh", "-c", f'{mount} && exec "$@"', "sh")
    if not shutil.which("unshare") or subprocess.run([*inside, "true"], capture_output=True).returncode:
        assert "CI" not in os.environ, "there it is to be tried"
        pytest.skip("needs Linux, and the right to make such a namespace")
    return inside


def zipped(**members: str | bytes) -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def packed(name: str) -> bytes:
    """The files of a folder of tests/data in a ZIP archive, as documents are."""
    home = DATA / name
    return zipped(**{path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*.*")})
