"""What the judge is taught: what search brings for a question, labelled by the sentences that were marked."""

from typing import Any

import pytest

from evals.train.stories import drafted, found

TORP = "Ana Torp, an engineer of 41, will take over in June."
QUELL = "She follows Boris Quell, who ran the harbour for nine years."
SET = {
    "id": "lenn",
    "articles": [
        {
            "title": "Harbour gets a chief",
            "date": "2024-05-02",
            "source": "The Lenn Post",
            "sentences": ["The council of Lenn chose a new master for its harbour on Monday.", TORP, QUELL],
        }
    ],
    "questions": [
        {
            "q": "How old is Ana Torp?",
            "yes": [[0, 1]],
            "half": [[0, 0]],
            "answer": "41",
            "wrong": ["nine"],
            "drafts": [["Ana Torp is 41.", 1]],
        },
        {"q": "Why did Boris Quell leave the harbour?", "yes": []},
    ],
}


def test_a_statement_is_labelled_by_the_marked_sentences_that_it_holds() -> None:
    rows = list(found([SET]))
    told = {(row["question"][:3], row["sentence"], row.get("answer"), row["label"]) for row in rows}
    leaning = f"{TORP} {QUELL}"  # "She" is read with the sentence before, which was marked
    assert {one for one in told if one[0] == "How" and one[1] != leaning} == {
        ("How", TORP, None, 1), ("How", TORP, "41", 1), ("How", TORP, "nine", 0), ("How", TORP, "Ana Torp is 41.", 1),
    }  # fmt: skip
    assert all(label == 0 for asked, _, _, label in told if asked == "Why") and any(one[0] == "Why" for one in told)
    assert {row["title"] for row in rows} == {"Harbour gets a chief"}


@pytest.mark.parametrize(
    ("drafts", "rows"),
    [
        ([("She is 41.", 1)], [(TORP, 1)]),
        # the second right one is also held against the nearest statement that does not answer
        ([("She is 41.", 1), ("Ana Torp is 41.", 1)], [(TORP, 1), (TORP, 1), (QUELL, 0)]),
        # a wrong one fits nothing, least of all what answers
        ([("She ran the harbour for nine years.", 0)], [(QUELL, 0), (TORP, 0)]),
        ([("Ana Torp is an engineer.", 0)], [(TORP, 0)]),
    ],
)
def test_a_draft_is_held_against_what_it_would_stand_on(drafts: Any, rows: list[tuple[str, int]]) -> None:
    statements = [({"question": "How old is Ana Torp?", "sentence": said}, int(said == TORP)) for said in (TORP, QUELL)]
    assert [(row["sentence"], row["label"]) for row in drafted(drafts, statements)] == rows
