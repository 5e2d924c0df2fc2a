"""The judge: it says which sentence answers, and whether an answer is the right one of its sentence."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.crossencoder import CrossEncoder

QUESTION = "Who runs the harbour of Lenn?"
BUILT = "The harbour of Lenn was built in 1911, and forty ships lie there today."
RUNS = "Ana Torp, an engineer, has run the harbour of Lenn since last spring."
SENTENCES = [RUNS, BUILT, "Fishermen in Velle said that the catch was poor."]


@pytest.fixture(scope="module")
def judge() -> CrossEncoder:
    return CrossEncoder()


def test_the_sentence_that_answers_is_the_likeliest(judge: CrossEncoder) -> None:
    opened = "The bridge over the Orr, which cost 12 million crowns, was opened in May 1998."
    tunnel = "The tunnel below the hill was opened in June 2001."
    for question, *sentences in (
        (QUESTION, *SENTENCES),
        ("How many ships lie in the harbour of Lenn?", BUILT, RUNS, "Forty fishermen of Velle have no harbour."),
        ("When was the bridge over the Orr opened?", opened, "The bridge over the Orr cost 12 million crowns.", tunnel),
    ):
        first, *rest = judge.answers(question, sentences)
        assert first > max(rest), question


def test_the_right_answer_of_a_sentence_is_likelier_than_another_of_its_names_or_numbers(judge: CrossEncoder) -> None:
    for question, right, wrong, sentence in (
        (QUESTION, "Ana Torp", "Ivar Stolt", "Ana Torp, not Ivar Stolt, has run the harbour of Lenn since spring."),
        ("How many did it carry?", "212 passengers", "14 passengers", "The ferry carried 212 passengers and 14 cars."),
        ("When was the bridge opened?", "In 1998.", "In 1991.", "Planned in 1991, the bridge was opened in 1998."),
    ):
        assert judge.supports(question, right, [sentence]) > judge.supports(question, wrong, [sentence]), question


def test_what_is_read_beside_a_sentence_changes_nothing_and_threads_share_the_judge(judge: CrossEncoder) -> None:
    alone = [judge.answers(QUESTION, [sentence])[0] for sentence in SENTENCES]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: judge.answers(QUESTION, SENTENCES), range(4)))
    assert found == [alone] * 4


def test_nothing_to_read_and_a_text_beyond_its_length(judge: CrossEncoder) -> None:
    assert judge.answers(QUESTION, []) == []
    (long,) = judge.answers(QUESTION, [RUNS + " It rained." * 500])
    assert [long] == judge.answers(QUESTION, [RUNS + " It rained." * 60])
    assert 0 <= judge.supports(QUESTION, "It rained. " * 500, SENTENCES[:1])[0] <= 1
