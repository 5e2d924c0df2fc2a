"""index/search.py: both searches and their fusion, their filters, and any query."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SETUPS, Write, places_of
from index_helpers import written

from index.embed import TextEmbedder
from index.store import ArticleIndex
from index.types import Hit, Span
from rag.find import find

MODES: tuple[Any, ...] = ("bm25", "dense", "fused")
ARTICLES = {
    "bomb.txt": " date 2024-12-01 A bomb went off near the market in Damascus. Two people were hurt.",
    "talks.txt": " date 2024-12-05 Ministers of the US and Turkey met for talks in Ankara in May.",
    "flood.txt": " date 2024-12-08 The river flooded the lower town after 3 days of rain.",
    "café.txt": "The café in Besançon reopened, its owner said.",
}


@pytest.fixture(scope="module", params=SETUPS)
def news(
    request: pytest.FixtureRequest, embedding: TextEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ArticleIndex]:
    folder = tmp_path_factory.mktemp("news")
    for name, text in ARTICLES.items():
        written(folder, name, text)
    with ArticleIndex(tmp_path_factory.mktemp("data"), embedding, places_of(request)) as index:
        index.sync(folder)
        yield index


def ids(hits: list[Hit]) -> list[str]:
    return [hit.passage.article for hit in hits]


def test_the_best_passage_comes_first_with_both_ranks_in_its_own_words(
    news: ArticleIndex, embedding: TextEmbedder
) -> None:
    first, *others = news.search("Where did the bomb go off?")
    assert (first.passage.article, first.bm25_rank) == ("bomb.txt", 1)
    assert first.score == pytest.approx(2 / 11)  # first in both rankings: RRF with k = 10
    assert all(first.score > other.score for other in others)
    for passage in (hit.passage for hit in (first, *others)):
        article = news.article(passage.article)
        assert article.text[passage.start : passage.end] == passage.text
        assert (passage.title, passage.date) == (article.title, article.date)
    assert news.search("Where did the bomb go off?") == [first, *others]
    assert news.search("bomb", k=0) == news.search("bomb", k=-1) == []
    with ArticleIndex(news.data_dir, embedding, news.places, once=True) as once:  # without an embedded Chroma
        for query in ("Where did the bomb go off?", "inundation after heavy rainfall"):
            assert [hit.passage for hit in once.search(query)] == [hit.passage for hit in news.search(query)]


@pytest.mark.parametrize("mode", MODES)
def test_a_hit_marks_the_words_that_were_looked_for_in_whatever_form_they_stand(news: ArticleIndex, mode: Any) -> None:
    def marked(query: str) -> list[str]:
        first = news.search(query, mode=mode)[0]
        return [first.passage.text[mark.start : mark.end] for mark in first.marks]

    assert marked("BOMBS of the markets") == ["bomb", "market"]
    assert marked("cafe in Besancon reopening") == ["café", "Besançon", "reopened"]
    assert marked("Did the US talk in May?") == ["US", "talks", "May"]  # common words that are names
    assert marked("DID THE US MARKET GO OFF AND A BOMB?") == ["bomb", "market"]
    assert marked("off the a") == ["A", "off", "the"]  # no others remain
    assert marked("Did it rain for 3 days?") == ["3", "days", "rain"]


def test_equal_passages_come_in_order_and_none_is_marked_wrongly(
    index: ArticleIndex, folder: Path, write: Write
) -> None:
    for name in ("c.txt", "a.txt", "b.txt"):
        write(name, "The \ufdd0 minister \ufdd1 resigned.")  # the signs that search puts around a word
        index.sync(folder)
    for mode in MODES:
        hits = index.search("minister", mode=mode)
        assert ids(hits) == ["a.txt", "b.txt", "c.txt"]
        assert {hit.marks for hit in hits} <= {(), (Span(6, 14),)}


def test_dense_search_finds_what_is_meant_and_bm25_what_is_said(news: ArticleIndex, embedding: TextEmbedder) -> None:
    query = "explosion in the Syrian capital"
    assert ids(news.search(query, mode="dense"))[0] == "bomb.txt"
    for hit in [*news.search(query, mode="dense"), *news.search(query)]:
        cosine = np.dot(embedding.get_query_embedding(query), embedding.get_query_embedding(hit.passage.text))
        assert hit.similarity == pytest.approx(cosine, abs=1e-3)
    assert news.search(query, mode="bm25") == []
    (hit,) = news.search("the bombs of DAMASCUS", mode="bm25")
    assert (hit.passage.article, hit.bm25_rank, hit.similarity) == ("bomb.txt", 1, None)
    for query in ("cafe besancon", "CAFÉ BESANÇON", "cafe\u0301 Besanc\u0327on"):  # accents do not matter to it
        assert ids(news.search(query, mode="bm25")) == ["café.txt"]


FIRST, FIFTH, EIGHTH = (date(2024, 12, day) for day in (1, 5, 8))


@pytest.mark.parametrize("mode", MODES)
def test_the_bounds_are_inclusive_and_keep_undated_articles_out(news: ArticleIndex, mode: Any) -> None:
    def found(**filters: Any) -> set[str]:
        return set(ids(news.search("bomb Ankara river café", mode=mode, **filters)))

    assert found() == {*ARTICLES}
    assert found(since=FIFTH) == {"talks.txt", "flood.txt"}
    assert found(until=FIFTH) == {"bomb.txt", "talks.txt"}
    assert found(since=FIFTH, until=FIFTH) == {"talks.txt"}
    assert found(since=date(2024, 12, 6), until=FIFTH) == set()
    assert found(until=FIRST, undated=True) == {"bomb.txt", "café.txt"}
    assert found(since=EIGHTH, undated=True) == {"flood.txt", "café.txt"}
    assert found(exclude=["bomb.txt", "not there"]) == {*ARTICLES} - {"bomb.txt"}
    assert found(since=FIFTH, exclude={"flood.txt"}) == {"talks.txt"}
    assert found(exclude={*ARTICLES}) == set()


@pytest.mark.parametrize("mode", MODES)
def test_source_and_author_let_pass_by_whole_words_without_case_and_diacritics(
    index: ArticleIndex, folder: Path, write: Write, mode: Any
) -> None:
    about = {"a": ("The Guardian", "Chloé Nguyễn"), "b": ("CNBC.com", "Ann Lee; O'Hara"), "c": ("guardian.ng", "")}
    for name, (source, author) in about.items():
        head = json.dumps({"source": source, "author": author} if author else {"source": source})
        write(f"{name}.md", f"---\n{head}\n---\nThe river flooded the town {name}.")
    index.sync(folder)

    def found(**filters: Any) -> str:
        return "".join(sorted(id[0] for id in ids(index.search("river", mode=mode, **filters))))

    assert (found(), found(source=" "), found(author="")) == ("abc", "abc", "abc")
    assert (found(source="guardian"), found(source="the GUARDIAN"), found(source="Guardian.ng")) == ("ac", "a", "c")
    assert (found(source="nbc"), found(source="%"), found(source="?"), found(source="\ud800")) == ("", "", "", "")
    assert (found(author="nguyen"), found(author="Lee O'Hara"), found(author="Lee Ann")) == ("a", "b", "")
    assert (found(source="guardian", author="Chloe"), found(source="cnbc", author="Chloe")) == ("a", "")
    assert (found(source="guardian", exclude=["a.md"]), found(source="guardian", since=FIRST)) == ("c", "")
    assert found(source="guardian", since=FIRST, undated=True) == "ac"
    write("a.md", "---\nsource: Morning Post\n---\nThe river flooded the town a.")
    index.sync(folder)
    assert (found(source="guardian"), found(source="post"), found(author="Chloe")) == ("c", "a", "")


def test_the_days_that_a_question_points_at_come_higher_and_hide_nothing(news: ArticleIndex) -> None:
    asked = "What happened to the town after rain, and did a bomb go off near the market?"
    for day, first in ((FIRST, "bomb.txt"), (EIGHTH, "flood.txt")):
        hits = ids(news.search(asked, toward=(day, day)))
        assert hits[0] == first and set(hits) == {*ARTICLES}
    assert "bomb.txt" not in ids(news.search(asked, since=date(2024, 12, 2), toward=(date(2024, 11, 30), FIFTH)))
    # what is asked on a day is of the days before it, unless it points elsewhere
    assert ids(find(news, asked, as_of="2024-12-15"))[0] == "flood.txt"
    assert ids(find(news, asked, as_of="2024-12-15", toward=(FIRST, FIRST)))[0] == "bomb.txt"
    assert set(ids(find(news, asked, as_of="2024-12-06"))) == {*ARTICLES} - {"flood.txt"}
    assert set(ids(find(news, asked, as_of="2024-12-06", until="2024-12-04"))) == {"bomb.txt"}


def test_filters_and_changes_still_leave_k_hits(index: ArticleIndex, folder: Path, write: Write) -> None:
    for number in range(200):
        write(f"{number:03}.txt", f"Market report {number}.", date="2025-01-01" if number % 5 else "2024-12-01")
    index.sync(folder)
    for mode in MODES:
        assert len(index.search("market report", k=30, until=date(2024, 12, 31), mode=mode)) == 30
        assert len(index.search("market report", k=20, mode=mode)) == 20
        assert len(index.search("market report", k=1000, mode=mode)) == 200
    for number in range(10, 200):
        write(f"{number:03}.txt", "Rain is expected tomorrow in the north.")

    def stop(done: int, total: int, what: str) -> None:
        if what == "vectors":  # the articles are changed, and Chroma, which is not yet, has what the catalog has not
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.sync(folder, progress=stop)
    hits = index.search("Market report 5.", k=200, mode="dense")
    assert len(hits) == 200
    assert {hit.passage.text for hit in hits[10:]} == {"Rain is expected tomorrow in the north."}


@pytest.mark.parametrize(
    "query",
    [
        *('"', '"bomb" OR "', "bomb AND NOT market", "NEAR(bomb market, 2)", "text:bomb", "bomb*", "(bomb", "\\bomb\\"),
        *("-bomb ^market +damascus", "bomb\x00market", "{text} : bomb", "bomb; DROP TABLE articles; --"),
        *("💣 bomb 🔥", "bomb's ’market’", "bomb " * 5000, f"{' '.join(map('word{}'.format, range(5000)))} bomb"),
        *("", "  ", "the of and", "💣", "?!", "\x00"),  # without a telling word: dense alone
    ],
)
def test_nothing_in_a_query_is_an_operator(news: ArticleIndex, query: str) -> None:
    hits = news.search(query)
    assert len(hits) == len(ARTICLES)
    if "bomb" in query[:100]:
        assert ids(hits)[0] == "bomb.txt"
