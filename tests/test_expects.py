"""What a question asks for is read from its words; a sentence without it is beside the question."""

import pytest

from rag.expects import brings, expected


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who leads Hayat Tahrir al-Sham?", "person"),
        ("Whose words are these?", "person"),
        ("In what year did the war begin?", "time"),
        ("On which date did they enter Hama?", "time"),
        ("When was the bridge built?", "time"),
        ("How many people were killed?", "quantity"),
        ("What is the distance between Hama and Homs?", "quantity"),
        ("Where was he on Wednesday?", "place"),
        ("Which northern city had they captured?", "place"),
        ("Why did the army withdraw?", "reason"),
        ("Did the army withdraw?", "choice"),
        ("What is Hama known for?", "other"),
    ],
)
def test_the_kind_of_answer(question: str, kind: str) -> None:
    assert expected(question) == kind


@pytest.mark.parametrize(
    ("question", "sentence", "brought"),
    [
        ("How many fighters does it have?", "It has tens of thousands of fighters.", True),
        ("How many fighters does it have?", "It has fighters.", False),
        ("How many soldiers died?", "On 5 December 2024 a number of soldiers died.", False),
        ("How many of the 12 ships sank?", "Of the 12 ships, some sank.", False),
        ("When was the bridge built?", "The bridge was built in 1932.", True),
        ("When was the bridge built?", "The bridge was built by the city.", False),
        ("When did they enter Hama?", "They entered Hama on Thursday.", True),
        ("Who leads the group?", "The group leads.", False),
        ("Who leads the group?", "The group is led by Golani.", True),
        ("Where did he speak?", "He did speak.", False),
    ],
)
def test_a_sentence_brings_it_or_not(question: str, sentence: str, brought: bool) -> None:
    assert brings(sentence, question) is brought
