import pytest

from rag.words import content_words, find_names, find_numbers, fold, name_stands_in, resembles_word_in, spelled_out


def values(text: str) -> list[tuple[float, str | None, bool]]:
    return [(number.value, number.unit, number.ordinal) for number in find_numbers(text)]


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
        ("three days of clashes", [(3, "day", False)]),
        ("£1.2bn", [(1.2e9, "£", False)]),
    ],
)
def test_numbers_have_one_normal_form(text: str, expected: list[tuple[float, str | None, bool]]) -> None:
    assert values(text) == expected


def test_a_number_with_another_unit_is_another_number() -> None:
    (miles,) = find_numbers("25 miles")
    assert not miles.stands_in(find_numbers("25 kilometres"))
    assert miles.stands_in(find_numbers("40 kilometres (25 miles)"))


@pytest.mark.parametrize(
    "forms",
    [
        (
            "12,500",
            "12 500",
            "12\u00a0500",
            "12\u202f500",
            "12\u2009500",
            "12.500",
            "12'500",
            "12’500",
            "12.5 thousand",
        ),
        (
            "1,200,000",
            "1.200.000",
            "1 200 000",
            "1’200’000",
            "1.2 million",
            "1,2 million",
            "12,00,000",
            "1,2 Millionen",
        ),
        ("1,100,000", "1.1 million", "1.1m", "1,1 Mio"),
        ("2,500,000,000", "£2.5bn", "2,5 Milliarden", "2.5 billions"),
        ("1,234.56", "1.234,56", "1 234,56", "1'234.56"),
        ("12.5", "12,5", "12.500"),
    ],
)
def test_a_number_is_the_same_in_all_its_forms(forms: tuple[str, ...]) -> None:
    first, *others = (find_numbers(f"about {form} francs") for form in forms)
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
        ("14", "Four boats sank instead of 14."),
    ],
)
def test_a_part_of_a_number_or_one_denied_does_not_stand_there(number: str, text: str) -> None:
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


def test_an_ordinal_is_not_a_count() -> None:
    assert not find_numbers("3 cities")[0].stands_in(find_numbers("the third city"))


def test_names_are_found_without_particles_and_possessives() -> None:
    assert find_names("However, Abu Mohammed al-Golani toured Assad’s Aleppo.") == [
        "Mohammed", "Golani", "Assad", "Aleppo",
    ]  # fmt: skip


def test_the_first_word_of_a_question_is_a_name_only_if_it_can_be_one() -> None:
    assert find_names("Where did Erdogan go?", question=True) == ["Erdogan"]
    assert find_names("Erdogan said what?", question=True) == ["Erdogan"]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Homs is how large?", ["Homs"]),
        ("Assad’s father was who?", ["Assad"]),
        ("Beijing said what?", ["Beijing"]),
        ("Taking Hama took how long?", ["Hama"]),
        ("Fighting broke out where?", []),
        ("Following the verdict, who resigned?", []),
        ("Despite Merck, who won?", ["Merck"]),
        ("Wounded soldiers went where?", []),
        ("eBay and McLaren did what?", ["McLaren"]),
        ("What did the White House say to Lula?", ["White House", "Lula"]),
        ("SNA fighters did what?", ["SNA"]),
    ],
)
def test_a_question_begins_with_a_name_or_with_a_common_word(question: str, names: list[str]) -> None:
    assert find_names(question, question=True) == names


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("Taking Aleppo was a prize.", ["Aleppo"]),
        ("Homs fell.", []),
        ("Bashar Assad fled.", ["Bashar", "Assad"]),
        ("Boeing Max jets stay grounded.", ["Boeing", "Max"]),
    ],
)
def test_the_first_word_of_a_sentence_is_a_name_only_as_part_of_a_longer_one(sentence: str, names: list[str]) -> None:
    assert find_names(sentence) == names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Syria", "Syrian insurgents"),
        ("UK", "The Britain-based monitor"),
        ("SOHR", "the Syrian Observatory for Human Rights said"),
        ("SNA", "militias called the Syrian National Army"),
        ("HTS", "led by Hayat Tahrir al-Sham"),
        ("Turkey", "Turkish-backed militias"),
        ("Abdulghani", "said Abdulghani’s aide"),
        ("Müller", "Herr Muller"),
    ],
)
def test_a_name_is_known_in_its_other_forms(name: str, text: str) -> None:
    assert name_stands_in(name, text)


@pytest.mark.parametrize(("name", "text"), [("Australia", "Austria won"), ("US", "he told us so"), ("Iran", "Iraq")])
def test_another_name_is_another_name(name: str, text: str) -> None:
    assert not name_stands_in(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Moscow", "Russia is preoccupied"),
        ("Kremlin", "Russian planes"),
        ("Tehran", "Iran was weakened"),
        ("Washington", "the United States lifted it"),
        ("White House", "the US lifted it"),
        ("White House", "the White House lifted it"),
        ("Downing Street", "Britain objected"),
        ("Brussels", "the European Union fined it"),
        ("Damascus", "the Syrian army withdrew"),
        ("Paris", "in Paris"),
    ],
)
def test_a_seat_of_power_stands_for_its_state_loosely(name: str, text: str) -> None:
    assert name_stands_in(name, text, loosely=True)


@pytest.mark.parametrize(
    ("name", "text"),
    [("Moscow", "Russia denied it"), ("White House", "the US lifted it"), ("Washington", "America lifted it")],
)
def test_an_answer_that_names_a_city_is_not_proved_by_the_state(name: str, text: str) -> None:
    assert not name_stands_in(name, text)


@pytest.mark.parametrize(("name", "text"), [("Moscow", "Ukraine"), ("Damascus", "Syria has hills"), ("Kyiv", "Poland")])
def test_a_seat_of_power_does_not_stand_for_another_state(name: str, text: str) -> None:
    assert not name_stands_in(name, text, loosely=True)


@pytest.mark.parametrize(("name", "text"), [("Abdurahman", "Rami Abdurrahman said"), ("Zeria", "the Zaria road")])
def test_a_slip_of_the_pen_is_forgiven(name: str, text: str) -> None:
    assert resembles_word_in(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Australia", "Austria"),
        ("Paris", "the parts"),
        ("Maria", "Mario won"),
        ("Iran", "Iraq"),
        ("Zeria", "the Maria"),
    ],
)
def test_another_word_is_no_slip_of_the_pen(name: str, text: str) -> None:
    assert not resembles_word_in(name, text)


def test_content_words_are_stems_and_digits() -> None:
    assert content_words("The insurgents’ two cities were captured") == ["insurg", "2", "citi", "captur"]


def test_folding_drops_case_and_diacritics() -> None:
    assert fold("Müller’s ÉCOLE") == "muller's ecole"


@pytest.mark.parametrize(
    ("question", "text", "spelled"),
    [
        ("What is the SNA?", "The Syrian National Army fights.", "What is the SNA (Syrian National Army)?"),
        ("What is the SNA?", "The SNA fights.", "What is the SNA?"),
        ("What is the WHO?", "The World Health Organization said", "What is the WHO (World Health Organization)?"),
        ("What keeps Moscow busy?", "Russia is at war.", "What keeps Moscow (Russia) busy?"),
        ("What keeps Moscow busy?", "Moscow and Russia.", "What keeps Moscow busy?"),
        ("Who is NATO?", "Nothing is here.", "Who is NATO?"),
    ],
)  # fmt: skip
def test_names_that_the_articles_do_not_use_are_spelled_out(question: str, text: str, spelled: str) -> None:
    assert spelled_out(question, text) == spelled


def test_a_name_with_an_apostrophe_or_a_hyphen_stands_in_a_text() -> None:
    assert name_stands_in("O'Mara", "Stephen O’Mara was born in 1884.")
    assert name_stands_in("al-Golani", "Abu Mohammed al-Golani spoke.")
    assert not name_stands_in("O'Mara", "Mara went home.")
