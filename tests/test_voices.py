"""Articles that may say something else are asked on their own; those that agree or copy are not."""

from evidence_helpers import evidence_set, statement

from rag.voices import MOST, agrees, rivals, same_answer

QUESTION = "Who directed the film Baby Doll?"
KAZAN = "Baby Doll is a 1956 film directed by Elia Kazan."
GIRALDI = "Baby Doll is an Italian film directed by Franco Giraldi."
ANSWER = "Elia Kazan directed the film Baby Doll."


def asked(*items: object) -> list[list[str]]:
    pool = [item for item in items if hasattr(item, "quote")]
    found = evidence_set(pool, question=QUESTION)  # type: ignore[arg-type]
    return [[item.article for item in group] for group in rivals(ANSWER, QUESTION, [found.pool[0]], found)]


def test_an_article_that_names_another_director_is_a_rival() -> None:
    assert asked(statement(KAZAN), statement(GIRALDI, article="b.txt")) == [["b.txt"]]


def test_an_article_that_says_the_same_is_none() -> None:
    other = "Directed by Elia Kazan, the film Baby Doll came out in December."
    assert asked(statement(KAZAN), statement(other, article="b.txt")) == []


def test_a_carrier_of_the_same_words_is_none() -> None:
    copied = statement(KAZAN, carriers=("a.txt", "b.txt"))
    assert asked(copied, statement(GIRALDI, article="b.txt")) == []


def test_an_article_that_covers_less_of_the_question_is_none() -> None:
    assert asked(statement(KAZAN), statement("He directed a film.", article="b.txt", coverage=0.2)) == []


SHARED = statement("The film was made in Mississippi in 1955.", carriers=("a.txt", "b.txt"), coverage=0.1)


def test_an_article_of_the_same_origin_is_the_same_voice() -> None:
    other = statement("Franco Giraldi made a picture with that name, an Italian one: Baby Doll.", article="b.txt")
    assert asked(statement(KAZAN), other) == [["b.txt"]]
    assert asked(statement(KAZAN), other, SHARED) == []


def test_a_copy_with_something_changed_is_a_rival_all_the_same() -> None:
    edited = statement(KAZAN.replace("Elia Kazan", "Franco Giraldi"), article="b.txt")
    assert asked(statement(KAZAN), edited, SHARED) == [["b.txt"]]


def test_no_more_than_a_few_articles_are_asked() -> None:
    others = [statement(f"Baby Doll was directed by Person{n}.", article=f"{n}.txt") for n in range(9)]
    assert len(asked(statement(KAZAN), *others)) == MOST


def test_another_number_is_no_agreement() -> None:
    item = statement("The population of Sherbourne was 174.")
    question = "What is the population of Sherbourne?"
    assert agrees("The population of Sherbourne is 174.", question, item)
    assert not agrees("The population of Sherbourne is 9,523.", question, item)


def test_two_wordings_of_one_answer_are_the_same() -> None:
    assert same_answer("Kazan directed it.", "Elia Kazan directed the film Baby Doll.", QUESTION)
    assert not same_answer("Kazan directed it.", "Giraldi directed it.", QUESTION)


def test_a_number_in_two_units_is_one_answer_and_two_numbers_are_two() -> None:
    question = "How far is Homs?"
    assert same_answer("The next target is Homs, 25 miles south.", "Homs is 40 kilometres (25 miles) south.", question)
    assert not same_answer("It is 25 miles south.", "It is 35 miles south.", question)
