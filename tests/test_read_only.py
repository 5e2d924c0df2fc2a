"""An index on a disk that cannot be written to: it is searched and asked, and writing says what is the matter."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from index_helpers import in_a_namespace, index_directory, killed, python
from ollama_double import OllamaDouble, speaks

from index.store import ArticleIndex

GOOD = "Hama is about 200 kilometres (125 miles) north of Damascus."

_SCRIPT = """
import json
from rag import Assistant

folder, found = Path(more[0]), {"told": []}
for mode in ("bm25", "dense", "fused"):
    found[mode] = [hit.passage.id for hit in index.search("Where is Hama?", mode=mode)]
found["articles"] = [index.article(id).id for id in index.article_ids()]
new = ArticleIndex(data.parent / "new", embedder())
works = (lambda: index.sync(folder), lambda: index.sync(folder, replace=True), lambda: index.add({}))
for work in (*works, lambda: new.sync(folder)):
    try:
        work()
    except StorageError as error:
        found["told"].append(str(error))
index.close()
with Assistant(data, "ollama", "qwen2.5-coder:1.5b", ollama_host=more[1], threads=1) as assistant:
    found["answer"] = assistant.ask("How far is Hama from Damascus?").text
print(json.dumps(found))
"""
_WRITER = """
import sqlite3
db = sqlite3.connect(data, isolation_level=None)
db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
die()
"""


@pytest.mark.parametrize("left", ["as it was closed", "with a reader's log", "with a killed writer's", "no permission"])
def test_an_index_that_can_only_be_read_is_searched_and_asked(
    tmp_path: Path, seeds: Path, seeds_dir: Path, seed_index: ArticleIndex, left: str
) -> None:
    disk = tmp_path / "disk"
    index = index_directory(shutil.copytree(seeds_dir, disk / "data"))
    for name in ("catalog.db-wal", "catalog.db-shm"):
        (index / name).unlink(missing_ok=True)
    if left == "with a reader's log":
        (index / "catalog.db-wal").touch()
    if left == "with a killed writer's":
        killed(index / "catalog.db", _WRITER)
        assert (index / "catalog.db-wal").stat().st_size > 0
    if left == "no permission":  # for root, that is without its right to write anywhere
        subprocess.run(["chmod", "-R", "a-w", disk], check=True)
        rights = "-dac_override,-dac_read_search"
        before = ("setpriv", "--bounding-set", rights, "--inh-caps", rights) if os.geteuid() == 0 else ()
        told = "Dateline may not read or write {}: change its permissions, or"
    else:
        before = in_a_namespace(f'mount --bind "{disk}" "{disk}" && mount -o remount,bind,ro "{disk}"')
        told = "The disk that holds {} is read-only, and this has to write to it: make it writable, or"
    chat = speaks(lambda messages, options: GOOD, first_token=lambda messages: {"Yes": -0.05, "No": -3.0})
    with OllamaDouble(chat=chat) as double:
        process = python(_SCRIPT, disk / "data", seeds, double.url, before=before)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    found = json.loads(out)
    assert found["articles"] == seed_index.article_ids()
    for mode in ("bm25", "dense", "fused"):
        assert found[mode] == [hit.passage.id for hit in seed_index.search("Where is Hama?", mode=mode)]
    assert "125 miles" in found["answer"]
    for each, place in zip(found["told"], ("data", "data", "data", "new"), strict=True):
        assert told.format(disk / place) in each and each.endswith("another place with --data-dir.")
