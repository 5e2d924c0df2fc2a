"""Every date, number and name of a sentence stands in what it cites; how words, numbers and names are compared."""

from __future__ import annotations

import pytest
from evidence_helpers import statement

from rag.literal import lacking
from rag.names import find_names, name_stands_in, resembles_word_in
from rag.numbers import find_numbers
from rag.words import content_words, fold


@pytest.mark.parametrize(
    ("sentence", "quote", "missing"),
    [
        ("It has 1,500 berths.", "The port has fifteen hundred berths.", None),
        ("It has 1,500 berths.", "The port has 1,400 berths.", "number 1,500"),
        ("It is 25 km away.", "It lies 25 miles off.", "number 25"),
        ("It closed on Wednesday 4 December 2024.", "It closed on Wednesday, police said.", None),
        ("It closed on 3 December.", "It closed on Wednesday, police said.", "date 3 December"),
        ("It closed on 5 December 2024.", "It closed later the same day.", None),
        ("It closed in 2023.", "It closed on 3 May 2023.", None),
        ("Ana Torp runs it.", "The port is run by Torp, who is called Ana.", None),
        ("The British firm runs Lenn.", "A company of Lenn from the United Kingdom runs it.", None),
        ("Ana Torp runs it.", "The port is run by Ivar Torp.", "name Ana"),
        ("The LPU struck.", "The Lenn Port Union struck.", None),
        ("The first ship came.", "A ship came.", None),
        ("The third ship came.", "A ship came.", "number third"),
        ("Four were hurt.", "Fourteen were hurt, not four.", "number four"),
    ],
)
def test_a_sentence_says_no_date_number_or_name_that_its_quotes_do_not_have(
    sentence: str, quote: str, missing: str | None
) -> None:
    assert lacking(sentence, [statement(quote)]) == (missing and f"the {missing} is in no article found")


def test_several_quotes_carry_a_sentence_together_and_a_number_of_the_question_is_given() -> None:
    sentence, one, two = "Ana Torp spoke of forty ships.", statement("Ana Torp spoke."), statement("40 ships sank.")
    assert lacking(sentence, [one])
    assert lacking(sentence, [one, two]) is lacking(sentence, [one], "Who spoke of 40 ships?") is None


def test_content_words_are_stems_and_digits_and_folding_drops_case_and_diacritics() -> None:
    assert content_words("The insurgents’ two cities were captured") == ["insurg", "2", "citi", "captur"]
    assert fold("Müller’s ÉCOLE") == "muller's ecole"


# numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        *(("about 200 kilometres (125 miles) north", "200 km, 125 mile"), ("12%", "12 %"), ("one of the few", "")),
        *(("two hundred and fifty people", "250"), ("$3.5 million", "3500000 $"), ("£1.2bn", "1200000000 £")),
        *(("the country’s third largest, its 4th city", "3th, 4th"), ("1,500 and 1500.5", "1500, 1500.5")),
        *(("twenty-five per day", "25"), ("a three-day strike of two dozen", "3 day, 24"), ("not only 14", "14")),
        *(("one hundred and one men", "101"), ("in 2019 and four in 2020", "2019, 4, 2020")),
        *(("in 2024 500 left", "2024, 500"), ("2019, 500 and 600", "2019, 500, 600"), ("5,000-6,000", "5000, 6000")),
    ],
)
def test_numbers_have_one_normal_form_and_stay_apart(text: str, numbers: str) -> None:
    found = (f"{one.value:.12g}{'th' * one.ordinal} {one.unit or ''}" for one in find_numbers(text) if not one.denied)
    assert ", ".join(map(str.strip, found)) == numbers


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
        *(("500", "12 500 people"), ("500", "12\u202f500 people"), ("500", "12.500 people"), ("12", "12'500 people")),
        *(("5 million", "12,5 million euros"), ("12.5", "12,500 people"), ("12,500", "12.5 people")),
        *(("2024,500", "12 500 people"), ("25 miles", "25 kilometres"), ("3 cities", "the third city")),
        *(("fourteen", "Four were hurt, not fourteen."), ("14", "Four were hurt rather than the 14 first counted.")),
    ],
)
def test_a_part_of_a_number_one_denied_or_of_something_else_does_not_stand_there(number: str, text: str) -> None:
    assert not find_numbers(number)[0].stands_in(find_numbers(text))


# names


@pytest.mark.parametrize(
    ("text", "names", "question"),
    [
        # a question begins with a name or with a common word
        *(("Where did Erdogan go?", "Erdogan", True), ("Homs is how large?", "Homs", True)),
        *(("Assad’s father was who?", "Assad", True), ("Taking Hama took how long?", "Hama", True)),
        *(("Fighting broke out where?", "", True), ("Summarise the news of Homs.", "Homs", True)),
        *(("Wounded soldiers went where?", "", True), ("Despite Merck, who won?", "Merck", True)),
        *(("eBay and McLaren did what?", "McLaren", True), ("SNA fighters did what?", "SNA", True)),
        # the first word of a sentence is a name only as part of a longer one
        ("However, Abu Mohammed al-Golani toured Assad’s Aleppo.", "Mohammed Golani Assad Aleppo", False),
        *(("Taking Aleppo was a prize.", "Aleppo", False), ("Homs fell.", "", False)),
        ("Bashar Assad fled.", "Bashar Assad", False),
    ],
)
def test_capitals_are_names_where_no_sentence_begins_with_a_common_word(text: str, names: str, question: bool) -> None:
    assert find_names(text, question=question) == names.split()


@pytest.mark.parametrize(
    ("name", "text", "known"),
    [
        *(("Syria", "Syrian insurgents", True), ("Syrian", "He left Syria.", True), ("Müller", "Herr Muller", True)),
        *(("UK", "The Britain-based monitor", True), ("Turkey", "Turkish-backed militias", True)),
        *(("SOHR", "the Syrian Observatory for Human Rights said", True), ("HTS", "led by Hayat Tahrir al-Sham", True)),
        *(("Abdulghani", "said Abdulghani’s aide", True), ("al-Golani", "Abu Mohammed al-Golani spoke.", True)),
        *(("O'Mara", "Stephen O’Mara was born in 1884.", True), ("O'Mara", "Mara went home.", False)),
        *(("Australia", "Austria won", False), ("US", "he told us so", False), ("Iran", "Iraq", False)),
        *(("Moscow", "Russia denied it", False), ("HTS", "Hayat took the Sham", False)),
    ],
)
def test_a_name_is_known_in_its_other_forms_and_another_is_another(name: str, text: str, known: bool) -> None:
    assert name_stands_in(name, text) is known


def test_a_slip_of_the_pen_is_forgiven_and_another_word_is_none() -> None:
    near = [("Abdurahman", "Rami Abdurrahman said"), ("Zeria", "the Zaria road")]
    far = [("Australia", "Austria"), ("Paris", "the parts"), ("Maria", "Mario"), ("Iran", "Iraq"), ("Zeria", "Maria")]
    assert [resembles_word_in(*each) for each in (*near, *far)] == [True] * 2 + [False] * 5
