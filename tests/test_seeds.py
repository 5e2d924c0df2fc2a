"""The starting corpus: its bytes, and what reading makes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from index.read import read_file
from index.split import sentences_of

SHA256 = {
    "000_cd28b6654e9fce99.txt": "db912366d2471b7d0d320c472bc0a24f8fd71f82979403118b86d21b2e1e65f1",
    "001_8034130e071ff64c.txt": "ce9a56647552c9010417641a6123b956c7fadfd1cd26aec181c16a5975f7b786",
}


def test_the_seeds_are_byte_for_byte_what_was_published(seeds: Path) -> None:
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in seeds.glob("*.txt")} == SHA256


def test_captions_are_captions_and_credits_nobodys_words(seeds: Path) -> None:
    (article,), skipped = read_file(seeds / "001_8034130e071ff64c.txt", "001_8034130e071ff64c.txt")
    assert skipped == []
    assert "Syrian opposition fighters say they have taken the city of Hama" in article.captions
    assert len(article.captions) == 4
    assert not any("AP" in article.text[s.start : s.end].split("/") for s in sentences_of(article))
    assert not any("Albam" in article.text[s.start : s.end] for s in sentences_of(article))


def test_a_title_is_the_first_sentence_that_is_not_a_caption(seeds: Path) -> None:
    (article,), _ = read_file(seeds / "001_8034130e071ff64c.txt", "001_8034130e071ff64c.txt")
    assert article.title.startswith("The Syrian army says it has withdrawn")
    assert str(article.date) == "2024-12-05"
