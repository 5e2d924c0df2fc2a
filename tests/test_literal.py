"""Every date, number and name of a sentence stands in what it cites; how words, numbers and names are compared."""

from evidence_helpers import statement

from index.terms import fold
from rag.literal import lacking
from rag.names import find_names, name_stands_in, resembles_word_in
from rag.numbers import find_numbers
from rag.words import content_words

MISSING = {
    ("It has 1,500 berths.", "The port has fifteen hundred berths."): None,
    ("It has 1,500 berths.", "The port has 1,400 berths."): "number 1,500",
    ("It closed on Wednesday 4 December 2024.", "It closed on Wednesday, police said."): None,
    ("It closed on 3 December.", "It closed on Wednesday, police said."): "date 3 December",
    ("It closed on 5 December 2024.", "It closed later the same day."): None,
    ("It closed in 2023.", "It closed on 3 May 2023."): None,
    ("Ana Torp runs it.", "The port is run by Torp, who is called Ana."): None,
    ("Ana Torp runs it.", "The port is run by Ivar Torp."): "name Ana",
    ("The first ship came.", "A ship came."): None,
    ("The third ship came.", "A ship came."): "number third",
}


def test_a_sentence_says_no_date_number_or_name_that_its_quotes_do_not_have() -> None:
    found = {(sentence, quote): lacking(sentence, [statement(quote)]) for sentence, quote in MISSING}
    assert found == {pair: what and f"the {what} is in no article found" for pair, what in MISSING.items()}


def test_several_quotes_carry_a_sentence_together_and_a_number_of_the_question_is_given() -> None:
    sentence, one, two = "Ana Torp spoke of forty ships.", statement("Ana Torp spoke."), statement("40 ships sank.")
    assert lacking(sentence, [one])
    assert lacking(sentence, [one, two]) is lacking(sentence, [one], "Who spoke of 40 ships?") is None


def test_content_words_are_stems_and_digits_and_folding_drops_case_and_diacritics() -> None:
    assert content_words("The insurgents’ two cities were captured") == ["insurg", "2", "citi", "captur"]
    assert fold("Müller’s ÉCOLE") == "muller's ecole"


NUMBERS = {
    "about 200 kilometres (125 miles) north": "200 km, 125 mile", "12%": "12 %", "one of the few": "",
    "two hundred and fifty people": "250", "$3.5 million": "3500000 $", "£1.2bn": "1200000000 £",
    "the country’s third largest, its 4th city": "3th, 4th", "1,500 and 1500.5": "1500, 1500.5",
    "twenty-five per day": "25", "a three-day strike of two dozen": "3 day, 24", "not only 14": "14",
    "one hundred and one men": "101", "in 2019 and four in 2020": "2019, 4, 2020", "in 2024 500 left": "2024, 500",
    "2019, 500 and 600": "2019, 500, 600", "5,000-6,000": "5000, 6000",
}  # fmt: skip
FORMS = """
12,500|12 500|12\u00a0500|12\u202f500|12\u2009500|12.500|12'500|12’500|12.5 thousand
1,200,000|1.200.000|1 200 000|1’200’000|1.2 million|1,2 million|12,00,000|1,2 Millionen
1,100,000|1.1 million|1.1m|1,1 Mio
2,500,000,000|£2.5bn|2,5 Milliarden|2.5 billions
1,234.56|1.234,56|1 234,56|1'234.56
12.5|12,5|12.500
""".strip().split("\n")
ELSEWHERE = [
    ("500", "12 500 people"), ("500", "12\u202f500 people"), ("500", "12.500 people"), ("12", "12'500 people"),
    ("5 million", "12,5 million euros"), ("12.5", "12,500 people"), ("12,500", "12.5 people"),
    ("2024,500", "12 500 people"), ("25 miles", "25 kilometres"), ("3 cities", "the third city"),
    ("fourteen", "Four were hurt, not fourteen."), ("14", "Four were hurt rather than the 14 first counted."),
]  # fmt: skip


def test_numbers_have_one_normal_form_and_stay_apart() -> None:
    def normal(text: str) -> str:
        found = (one for one in find_numbers(text) if not one.denied)
        return ", ".join(f"{one.value:.12g}{'th' * one.ordinal} {one.unit or ''}".strip() for one in found)

    assert {text: normal(text) for text in NUMBERS} == NUMBERS


def test_a_number_is_the_same_in_all_its_forms() -> None:
    for forms in FORMS:
        first, *others = (find_numbers(f"about {form} francs") for form in forms.split("|"))
        assert {len(numbers) for numbers in others} == {1}, forms
        assert all(numbers[0].stands_in(first) and first[0].stands_in(numbers) for numbers in others), forms


def test_a_part_of_a_number_one_denied_or_of_something_else_does_not_stand_there() -> None:
    assert [each for each in ELSEWHERE if find_numbers(each[0])[0].stands_in(find_numbers(each[1]))] == []


NAMES = {
    # a question begins with a name or with a common word
    "Where did Erdogan go?": "Erdogan", "Homs is how large?": "Homs", "Assad’s father was who?": "Assad",
    "Taking Hama took how long?": "Hama", "Fighting broke out where?": "", "Summarise the news of Homs?": "Homs",
    "Wounded soldiers went where?": "", "Despite Merck, who won?": "Merck", "eBay and McLaren did what?": "McLaren",
    "SNA fighters did what?": "SNA",
    # the first word of a sentence is a name only as part of a longer one
    "However, Abu Mohammed al-Golani toured Assad’s Aleppo.": "Mohammed Golani Assad Aleppo",
    "Taking Aleppo was a prize.": "Aleppo", "Homs fell.": "", "Bashar Assad fled.": "Bashar Assad",
}  # fmt: skip
SAME = [
    ("Syria", "Syrian men"), ("Syrian", "He left Syria."), ("Müller", "Muller"), ("British", "the United Kingdom"),
    ("UK", "The Britain-based monitor"), ("Turkey", "Turkish-backed militias"), ("HTS", "led by Hayat Tahrir al-Sham"),
    ("SOHR", "the Syrian Observatory for Human Rights said"), ("Abdulghani", "said Abdulghani’s aide"),
    ("al-Golani", "Abu Mohammed al-Golani spoke."), ("O'Mara", "Stephen O’Mara was born in 1884."),
]  # fmt: skip
OTHER = [
    ("O'Mara", "Mara went home."), ("Australia", "Austria won"), ("US", "he told us so"), ("Iran", "Iraq"),
    ("Moscow", "Russia denied it"), ("HTS", "Hayat took the Sham"),
]  # fmt: skip
NEAR = [("Abdurahman", "Rami Abdurrahman said"), ("Zeria", "the Zaria road")]
FAR = [("Australia", "Austria"), ("Paris", "the parts"), ("Maria", "Mario"), ("Iran", "Iraq"), ("Zeria", "Maria")]


def test_capitals_are_names_where_no_sentence_begins_with_a_common_word() -> None:
    assert {text: " ".join(find_names(text, question=text[-1] == "?")) for text in NAMES} == NAMES


def test_a_name_is_known_in_its_other_forms_and_another_is_another() -> None:
    assert [each for each in SAME if not name_stands_in(*each)] == []
    assert [each for each in OTHER if name_stands_in(*each)] == []


def test_a_slip_of_the_pen_is_forgiven_and_another_word_is_none() -> None:
    assert [each for each in (*NEAR, *FAR) if resembles_word_in(*each)] == NEAR
