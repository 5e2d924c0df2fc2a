from pathlib import Path
from time import perf_counter

import pytest

from index.captions import find_captions
from index.types import Span

SEEDS = Path(__file__).parents[1] / "seeds"


def words(text: str, spans: tuple[Span, ...]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


def found(text: str) -> tuple[list[str], list[str]]:
    captions, credits = find_captions(text)
    return words(text, captions), words(text, credits)


def seed(name: str) -> str:
    return (SEEDS / name).read_bytes().decode()


def test_the_captions_of_the_first_seed_are_the_two_that_end_in_a_credit() -> None:
    captions, credits = found(seed("000_cd28b6654e9fce99.txt"))
    assert captions == [
        "Syrian rebels groups have taken advantage of a weakening of Bashar Al Assad's support from Iran and Russia.",
        "Smoke billowing in the edges Hama as rebel forces fight Syria's military.",
    ]
    assert credits == ["Credit: AP"] * 2


def test_the_captions_of_the_second_seed_leave_out_the_date_and_the_doubled_credits() -> None:
    captions, credits = found(seed("001_8034130e071ff64c.txt"))
    assert captions == [
        "Syrian opposition fighters on a seized military armoured vehicle on the outskirts of Hama",
        "Syrian opposition fighters say they have taken the city of Hama",
        "The Syrian army says it will withdraw from the city",
        "Civilians carrying their belongings leave the area as Syrian opposition fighters confront government troops",
    ]
    assert credits == [
        "(Ghaith Alsayed/AP)",
        *["(Omar Albam/AP) (Omar Albam/AP)"] * 2,
        "(Ghaith Alsayed/AP) (Ghaith Alsayed/AP)",
    ]


@pytest.mark.parametrize(
    "credit",
    [
        "(Omar Albam/AP)",
        "(Omar Albam/AP) (Omar Albam/AP)",
        "[Omar Albam/Reuters]",
        "[Reuters]",
        "[File: Omar Albam/AP Photo]",
        "(AP Photo/Omar Albam)",
        "(AP Photo/Omar Albam, File)",
        "(AP Photo/Omar Albam).",
        "(SANA via AP)",
        "(Syrian Presidency via Facebook)",
        "(Omar Albam/AFP via Getty Images)",
        "(REUTERS/Stringer)",
        "(REUTERS/Omar Albam)",
        "(Omar Albam, AP)",
        "(Getty Images)",
        "(Photo by Omar Albam/Getty Images)",
        "(Picture: PA)",
        "Credit: AP",
        "CREDIT: GETTY",
        "Photo: Omar Albam/Reuters",
        "Photo by Omar Albam/AP",
        "Photograph: Omar Albam/AFP/Getty Images",
        "Picture: PA",
        "Image: Omar Albam / Getty Images",
        "| Photo Credit: PTI",
        "Credit...Omar Albam for The New York Times",
        "Фото: Reuters",
        "© Omar Albam",
        "© 2024 Getty Images",
        "Omar Albam/AFP/Getty Images",
        "Omar Albam/AFP via Getty Images",
        "REUTERS/Omar Albam",
    ],
)
def test_a_paragraph_that_ends_in_a_credit_is_a_caption(credit: str) -> None:
    assert found(f"It fell.\n\nSmoke rises over Hama. {credit}\n\nThey left.") == (["Smoke rises over Hama."], [credit])


@pytest.mark.parametrize(
    "prose",
    [
        "WASHINGTON (AP) — The army left the city.",
        "The army left the city. (AP)",
        "The army left the city (AP)",
        "DAMASCUS, Dec 5 (AFP)",
        "The news came from the agencies (AP, AFP)",
        "Homs is about 40 kilometres (25 miles).",
        "Homs is 25 miles away (40 km/h)",
        "The city fell to the group (HTS/Nusra).",
        "The city fell to the group (HTS/Nusra)",
        "Most want peace, a poll found (Reuters/Ipsos)",
        "Most want peace, a poll found (Reuters/Ipsos).",
        "He said so, according to AFP/Reuters.",
        "The picture (Omar Albam/AP) went around the world.",
        "He told Reuters",
        "He deserves credit: the army left.",
        "On the wall stood Photo: the army left the city",
        "(Reporting by Omar Albam; Editing by the desk)",
        "© 2024 The Associated Press. All rights reserved.",
        "The emperor was Constantine (VII)",
    ],
)
def test_prose_that_only_looks_like_a_credit_stays_prose(prose: str) -> None:
    assert found(f"It fell.\n\n{prose}\n\nThey left.") == ([], [])


def test_a_name_without_brackets_or_full_stop_before_it_has_two_words() -> None:
    assert found("Smoke rises over Hama Omar Albam/AFP") == (["Smoke rises over Hama"], ["Omar Albam/AFP"])


def test_a_paragraph_that_is_all_credit_gives_no_caption() -> None:
    assert found("It fell.\n\n(Omar Albam/AP)\n\nPhoto: AP") == ([], ["(Omar Albam/AP)", "Photo: AP"])


def test_the_labels_of_the_bbc_are_credits() -> None:
    text = "Image source, Getty Images\n\nImage caption, Smoke rises over Hama"
    assert found(text) == (["Smoke rises over Hama"], ["Image source, Getty Images", "Image caption,"])


def test_a_long_paragraph_is_prose_whatever_it_ends_in() -> None:
    assert found("The army left the city. " * 18 + "(Omar Albam/AP)") == ([], [])


def test_windows_line_ends_and_a_wrapped_credit_do_not_hide_a_caption() -> None:
    assert found("It fell.\r\n\r\nSmoke over\r\nHama (Omar\r\nAlbam/AP)\r\n\r\nThey left.") == (
        ["Smoke over\r\nHama"],
        ["(Omar\r\nAlbam/AP)"],
    )


def test_an_empty_text_has_no_captions() -> None:
    assert find_captions("") == ((), ())
    assert find_captions(" date 2024-12-05 ") == ((), ())


def test_a_megabyte_of_capitals_is_read_in_seconds() -> None:
    text = "\n\n".join(["Aa Bb/Cc " * 80, "(" * 790, "Photo: " * 100, "A/" * 390] * 400)
    begin = perf_counter()
    assert find_captions(text) == ((), ())
    assert perf_counter() - begin < 20
