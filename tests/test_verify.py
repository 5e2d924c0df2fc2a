import numpy as np
from evidence_helpers import evidence_set, statement

from rag.evidence import EvidenceSet, is_copy
from rag.verify import attribute, declines, worth_asking

HOMS = "The next target is likely to be the central city of Homs. It lies about 25 miles south of Hama."
LEFT = "The Syrian army said it had withdrawn from Hama after insurgents broke through on Thursday morning."
CHIEF = (
    "“If Hama falls, the beginning of the regime’s fall has started,” the Observatory’s chief, Rami Abdurrahman said."
)


def found(*quotes: str, missing: tuple[str, ...] = (), names: int = 1) -> EvidenceSet:
    items = [statement(quote, number) for number, quote in enumerate(quotes, 1)]
    return evidence_set(items, missing=missing, names=names)


def cited(sentence: str, *quotes: str) -> list[int]:
    return [item.number for item in attribute(sentence, np.array([1.0, 0.0], dtype=np.float32), found(*quotes)).cited]


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


MINE = "The tin mine at Ardal will close at the end of May, its owner said on Monday."
PRICE = "Ore from abroad costs half as much, said the manager."


def test_a_cause_that_another_statement_names_is_cited_there_or_not_told() -> None:
    sentence = "The tin mine at Ardal will close because ore from abroad costs half as much."
    assert cited(sentence, MINE, HOMS, PRICE) == [1, 3]
    attribution = attribute(sentence, np.array([1.0, 0.0], dtype=np.float32), found(MINE, HOMS))
    assert (attribution.cited, attribution.reason) == ((), "no article found says “ore from abroad costs half”")
    assert cited("The tin mine at Ardal will shut at the end of May.", MINE) == [1]  # one word for another


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
    assert is_copy(statement(CHIEF), statement(other))


def test_the_same_words_with_another_number_are_no_copy() -> None:
    assert not is_copy(
        statement("About 25 people were killed in Hama."), statement("About 35 people were killed in Hama.")
    )
