"""index/dates.py: strict dates, and the native date line."""

from datetime import date, datetime

import pytest

from index.dates import dateline, native_date, parse_date
from index.types import Span

FIFTH = date(2024, 12, 5)
GIVEN = [
    *("2024-12-05", "2024-12-05T23:30:00-05:00", "2024-12-05 10:00 GMT", "20241205", 20241205, "2024/12/5"),
    *("Thu, 05 Dec 2024 23:00:00 -0800", "5 December 2024", "December 5, 2024", "Dec. 5, 2024, 3:15 p.m. ET"),
    *("05.12.2024", "5 décembre 2024", "5 декабря 2024 г.", "2024年12月5日", "٥ ديسمبر ٢٠٢٤"),
    *(1733356800, 1733356800.5, "1733356800", 1733356800123, "202412051030", FIFTH, datetime(2024, 12, 5, 23, 59)),
]
LEFT_OPEN = [
    *("05/12/2024", "05/12/2024 10:00 am", "December 2024", "2024", 2024, "Thursday", "1 day ago", "5 December 24"),
    *("2024-13-01", "31 February 2024", "2024-12-05 to 2024-12-09", "Hama fell on 5 December 2024"),
    *("0001-01-01", "9999-12-31", 0, "0", -1, True, None, "", [], {}, float("nan"), float("inf"), 10**400),
]
CLEAR = [(value, date(2024, 12, 25)) for value in ("25/12/2024", "12/25/2024")]  # a day above twelve settles the order


@pytest.mark.parametrize(
    ("value", "day"), [*((value, FIFTH) for value in GIVEN), *((value, None) for value in LEFT_OPEN), *CLEAR]
)
def test_a_day_that_is_plainly_given_is_read_and_no_other(value: object, day: date | None) -> None:
    assert parse_date(value) == day


@pytest.mark.parametrize(
    ("text", "day", "length"),
    [
        (" date 2024-12-05 Insurgents…", FIFTH, 17),
        ("date 2024-12-05 Insurgents…", FIFTH, 16),
        (" date 2024-12-05\r\nInsurgents…", FIFTH, 16),
        (" date 2024-13-05 x", None, 17),  # impossible: set aside without a date
        *((other, None, None) for other in ("dated 2024-12-05 x", "A date 2024-12-05 x", " date 2024-12-051 x", "")),
    ],
)
def test_the_native_line_gives_its_date_and_its_span(text: str, day: date | None, length: int | None) -> None:
    assert native_date(text) == (day, length and Span(0, length))


SEVENTH, THIRD = date(1998, 3, 7), date(1998, 6, 3)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("Saturday 7 March 1998\nA ship sank.", SEVENTH), ("A ship sank.\n7 March 1998.", SEVENTH)),
        *(("Published: 7 March 1998, 10:15", SEVENTH), ("Published 7.3.1998; updated 9.3.1998", SEVENTH)),
        *(("Harbour Post    7 March 1998    3", SEVENTH), ("By Ann Poe | 7 March 1998", SEVENTH)),
        *(("PORT ELLA, 3 June – A ship sank.", THIRD), ("ELLA (AP), June 3, 1998 — A ship.", THIRD)),
        *(("PORT ELLA, 4 June – A ship sank.", None), ("PORT ELLA – On 3 June 1998 a ship sank.", None)),
        *(("On 5 May 1998 he came.", None), ("5 May 1998 was cold.", None), ("Updated: 7 March 1998", None)),
        *(("Born: 7 March 1998", None), ("The council meets on 7 March 1998", None), ("A ship sank.", None)),
        *(("3 June 1998, 10:15", None), ("3.6.1998 10:15  Harbour Post", None)),  # printed as the file was made
        *(("3.6.1998", THIRD), ("Posted: 3 June 1998, 10:15", THIRD)),
        ("March 4, 2019 Monday\nOne.\nJuly 1, 2020 Wednesday\nTwo.", None),
        *(("a\n" * 9 + "7 March 1998\n" + "b\n" * 9, None), ("A long line of prose, " * 20, None)),
    ],
)
def test_a_text_gives_its_own_day_in_a_dateline_only(text: str, day: date | None) -> None:
    assert dateline(text, made=THIRD) == day


def test_a_dateline_without_its_year_needs_a_witness_and_a_running_head_gives_the_day() -> None:
    assert dateline("PORT ELLA, 3 June – A ship sank.") is None
    heads = ["Harbour Post    7 March 1998    3", "Harbour Post    7 March 1998    4"]
    assert dateline("A ship sank.", heads=heads) == SEVENTH
    assert dateline("A ship sank.", heads=[*heads, "Harbour Post    8 March 1998    3"]) is None
