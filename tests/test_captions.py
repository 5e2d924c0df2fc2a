"""index/captions.py: a paragraph that ends in a picture's credit is a caption, and prose stays prose."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
from index_helpers import cases

from index.captions import find_captions

SEED_NAMES = ["000_cd28b6654e9fce99.txt", "001_8034130e071ff64c.txt"]


def found(text: str) -> tuple[list[str], list[str]]:
    """The captions and the credits."""
    captions, credits = ([text[span.start : span.end] for span in spans] for spans in find_captions(text))
    return captions, credits


def test_the_captions_of_the_seeds_are_those_that_end_in_a_credit(seeds: Path) -> None:
    first, second = (found((seeds / name).read_bytes().decode()) for name in SEED_NAMES)
    assert first[1] == ["Credit: AP"] * 2 and first[0][1:] == [
        "Smoke billowing in the edges Hama as rebel forces fight Syria's military."
    ]
    albam, alsayed = "(Omar Albam/AP)", "(Ghaith Alsayed/AP)"
    assert second[1] == [alsayed, f"{albam} {albam}", f"{albam} {albam}", f"{alsayed} {alsayed}"]
    assert [caption[:40] for caption in second[0]] == [  # the date is left out
        *("Syrian opposition fighters on a seized m", "Syrian opposition fighters say they have"),
        *("The Syrian army says it will withdraw fr", "Civilians carrying their belongings leav"),
    ]


@pytest.mark.parametrize("credit", cases("credits.txt"))
def test_a_paragraph_that_ends_in_a_credit_is_a_caption(credit: str) -> None:
    assert found(f"It fell.\n\nSmoke rises over Hama. {credit}\n\nThey left.") == (["Smoke rises over Hama."], [credit])


@pytest.mark.parametrize("prose", cases("no_credits.txt"))
def test_prose_that_only_looks_like_a_credit_stays_prose(prose: str) -> None:
    assert found(f"It fell.\n\n{prose}\n\nThey left.") == ([], [])


@pytest.mark.parametrize(
    ("text", "captions", "credits"),
    [
        ("", [], []),
        (" date 2024-12-05 ", [], []),
        ("Smoke over Hama Omar Albam/AFP", ["Smoke over Hama"], ["Omar Albam/AFP"]),  # a name has two words
        ("It fell.\n\n(Omar Albam/AP)\n\nPhoto: AP", [], ["(Omar Albam/AP)", "Photo: AP"]),  # all credit
        (
            "Image source, Getty Images\n\nImage caption, Smoke over Hama",
            ["Smoke over Hama"],
            ["Image source, Getty Images", "Image caption,"],
        ),
        ("The army left the city. " * 18 + "(Omar Albam/AP)", [], []),  # too long for a caption
        (
            "It fell.\r\n\r\nSmoke over\r\nHama (Omar\r\nAlbam/AP)\r\n\r\nThey left.",
            ["Smoke over\r\nHama"],
            ["(Omar\r\nAlbam/AP)"],
        ),
    ],
)
def test_a_caption_is_what_stands_before_its_credit(text: str, captions: list[str], credits: list[str]) -> None:
    assert found(text) == (captions, credits)


def test_a_megabyte_of_capitals_is_read_in_seconds() -> None:
    text = "\n\n".join(["Aa Bb/Cc " * 80, "(" * 790, "Photo: " * 100, "A/" * 390] * 400)
    begin = process_time()
    assert find_captions(text) == ((), ())
    assert process_time() - begin < 20
