"""Questions that have no one right answer are told from those that have."""

import pytest

from rag.broad import breadth


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What happened in Hama?", "broad"),
        ("What is happening at the border?", "broad"),
        ("What's the latest on the strike?", "broad"),
        ("What was reported about the merger?", "broad"),
        ("What do the articles say about suicide attacks?", "broad"),
        ("Why does Hama matter?", "broad"),
        ("Why is the ruling important?", "broad"),
        ("What role does Turkey play?", "broad"),
        ("Tell me about the offensive.", "broad"),
        ("Summarise what they say about Homs.", "broad"),
        ("Summarise the articles.", "all"),
        ("Give me a short overview of all the news.", "all"),
        ("What are these articles about?", "all"),
        ("Who captured Hama?", "narrow"),
        ("What did the army say about Hama?", "narrow"),
        ("Why did the army withdraw?", "narrow"),
        ("What is the name of the group?", "narrow"),
        ("When did it happen?", "narrow"),
        ("What is Hama known for?", "narrow"),
    ],
)
def test_how_broad_a_question_is(question: str, kind: str) -> None:
    assert breadth(question) == kind
