"""What a new user asks first, answered by the real embedded model over the real index of the seeds."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from checking import CheckedAssistant

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("question", "pattern", "article"),
    [
        ("Who heads the Syrian Observatory for Human Rights?", r"Rami Abdurrahman", None),
        ("How far is Hama from Damascus?", r"200 k|125 miles", "001_8034130e071ff64c.txt"),
        ("On what date did the Syrian army withdraw from Hama?", r"5 December 2024|December 5, 2024", None),
    ],
)
def test_the_articles_answer(asked: CheckedAssistant, question: str, pattern: str, article: str | None) -> None:
    answer = asked.ask(question)
    assert not answer.abstained, answer.withheld
    assert re.search(pattern, answer.text)
    assert article in (None, answer.citations[0].article)


@pytest.mark.parametrize(
    "question",
    [
        "Where did Bashar al-Assad flee to?",
        "What is the capital of Australia?",
        "What did the UN Secretary-General say about Hama?",
        "Write a poem about the sea.",
    ],
)
def test_what_the_articles_do_not_say_is_refused(asked: CheckedAssistant, question: str) -> None:
    answer = asked.ask(question)
    assert answer.abstained, answer.text
    assert answer.text.startswith("The articles do not answer “")


def test_the_same_question_gets_the_same_answer(asked: CheckedAssistant) -> None:
    one, two = (asked.ask("When did the renewed fighting begin?") for _ in range(2))
    assert one.text == two.text
    assert one.model == "qwen2.5-coder-1.5b-instruct-q4_k_m"


def test_the_check_reads_its_statement_from_the_prefix_cache(asked: CheckedAssistant) -> None:
    usage = asked.ask("How far is Homs from Hama?").usage
    assert usage.cached_tokens > usage.prompt_tokens / 5


def test_a_question_in_arabic_gets_a_sensible_answer(asked: CheckedAssistant) -> None:
    answer = asked.ask("من يرأس المرصد السوري لحقوق الإنسان؟")
    assert answer.abstained or "Abdurrahman" in answer.text or "عبد الرحمن" in answer.text


def test_no_part_of_a_question_repeats_what_another_has_shown(asked: CheckedAssistant) -> None:
    answer = asked.ask("What happened in Hama and why does it matter?")
    places = sorted((one.article, one.start, one.end) for one in answer.citations)
    assert len(answer.sentences) > 1
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(places)), answer.text
