"""What the judge is taught: what search brings for a question, labelled by the sentences that were marked."""

from evals.train.stories import found

SET = {
    "id": "lenn",
    "articles": [
        {
            "title": "Harbour gets a chief",
            "date": "2024-05-02",
            "source": "The Lenn Post",
            "sentences": [
                "The council of Lenn chose a new master for its harbour on Monday.",
                "Ana Torp, an engineer of 41, will take over in June.",
                "She follows Boris Quell, who ran the harbour for nine years.",
            ],
        }
    ],
    "questions": [
        {"q": "How old is Ana Torp?", "yes": [[0, 1]], "half": [[0, 0]], "answer": "41", "wrong": ["nine"]},
        {"q": "Why did Boris Quell leave the harbour?", "yes": []},
    ],
}


def test_a_statement_is_labelled_by_the_marked_sentences_that_it_holds() -> None:
    rows = list(found([SET]))
    told = {(row["question"][:3], row["sentence"], row.get("answer"), row["label"]) for row in rows}
    torp, quell = SET["articles"][0]["sentences"][1:]  # type: ignore[index]
    leaning = f"{torp} {quell}"  # "She" is read with the sentence before, which was marked
    assert {one for one in told if one[0] == "How"} == {
        ("How", torp, None, 1), ("How", torp, "41", 1), ("How", torp, "nine", 0),
    } | {one for one in told if one[1] == leaning and one[0] == "How"}  # fmt: skip
    assert all(label == 0 for asked, _, _, label in told if asked == "Why") and any(one[0] == "Why" for one in told)
    assert {row["title"] for row in rows} == {"Harbour gets a chief"}
