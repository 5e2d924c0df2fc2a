"""The bench: archives that are made for it, and each figure beside its bar."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from index_helpers import ROOT

from evals.scale.bars import Measure, tell
from evals.scale.corpus import DEFAULT_SOURCES, build, read_needles
from evals.scale.exact import found
from evals.scale.names import POOL, invented
from index.embed import TextEmbedder
from index.errors import CorpusError
from index.read import find_files, read_file
from index.store import ArticleIndex
from index.types import Article

SOURCES = [ROOT / source for source in DEFAULT_SOURCES]


def read(archive: Path) -> dict[str, Article]:
    files, skipped = find_files(archive / "articles")
    assert not skipped
    found = [read_file(Path(path), relative) for relative, path in files.items()]
    assert not any(skipped for _, skipped in found)
    return {article.id: article for articles, _ in found for article in articles}


def test_an_archive_follows_from_its_seed_in_either_form_and_each_needle_stands_in_one_article(tmp_path: Path) -> None:
    for name, jsonl, seed in (("files", False, 1), ("again", False, 1), ("lines", True, 1), ("other", False, 2)):
        build(tmp_path / name, 60, SOURCES, seed=seed, jsonl=jsonl)
    files, again, lines, other = (read(tmp_path / name) for name in ("files", "again", "lines", "other"))
    assert files == again != other
    assert [(one.title, one.date, one.source, one.author) for one in files.values()] == [
        (one.title, one.date, one.source, one.author) for one in lines.values()
    ]
    assert all(one.date and one.source and one.author for one in files.values())
    for name, articles in (("files", files), ("lines", lines)):
        needles = read_needles(tmp_path / name)
        assert len(needles) == 60
        for needle in needles:
            [holder] = [id for id, one in articles.items() if needle.sentence in one.text]
            assert (holder, articles[holder].date) == (needle.article, needle.date)
            assert needle.answer in needle.sentence and needle.answer not in needle.question


def test_an_archive_goes_on_where_it_stopped_and_is_not_mixed_with_another(tmp_path: Path) -> None:
    build(tmp_path / "whole", 20, SOURCES)
    whole = read(tmp_path / "whole")
    (tmp_path / "whole" / "articles" / "0000").rename(tmp_path / "whole" / "articles" / ".0000.part")
    build(tmp_path / "whole", 20, SOURCES)
    assert read(tmp_path / "whole") == whole
    for again in (lambda: build(tmp_path / "whole", 21, SOURCES), lambda: build(tmp_path, 20, SOURCES)):
        with pytest.raises(CorpusError, match="name"):
            again()


def test_no_two_names_are_alike_and_new_ones_keep_coming(tmp_path: Path) -> None:
    ranks = [*range(300_000), *range(POOL, POOL + 50_000)]
    assert len({invented(rank) for rank in ranks}) == len(ranks)
    build(tmp_path / "archive", 200, SOURCES)
    texts = [article.text for article in read(tmp_path / "archive").values()]
    few, many = (len(vocabulary(texts[:size])) for size in (50, 200))
    assert 1.3 < many / few < 3.0  # Heaps: about 4 ** 0.5


def vocabulary(texts: Sequence[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w+", text.lower())}


@pytest.mark.slow
def test_needles_are_found_by_a_search(tmp_path: Path, embedding: TextEmbedder) -> None:
    build(tmp_path / "archive", 30, SOURCES, characters=1500)
    with ArticleIndex(tmp_path / "data", embedding) as index:
        index.sync(tmp_path / "archive" / "articles")
        needles = read_needles(tmp_path / "archive")
        ranked = [[hit.passage for hit in index.search(needle.question)] for needle in needles]
    seen = [found(hits, needle.article, needle.sentence) for hits, needle in zip(ranked, needles, strict=True)]
    plain = [one for one, needle in zip(seen, needles, strict=True) if not needle.paraphrase]
    assert sum(plain) >= 0.9 * len(plain)
    assert sum(seen) >= 0.6 * len(seen)


def test_a_figure_on_the_wrong_side_of_its_bar_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    measures = (
        Measure("fast", "a search", "ms", 0.06),
        Measure("slow", "another", "ms", 0.06),
        Measure("few", "found", "%", 0.98, at_most=False),
        Measure("told", "passages", ""),
        Measure("not taken", "nothing", "s", 1.0),
    )
    assert tell("40 articles", measures, {"fast": 0.06, "slow": 0.0601, "few": 0.97, "told": 1234}) == [
        "another",
        "found",
    ]
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[-1] for line in told[1:4]] == ["reached", "missed", "missed"]
    assert told[1][2:4] == ["60.0", "ms"] and told[4] == ["passages", "1,234.0"]


@pytest.mark.slow
def test_the_bench_measures_an_archive_is_interrupted_and_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "evals.scale", "--sizes", "12", "--characters", "900", "--work", str(tmp_path)]
    results = tmp_path / "results.jsonl"
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as first:
        while not results.exists():
            assert first.poll() is None
            time.sleep(0.05)
        first.send_signal(signal.SIGINT)
    before = results.read_text()
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    assert results.read_text().startswith(before)
    assert [row["step"] for row in rows] == ["index", "unchanged", "open", "search", "change"]
    missed = [line for line in again.stdout.splitlines() if line.endswith("missed")]
    assert again.returncode == bool(missed), again.stderr
    assert "recall" in rows[3]["figures"] and (tmp_path / "scale.png").stat().st_size > 10_000
    kept = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (kept.stdout, len(results.read_text().splitlines())) == (again.stdout, 5)
