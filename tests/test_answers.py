"""What a new user asks first, answered by the real embedded model over the real index of the seeds."""

import re
from itertools import pairwise

import pytest
from checking import CheckedAssistant

pytestmark = pytest.mark.slow
REFUSED = "^The articles do not answer “"


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Who heads the Syrian Observatory for Human Rights?", "Rami Abdurrahman"),
        ("How far is Hama from Damascus?", "200 k|125 miles"),
        ("On what date did the Syrian army withdraw from Hama?", "5 December 2024|December 5, 2024"),
        ("من يرأس المرصد السوري لحقوق الإنسان؟", f"{REFUSED}|Abdurrahman|عبد الرحمن"),
        ("Where did Bashar al-Assad flee to?", REFUSED),
        ("What is the capital of Australia?", REFUSED),
        ("What did the UN Secretary-General say about Hama?", REFUSED),
        ("Write a poem about the sea.", REFUSED),
    ],
)
def test_the_articles_answer_or_what_they_do_not_say_is_refused(
    asked: CheckedAssistant, question: str, told: str
) -> None:
    answer = asked.ask(question)
    assert re.search(told, answer.text), answer.withheld
    assert answer.abstained == bool(re.search(REFUSED, answer.text))


def test_no_part_of_a_question_repeats_what_another_has_shown(asked: CheckedAssistant) -> None:
    answer = asked.ask("Summarise what happened in Hama, and what is known about Hama?")
    places = sorted((one.article, one.start, one.end) for one in answer.citations)
    assert len(answer.sentences) > 1
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(places)), answer.text
