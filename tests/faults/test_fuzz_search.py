"""Whatever is asked, nothing is raised, SQLite and PostgreSQL find the same, filters hold, and quotes are exact."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from index_helpers import written
from servers import Chroma, Postgres

from faults.fuzzing import NEWS, PIECES, examples, texts
from index.embed import TextEmbedder
from index.places import Places
from index.search import words_of
from index.static import StaticEmbedder
from index.store import ArticleIndex
from index.types import Article
from rag.evidence import likeliest, statements, whole_articles
from rag.pieces import Scored, pieces

FIRST = date(2024, 11, 1)
SOURCES = [
    "The Guardian",
    "guardian.ng",
    "CNBC",
    "NBC News",
    "Le Monde (Été)",
    "100% News_desk",
    "Straße",
    "'; DROP",
    "",
]
AUTHORS = ["Ann Lee", "ann lee, Bo Lee", "Ana Čermák", "Anna Leeson", "A_n Lee", "%", ""]
WORDS = (
    "Straße İzmir ŉa ﬁre ½ Ⅳ x² café cafe\u0301 naïve Ångström ΣΊΣΥΦΟΣ й日本語 กรุงเทพ हिन्दी 3.5 U.S. o'clock don’t "
    "e-mail"
).split()


SHORT = [piece for piece in PIECES if len(piece) < 100]
"""PostgreSQL tells words of which the first hundred letters are the same no further apart."""


_KNOWN = frozenset("".join(WORDS))


class Both(NamedTuple):
    """The same articles in SQLite and in PostgreSQL."""

    sqlite: ArticleIndex
    postgres: ArticleIndex
    articles: dict[str, Article]

    def __repr__(self) -> str:  # Hypothesis prints it
        return "Both(…)"


@pytest.fixture(scope="module")
def both(
    embedding: TextEmbedder, chroma: Chroma, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    chance, lines = random.Random(20241205), []
    for number in range(150):
        day = FIRST + timedelta(chance.randrange(40))
        text = "".join(chance.choices([*SHORT, *NEWS, *(f"{word} " for word in WORDS)], k=chance.randint(1, 60)))
        record = {"text": f"Report {number}. {text}", "title": f"Report {number}"}
        record |= {"source": chance.choice(SOURCES), "author": chance.choice(AUTHORS)}
        lines.append(json.dumps(record | ({"date": day.isoformat()} if chance.random() < 0.8 else {})))
    folder = written(tmp_path_factory.mktemp("news"), "a.jsonl", "\n".join(lines)).parent
    servers = Places(catalog_url=postgres.new_database(), chroma_url=chroma.url)
    with (
        ArticleIndex(tmp_path_factory.mktemp("data"), embedding) as one,
        ArticleIndex(tmp_path_factory.mktemp("data"), embedding, servers) as two,
    ):
        for index in (one, two):
            index.sync(folder)
        yield Both(one, two, {id: one.article(id) for id in one.article_ids()})


def found(index: ArticleIndex, query: str, **filters: Any) -> dict[str, tuple[object, ...]]:
    """By id each passage that has a word of the query, and what is marked in it."""
    hits = index.search(query, 1000, mode="bm25", **filters)
    return {hit.passage.id: hit.marks for hit in hits}


@examples(1_200)
@given(query=st.one_of(texts(most=12, surrogates=True, longest=100), st.sampled_from(WORDS), st.sampled_from(NEWS)))
@example(query='" OR "* NEAR(a b) AND NOT ^c {d e}: -f (')
@example(query="' & | ! <-> :* \\ \0")
@example(query="minister " * 12_000)
@example(query="\ud800")
@example(query="Straße")
@example(query="strasse")
@example(query="FI")
def test_any_query_finds_the_same_in_both_databases(both: Both, query: str) -> None:
    # FTS5 keeps the accents of Greek and what comes behind it, and PostgreSQL's words have none
    assume(not any(letter > "\u0370" and unicodedata.decomposition(letter) for letter in query if letter not in _KNOWN))
    assert found(both.sqlite, query) == found(both.postgres, query)
    listed = both.sqlite.listed(query)
    assert listed == both.postgres.listed(query)
    both.sqlite.listed(f'"{query}"', about=True)


@examples(800)
@given(st.data())
def test_an_article_is_found_by_each_of_its_words_and_phrases(both: Both, data: st.DataObject) -> None:
    article = data.draw(st.sampled_from([*both.articles.values()]))
    asides = [(span.start, span.end) for span in article.aside_spans]
    words = words_of("".join(char for at, char in enumerate(article.text) if not any(a <= at < b for a, b in asides)))
    at = data.draw(st.integers(0, len(words) - 1))
    for index in both[:2]:
        assert article.id in {one.id for one in index.listed(f'"{words[at]}"')}
    phrase = f'"{" ".join(words[at : at + data.draw(st.integers(2, 4))])}"'
    assert [one.id for one in both.sqlite.listed(phrase)] == [one.id for one in both.postgres.listed(phrase)]


def _plain(text: str | None) -> list[str]:
    """The words of a name, without case and diacritics."""
    apart = unicodedata.normalize("NFKD", text or "")
    return re.findall(r"[^\W_]+", "".join(char for char in apart if not unicodedata.combining(char)).casefold())


def _has(name: str | None, words: str) -> bool:
    wanted, own = _plain(words), _plain(name)
    if not wanted:  # "%" is no word, and only of what has none either
        return bool(name) and not own
    return any(own[at : at + len(wanted)] == wanted for at in range(len(own) - len(wanted) + 1))


_NAMES = [*SOURCES, *AUTHORS, *"guardian GUARDIAN nbc Lee strasse cermak _".split(), "monde ete", "a n", "News desk"]
_DAY = st.none() | st.dates(FIRST - timedelta(3), FIRST + timedelta(43)) | st.sampled_from([date.min, date.max])


@examples(1_000)
@given(
    since=_DAY, until=_DAY, undated=st.booleans(),
    source=st.one_of(st.just(""), st.sampled_from(_NAMES), texts(most=2, surrogates=True)),
    author=st.one_of(st.just(""), st.sampled_from(_NAMES)),
    exclude=st.lists(st.sampled_from([*(f"a.jsonl#{n}" for n in range(150)), "'", "\ud800", ""]), max_size=6),
)  # fmt: skip
def test_filters_keep_what_a_plain_filter_keeps(
    both: Both, since: date | None, until: date | None, undated: bool, source: str, author: str, exclude: list[str]
) -> None:
    def passes(one: Article) -> bool:
        in_time = (since is None or (one.date or date.min) >= since) and (
            until is None or (one.date or date.max) <= until
        )
        if one.date is None:
            in_time = undated or (since is None and until is None)
        named = all(
            not given.strip() or _has(name, given) for given, name in ((source, one.source), (author, one.author))
        )
        return in_time and named and one.id not in exclude

    wanted = sorted(id for id, one in both.articles.items() if passes(one))
    filters = {
        "since": since,
        "until": until,
        "undated": undated,
        "source": source,
        "author": author,
        "exclude": exclude,
    }
    for index in both[:2]:
        assert sorted(one.id for one in index.listed(**filters)) == wanted
        hits = index.search("report", 1000, mode="bm25", **filters)
        assert sorted({hit.passage.article for hit in hits}) == wanted


@examples(200)
@given(question=st.one_of(st.sampled_from(NEWS), texts(most=8)))
def test_every_statement_and_every_piece_of_an_answer_is_its_articles_own_words(both: Both, question: str) -> None:
    embedder = StaticEmbedder()
    hits = both.sqlite.search(question, 10)
    read = likeliest(question, whole_articles(hits), both.sqlite, embedder)
    vectors = embedder.get_text_embedding_batch([item.line for item in read])
    scored = [Scored(item, item.relevance, vector) for item, vector in zip(read, vectors, strict=True)]
    told = pieces(question, scored, both.sqlite)
    for item in (*statements(hits, both.sqlite), *read, *told):
        assert both.articles[item.article].text[item.start : item.end] == item.quote != ""
        assert item.article in item.carriers
    assert not any(item.overlaps(other) for at, item in enumerate(told) for other in told[:at])
