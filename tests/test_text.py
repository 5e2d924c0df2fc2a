"""What the evals compare of a text, by code of their own."""

import re
from datetime import date
from pathlib import Path

import rag
from evals.text import Quote, lacking, unframed, words

ROOT = Path(__file__).parent.parent
PLAIN = {"rag.types", "rag.errors", "rag.settings", "rag.printing", "rag.terminal", "rag.assistant"}
IMPORT = re.compile(r"^ *(?:from|import) (rag[\w.]*)(?: import (.+))?", re.MULTILINE)
RUNNING = ("bench", "cli", "judging", "pieces", "systems", "run", "signals", "fit", "remember", "scale/", "train/")
"""They drive Dateline or train its checks, and mark nothing."""

FRIDAY = date(2024, 12, 6)
PORT = Quote("On Tuesday Velmar's harbour board paid $2.5 million for two cranes, Ilse Brandt said.", FRIDAY)


def test_what_marks_an_answer_takes_nothing_from_the_checks_that_it_marks() -> None:
    files = {path.relative_to(ROOT / "evals").as_posix(): path for path in (ROOT / "evals").rglob("*.py")}
    marking = {name: path for name, path in files.items() if not name.startswith(RUNNING)}
    assert {"judge.py", "matching.py", "injection.py", "peers.py", "scorers/citations.py"} <= set(marking)
    taken = {
        f"{name}: {module}"
        for name, path in marking.items()
        for module, names in IMPORT.findall(path.read_text("utf-8"))
        if module not in PLAIN and not module.startswith("rag.engines.")
        if module != "rag" or not set(names.split(", ")) <= set(rag.__all__)
    }
    assert taken == set()


SAID = [
    "The board paid 2,500,000 dollars on 3 December 2024.", "Tuesday's price was $2.5m.",
    "The Velmar board bought two cranes on Tuesday, December 3.", "It was paid in December 2024.",
    "One crane was the first.", "Officials said that the board bought cranes.",
    "3 December 2024.",  # of which no word is left
]  # fmt: skip
BEYOND = {
    "It was paid in November 2024.": "the name November", "It was paid in 2023.": "the number 2023",
    "It was paid on 4 December 2024.": "the date 4 December 2024", "It was paid on Wednesday.": "the name Wednesday",
    "The board paid 2.5 million euros.": "the number 2500000", "The board bought three cranes.": "the number 3",
    "It bought 1 crane.": "the number 1", "The Kestrel board bought two cranes.": "the name Kestrel",
    "Ilse Brand said it.": "the name Brand", "VHB bought two cranes.": "the name VHB",
}  # fmt: skip
OTHERWISE = {
    "The Norwegian minister spoke in Norway.": "Norway's minister spoke.",
    "French troops left the US.": "Troops of France left the United States.",
    "British and Turkish ships met Americans.": "Ships of Britain and Turkey met the U.S. fleet.",
    "ORV counted them.": "The Observatory of River Voles counted them.",
    "Al-Hadi and Zoë O’Mara left.": "Zoe O'Mara left with Hadi.",
    "They left on 28 December 2024.": "They left on Dec. 28.",
    "They left on 5 January 2025.": "They will leave on the fifth of January.",
    "They left on 6 December 2024.": "They left later that day.",
    "They left on 5 December 2024.": "They left yesterday.",
}


def test_what_a_sentence_says_beyond_its_quotes_is_named() -> None:
    assert {sentence: lacking(sentence, [PORT]) for sentence in (*SAID, *BEYOND)} == dict.fromkeys(SAID) | BEYOND


def test_what_is_said_in_another_form_is_not_missing() -> None:
    assert [pair for pair in OTHERWISE.items() if lacking(pair[0], [Quote(pair[1], FRIDAY)])] == []
    assert all(lacking(sentence, [Quote("The board met.", FRIDAY)]) for sentence in OTHERWISE)


def test_words_are_those_that_carry_meaning_in_any_form() -> None:
    assert words("The twenty-five ferries were sailing to Brè on May 5th.") == words("25 ferry sails: bre, 5 May")
    assert words("It is of the which and not") == frozenset()


def test_what_is_said_of_the_source_is_no_part_of_what_it_says() -> None:
    assert unframed("As of 5 December 2024: The port is shut.") == "The port is shut."
    assert unframed("Another article, of 1 May 2024, says: In the article’s words: “It is shut.”") == "“It is shut.”"
    plain = "As of Monday the board had three members: Brandt, Orm and Vik."
    assert unframed(plain) == plain
