"""What only PostgreSQL can tell of a catalog that is not in step with itself: see `Catalog.astray`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from index.terms import tsvector

if TYPE_CHECKING:
    from index.postgres import PostgresCatalog

_PAGE = 1000
_APART = "SELECT count(*) FROM passages p FULL JOIN words w ON w.row = p.row WHERE p.row IS NULL OR w.row IS NULL"
_DIFFERING = """
SELECT 1 FROM unnest(CAST(:rows AS bigint[]), CAST(:words AS text[]), CAST(:lengths AS integer[]))
    AS told (row, words, length) JOIN words w ON w.row = told.row
WHERE w.words <> CAST(told.words AS tsvector) OR w.length <> told.length LIMIT 1
"""
_LAST = "SELECT greatest((SELECT last_value FROM rows), (SELECT max(row) FROM passages))"


def astray(catalog: PostgresCatalog, *, mend: bool) -> list[str]:
    ((apart,),) = catalog._rows(_APART)
    wrong = apart or any(_differ(catalog, texts) for texts in _texts(catalog))
    found = ["words out of step with the passages"] if wrong else []
    ((last,),) = catalog._rows("SELECT last_value FROM rows")
    if last < catalog.last_row():
        found.append("rows that would come a second time")
    if mend:
        catalog._do("DELETE FROM words", [{}])
        for texts in _texts(catalog):
            catalog._put_words(texts)
        catalog._rows(f"SELECT setval('rows', ({_LAST}))")
    return found


def _texts(catalog: PostgresCatalog) -> Iterator[dict[int, str]]:
    page, last = f"SELECT row, text FROM texts WHERE row > :last ORDER BY row LIMIT {_PAGE}", 0
    while texts := dict(catalog._rows(page, last=last)):
        yield texts
        last = max(texts)


def _differ(catalog: PostgresCatalog, texts: Mapping[int, str]) -> bool:
    read = [(row, *tsvector(text)) for row, text in texts.items()]
    rows, words, lengths = map(list, zip(*read, strict=True))
    return bool(catalog._rows(_DIFFERING, rows=rows, words=words, lengths=lengths))
