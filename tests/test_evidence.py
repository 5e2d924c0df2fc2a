"""Of what is found, the statements that answer best; each with what it leans on, and all who carry it."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from conftest import Write
from evidence_helpers import evidence_set, statement

from index.store import ArticleIndex
from rag.crossencoder import CrossEncoder, log_odds
from rag.evidence import EvidenceSet, carriers, gather, is_copy
from rag.find import find

CHIEF = "“Hama’s fall would be the beginning of the regime’s,” the Observatory’s chief, Rami Abdurrahman said."
QUESTION = "Who runs the harbour of Lenn?"
ANSWER = "Ana Torp, an engineer, has run the harbour of Lenn since last spring."


@pytest.fixture
def lenn(index: ArticleIndex, folder: Path, write: Write) -> Callable[..., EvidenceSet]:
    """Gathers evidence for a question over a few articles, with the real judge."""
    write("runs.txt", f"The harbour of Lenn was built in 1911. {ANSWER} She was born in Velle. Forty ships lie there.")
    write("copy.txt", ANSWER.replace("an engineer, ", "") + " This page is free to read.", date="2024-05-02")
    write("fish.txt", "Fishermen in Velle said that the catch was poor. They blamed the seals.", date="2024-05-03")
    index.sync(folder)
    judge = CrossEncoder()

    def odds(asked: str, statements: Sequence[str]) -> list[float]:
        return [log_odds(p) for p in judge.answers(asked, statements)]

    return lambda question, limit=8: gather(question, index.search(question, 10), index, odds, limit=limit)


def test_the_likeliest_statement_leads_and_its_copies_are_one_with_it(lenn: Callable[..., EvidenceSet]) -> None:
    found = lenn(QUESTION)
    best = found.items[0]
    assert "Ana Torp" in best.quote
    assert set(best.carriers) == {"runs.txt", "copy.txt"}
    assert [item.relevance for item in found.pool] == sorted((item.relevance for item in found.pool), reverse=True)
    assert len(lenn(QUESTION, limit=1).items) == 1


def test_a_statement_has_the_sentence_it_leans_on_and_knows_where_it_stands(lenn: Callable[..., EvidenceSet]) -> None:
    by_end = {item.quote[-12:]: item for item in lenn("Who was born in Velle, and who blamed the seals?").pool}
    assert by_end["rn in Velle."].quote == f"{ANSWER} She was born in Velle."
    seals = by_end["d the seals."]
    assert (seals.quote[:9], seals.date, seals.opens) == ("Fishermen", date(2024, 5, 3), True)
    assert seals.end - seals.start == len(seals.quote)


def test_the_judge_reads_what_the_article_is_about_before_a_statement_that_does_not_say_it(
    lenn: Callable[..., EvidenceSet],
) -> None:
    read = {item.line: item.read for item in lenn("Who blamed the seals, and where do forty ships lie?").pool}
    opening = "The harbour of Lenn was built in 1911."
    assert read["Forty ships lie there."] == f"({opening}) Forty ships lie there."
    assert read[opening] == opening
    row = statement("Lenn | 40 | 12", title="Ships by harbour", about="Ships by harbour")
    assert row.read == row.told == "(Ships by harbour) Lenn, 40, 12"
    assert statement("It lies there.", about="A headline").read == "(A headline) It lies there."


def test_names_of_the_question_that_the_articles_do_not_have_are_known(lenn: Callable[..., EvidenceSet]) -> None:
    for question, missing in (
        (QUESTION, ()),
        ("Who runs the harbour of Len?", ("Len",)),
        ("Does Ana Torpp of Lenn run ships?", ()),  # a slip of the pen
        ("Who runs the harbour of Orrick and Lenn since May 1911?", ("Orrick",)),
    ):
        assert lenn(question).missing_names == missing


def test_what_fits_a_budget_is_numbered_anew_and_the_best_always_fits() -> None:
    items = [statement(word * 9, passage=word, start=n, end=n + 1) for n, word in enumerate("abcd")]
    costs = {"a": 50, "b": 30, "c": 60, "d": 20}
    fitting = evidence_set(items).within(100, lambda item: costs[item.passage])
    assert [(item.number, item.passage) for item in fitting.items] == [(1, "a"), (2, "b"), (3, "d")]
    assert fitting.passages_left_out == 1
    assert [item.passage for item in evidence_set(items).within(10, lambda item: costs[item.passage]).items] == ["a"]


@pytest.mark.parametrize(
    ("one", "other", "copy"),
    [
        (CHIEF, CHIEF.replace("the Observatory’s", "its"), True),
        ("About 25 people were killed in Hama.", "About 35 people were killed in Hama.", False),
        ("The mill at Orr closed on 3 May 2024.", "The mill at Orr closed on 4 May 2024.", False),
        ("About 25 people were killed in Hama.", "About 25 people were freed from a jail.", False),
    ],
)
def test_words_edited_lightly_are_a_copy_and_another_number_or_day_is_none(one: str, other: str, copy: bool) -> None:
    assert is_copy(statement(one), statement(other)) is copy


def test_all_who_carry_the_words_are_found_however_many(index: ArticleIndex, folder: Path, write: Write) -> None:
    for n in range(30):
        write(f"{n:02}.txt", f"{ANSWER} Paper number {n} is free.")
    write("other.txt", "Ivar Stolt, an engineer, has run the harbour of Velle since last autumn.")
    index.sync(folder)
    item = statement(ANSWER, article="07.txt")
    found = carriers(item, lambda words, k: find(index, words, k, mode="bm25"), index)
    assert found[0] == "07.txt"
    assert set(found) == {f"{n:02}.txt" for n in range(30)}
