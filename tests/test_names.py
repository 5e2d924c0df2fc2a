import pytest

from rag.names import find_names, name_stands_in, resembles_word_in


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Where did Erdogan go?", "Erdogan"),
        ("Homs is how large?", "Homs"),
        ("Assad’s father was who?", "Assad"),
        ("Taking Hama took how long?", "Hama"),
        ("Fighting broke out where?", ""),
        ("Summarise the news of Homs.", "Homs"),
        ("Tell me what happened.", ""),
        ("Following the verdict, who resigned?", ""),
        ("Despite Merck, who won?", "Merck"),
        ("Wounded soldiers went where?", ""),
        ("eBay and McLaren did what?", "McLaren"),
        ("SNA fighters did what?", "SNA"),
    ],
)
def test_a_question_begins_with_a_name_or_with_a_common_word(question: str, names: str) -> None:
    assert find_names(question, question=True) == names.split()


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("However, Abu Mohammed al-Golani toured Assad’s Aleppo.", "Mohammed Golani Assad Aleppo"),
        ("Taking Aleppo was a prize.", "Aleppo"),
        ("Homs fell.", ""),
        ("Bashar Assad fled.", "Bashar Assad"),
    ],
)
def test_the_first_word_of_a_sentence_is_a_name_only_as_part_of_a_longer_one(sentence: str, names: str) -> None:
    assert find_names(sentence) == names.split()


@pytest.mark.parametrize(
    ("name", "text", "stands"),
    [
        ("Syria", "Syrian insurgents", True),
        ("UK", "The Britain-based monitor", True),
        ("SOHR", "the Syrian Observatory for Human Rights said", True),
        ("HTS", "led by Hayat Tahrir al-Sham", True),
        ("Turkey", "Turkish-backed militias", True),
        ("Abdulghani", "said Abdulghani’s aide", True),
        ("Müller", "Herr Muller", True),
        ("O'Mara", "Stephen O’Mara was born in 1884.", True),
        ("al-Golani", "Abu Mohammed al-Golani spoke.", True),
        ("O'Mara", "Mara went home.", False),
        ("Australia", "Austria won", False),
        ("US", "he told us so", False),
        ("Iran", "Iraq", False),
        ("Moscow", "Russia denied it", False),
    ],
)
def test_a_name_is_known_in_its_other_forms_and_another_is_another(name: str, text: str, stands: bool) -> None:
    assert name_stands_in(name, text) is stands


@pytest.mark.parametrize(
    ("name", "text", "resembles"),
    [
        ("Abdurahman", "Rami Abdurrahman said", True),
        ("Zeria", "the Zaria road", True),
        ("Australia", "Austria", False),
        ("Paris", "the parts", False),
        ("Maria", "Mario won", False),
        ("Iran", "Iraq", False),
        ("Zeria", "the Maria", False),
    ],
)
def test_a_slip_of_the_pen_is_forgiven_and_another_word_is_none(name: str, text: str, resembles: bool) -> None:
    assert resembles_word_in(name, text) is resembles
