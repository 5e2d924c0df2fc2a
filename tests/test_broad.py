"""Questions that have no one right answer are told from those that have."""

import pytest

from rag.broad import asks_for_articles, breadth


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


@pytest.mark.parametrize(
    ("question", "of_articles"),
    [
        ("How many articles mention the harbour of Velle?", True),
        ("how many of the articles are about Ana Torp", True),
        ("IN HOW MANY NEWS ARTICLES IS VELLE NAMED?", True),
        ("How many stories mention Velle?", True),
        ("How often is Velle mentioned in the articles?", True),
        ("List all articles about the ferry.", True),
        ("What is the latest article about?", True),
        ("Who wrote your oldest article?", True),
        ("Which articles say so?", True),
        ("Which of the articles does not mention it?", True),
        ("What do the articles say about Velle?", False),
        ("Summarise what the articles say about the ferry.", False),
        ("Summarise the articles.", False),
        ("What are these articles about?", False),
        ("How many ferries do the articles mention?", False),
        ("How many stories does the tower have?", False),
        ("Which article of the treaty was broken?", False),
        ("Who first invoked Article 5?", False),
        ("What is the latest on the strike?", False),
    ],
)
def test_a_question_about_the_articles_is_told_from_one_about_what_they_say(question: str, of_articles: bool) -> None:
    assert asks_for_articles(question) == of_articles
