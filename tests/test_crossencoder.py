"""The judge: it says which sentence answers, and whether an answer is the right one of its sentence."""

from __future__ import annotations

import threading

import pytest

from rag.crossencoder import CrossEncoder

QUESTION = "Who runs the harbour of Lenn?"
SENTENCES = [
    "The harbour of Lenn was built in 1911, and forty ships lie there today.",
    "Ana Torp, an engineer, has run the harbour of Lenn since last spring.",
    "Fishermen in Velle said that the catch was poor.",
]


@pytest.fixture(scope="module")
def judge() -> CrossEncoder:
    return CrossEncoder()


@pytest.mark.parametrize(
    ("question", "right", "others"),
    [
        (QUESTION, SENTENCES[1], [SENTENCES[0], SENTENCES[2]]),
        (
            "How many ships lie in the harbour of Lenn?",
            SENTENCES[0],
            [SENTENCES[1], "Forty fishermen live in Velle, which has no harbour."],
        ),
        (
            "When was the bridge over the Orr opened?",
            "The bridge over the Orr, which cost 12 million crowns, was opened in May 1998.",
            ["The bridge over the Orr cost 12 million crowns.", "The tunnel below the hill was opened in June 2001."],
        ),
        (
            "Why did the ferry turn back?",
            "The ferry turned back because one of its engines had caught fire.",
            ["The ferry carries two hundred passengers.", "The ferry turned back on Monday."],
        ),
    ],
)
def test_the_sentence_that_answers_is_the_likeliest(
    judge: CrossEncoder, question: str, right: str, others: list[str]
) -> None:
    first, *rest = judge.answers(question, [right, *others])
    assert first > max(rest)
    assert first > 0.5


@pytest.mark.parametrize(
    ("question", "right", "wrong", "sentence"),
    [
        (QUESTION, "Ana Torp", "Ivar Stolt", "Ana Torp, not Ivar Stolt, has run the harbour of Lenn since spring."),
        (
            "How many passengers did the ferry carry?",
            "212 passengers",
            "14 passengers",
            "The ferry carried 212 passengers and 14 cars.",
        ),
        (
            "When was the bridge opened?",
            "It was opened in 1998.",
            "It was opened in 1991.",
            "Planned in 1991, the bridge was opened in 1998.",
        ),
    ],
)
def test_the_right_answer_of_a_sentence_is_likelier_than_another_of_its_names_or_numbers(
    judge: CrossEncoder, question: str, right: str, wrong: str, sentence: str
) -> None:
    assert judge.supports(question, right, [sentence]) > judge.supports(question, wrong, [sentence])


def test_what_is_read_beside_a_sentence_changes_nothing_and_threads_share_the_judge(judge: CrossEncoder) -> None:
    alone = [judge.answers(QUESTION, [sentence])[0] for sentence in SENTENCES]
    found = list[list[float]]()
    threads = [threading.Thread(target=lambda: found.append(judge.answers(QUESTION, SENTENCES))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for together in found:
        assert together == alone


def test_nothing_to_read_and_a_text_beyond_its_length(judge: CrossEncoder) -> None:
    assert judge.answers(QUESTION, []) == []
    (long,) = judge.answers(QUESTION, [SENTENCES[1] + " It rained." * 500])
    assert [long] == judge.answers(QUESTION, [SENTENCES[1] + " It rained." * 60])
    assert 0 <= judge.supports(QUESTION, "It rained. " * 500, SENTENCES[:1])[0] <= 1
