import pytest

from rag.numbers import find_numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("about 200 kilometres (125 miles) north", [(200, "km", False), (125, "mile", False)]),
        ("two hundred and fifty people", [(250, None, False)]),
        ("1,500 and 1500.5", [(1500, None, False), (1500.5, None, False)]),
        ("$3.5 million", [(3.5e6, "$", False)]),
        ("the country’s third largest, its 4th city", [(3, None, True), (4, None, True)]),
        ("twenty-five per day", [(25, None, False)]),
        ("one of the few cities", []),
        ("12%", [(12, "%", False)]),
        ("£1.2bn", [(1.2e9, "£", False)]),
    ],
)
def test_numbers_have_one_normal_form(text: str, expected: list[tuple[float, str | None, bool]]) -> None:
    assert [(number.value, number.unit, number.ordinal) for number in find_numbers(text)] == expected


@pytest.mark.parametrize(
    "forms",
    [
        "12,500|12 500|12\u00a0500|12\u202f500|12\u2009500|12.500|12'500|12’500|12.5 thousand",
        "1,200,000|1.200.000|1 200 000|1’200’000|1.2 million|1,2 million|12,00,000|1,2 Millionen",
        "1,100,000|1.1 million|1.1m|1,1 Mio",
        "2,500,000,000|£2.5bn|2,5 Milliarden|2.5 billions",
        "1,234.56|1.234,56|1 234,56|1'234.56",
        "12.5|12,5|12.500",
    ],
)
def test_a_number_is_the_same_in_all_its_forms(forms: str) -> None:
    first, *others = (find_numbers(f"about {form} francs") for form in forms.split("|"))
    assert all(len(numbers) == 1 and numbers[0].stands_in(first) and first[0].stands_in(numbers) for numbers in others)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("500", "12 500 people"),
        ("500", "12\u202f500 people"),
        ("500", "12.500 people"),
        ("12", "12'500 people"),
        ("5 million", "12,5 million euros"),
        ("12.5", "12,500 people"),
        ("12,500", "12.5 people"),
        ("2024,500", "12 500 people"),
        ("fourteen", "Four were hurt, not fourteen."),
        ("14", "Four were hurt rather than the 14 first counted."),
        ("25 miles", "25 kilometres"),
        ("3 cities", "the third city"),
    ],
)
def test_a_part_of_a_number_one_denied_or_of_something_else_does_not_stand_there(number: str, text: str) -> None:
    assert not find_numbers(number)[0].stands_in(find_numbers(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in 2024 500 left", [2024, 500]),
        ("2019, 500 and 600", [2019, 500, 600]),
        ("not only 14", [14]),
        ("5,000-6,000", [5000, 6000]),
    ],
)
def test_numbers_beside_each_other_stay_apart(text: str, expected: list[float]) -> None:
    assert [number.value for number in find_numbers(text) if not number.denied] == expected
