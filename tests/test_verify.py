from datetime import date

import numpy as np
import pytest

from rag.evidence import Evidence, EvidenceSet, is_copy
from rag.verify import attribute, declines, lacking, worth_asking
from rag.words import content_words

HOMS = "The next target is likely to be the central city of Homs. It lies about 25 miles south of Hama."
LEFT = "The Syrian army said it had withdrawn from Hama after insurgents broke through on Thursday morning."
CHIEF = (
    "“If Hama falls, the beginning of the regime’s fall has started,” the Observatory’s chief, Rami Abdurrahman said."
)


def evidence(quote: str, number: int = 1, similarity: float = 0.6) -> Evidence:
    return Evidence(
        number=number, article="a.txt", title="Hama", date=date(2024, 12, 5), page=None, start=0, end=len(quote),
        quote=quote, kind="prose", carriers=("a.txt",), similarity=similarity, coverage=0.5,
        vector=np.array([1.0, 0.0], dtype=np.float32), words=frozenset(content_words(quote)),
    )  # fmt: skip


def found(*quotes: str, missing: tuple[str, ...] = (), names: int = 1) -> EvidenceSet:
    items = tuple(evidence(quote, number) for number, quote in enumerate(quotes, 1))
    return EvidenceSet(items, {"hama": 1.0}, missing, names, 0)


def cited(sentence: str, *quotes: str) -> list[int]:
    return [item.number for item in attribute(sentence, np.array([1.0, 0.0], dtype=np.float32), found(*quotes)).cited]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Homs lies 40 miles south of Hama.", "the number 40 is in no article found"),
        ("Homs lies 25 kilometres south of Hama.", "the number 25 is in no article found"),
        ("The army left Hama on 6 December 2024.", "the date 6 December 2024 is in no article found"),
        ("Hassan Nasrallah spoke about Hama.", "the name Hassan is in no article found"),
    ],
)
def test_an_invented_number_date_or_name_is_named(sentence: str, reason: str) -> None:
    assert lacking(sentence, [evidence(HOMS), evidence(LEFT)]) == reason


@pytest.mark.parametrize(
    "sentence",
    [
        "Homs is twenty-five miles south of Hama.",
        "The Syrian army withdrew on 5 December 2024.",
        "The Syrian army withdrew on Thursday.",
        "The army left in December 2024.",
    ],
)
def test_other_spellings_of_what_the_quotes_say_pass(sentence: str) -> None:
    assert lacking(sentence, [evidence(HOMS), evidence(LEFT)]) is None


def test_a_sentence_cites_the_statement_that_says_it() -> None:
    assert cited("Homs lies 25 miles south of Hama.", LEFT, CHIEF, HOMS) == [3]


def test_a_sentence_of_two_facts_cites_both() -> None:
    assert sorted(
        cited("The army withdrew from Hama on Thursday and Homs lies 25 miles south.", CHIEF, HOMS, LEFT)
    ) == [2, 3]


def test_what_no_statement_has_is_attributed_to_none() -> None:
    attribution = attribute("Vladimir Putin fled.", np.array([1.0, 0.0], dtype=np.float32), found(HOMS, LEFT))
    assert attribution.cited == ()
    assert attribution.reason == "the name Vladimir is in no article found"


def test_without_evidence_the_model_is_not_asked() -> None:
    assert not worth_asking(found())


def test_a_name_that_the_passages_lack_means_not_asking() -> None:
    assert not worth_asking(found(HOMS, missing=("Australia",)))


def test_one_unknown_name_of_three_is_no_reason_not_to_ask() -> None:
    assert worth_asking(found(HOMS, missing=("Reuters",), names=3))


def test_good_evidence_is_worth_asking() -> None:
    assert worth_asking(found(HOMS, LEFT))


def test_the_models_own_refusal_is_recognised() -> None:
    assert declines("Not stated.")
    assert declines("The statements do not provide the number.")
    assert not declines("The army left Hama.")


def test_wire_copy_edited_lightly_is_a_copy() -> None:
    other = "“If Hama falls, the beginning of the regime’s fall has started,” the chief, Rami Abdurrahman, told us."
    assert is_copy(evidence(CHIEF), evidence(other))


def test_the_same_words_with_another_number_are_no_copy() -> None:
    assert not is_copy(
        evidence("About 25 people were killed in Hama."), evidence("About 35 people were killed in Hama.")
    )
