"""Other people's data: what becomes of each form."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from dataset_helpers import (
    MOON,
    WARSAW,
    article_texts,
    asking,
    assert_quotes_stand,
    folder_case,
    make_folder,
    message,
    ramdocs,
    read_lines,
    read_squad,
    squad,
    squad_question,
)

from evals.datasets import DatasetError, read
from evals.matching import matches
from evals.types import Case, GoldQuote
from index.read import read_file

# --- folder


def test_a_folder_is_its_own_corpus_and_its_fields_become_the_case(tmp_path: Path) -> None:
    data = make_folder(
        tmp_path / "data",
        {"articles/a.txt": WARSAW},
        asking(
            evidence=[{"article": "a.txt", "quote": "It lies on the Vistula."}],
            question_date="2024-12-05",
            type="where",
            wrong_answers=["Kraków", "kraków"],
        ),
    )
    dataset = read(data, "folder", tmp_path / "scratch")
    assert (dataset.name, dataset.corpus) == ("data", data / "articles")
    assert dataset.cases == (
        Case(
            id="q1",
            question="What is it?",
            answerable=True,
            kind="where",
            accepted=(("Warsaw",),),
            wrong=("Kraków",),
            evidence=(GoldQuote("a.txt", "It lies on the Vistula.", 0),),
            split="test",
            as_of=date(2024, 12, 5),
        ),
    )
    assert_quotes_stand(dataset)
    assert not (tmp_path / "scratch").exists()


def test_articles_beside_the_questions_are_copied_so_that_the_questions_are_no_article(tmp_path: Path) -> None:
    evidence = [{"article": "b/a.txt", "quote": "It has no air."}]
    data = make_folder(tmp_path / "data", {"b/a.txt": MOON}, asking(evidence=evidence))
    dataset = read(data, "folder", tmp_path / "scratch")
    assert article_texts(dataset) == {"b/a.txt": MOON}
    assert_quotes_stand(dataset)


def test_articles_that_each_hold_the_answer_are_alternatives(tmp_path: Path) -> None:
    quotes = ["It is WARSAW.", "Warsaw, they say.", "The capital is there."]
    evidence = [{"article": f"{n}.txt", "quote": quote} for n, quote in enumerate(quotes)]
    case = folder_case(tmp_path, {f"{n}.txt": quote for n, quote in enumerate(quotes)}, evidence=evidence)
    assert [gold.fact for gold in case.evidence] == [0, 0, 1]


def test_two_quotes_of_one_article_are_two_facts(tmp_path: Path) -> None:
    text = "He was born in Warsaw. Warsaw held the games."
    evidence = [{"article": "a.txt", "quote": quote} for quote in ("He was born in Warsaw.", "Warsaw held the games.")]
    case = folder_case(tmp_path, {"a.txt": text}, evidence=evidence)
    assert [gold.fact for gold in case.evidence] == [0, 1]


def test_articles_named_without_a_quote_are_alternatives_if_their_text_holds_the_answer(tmp_path: Path) -> None:
    evidence = [{"article": "a.txt"}, {"article": "b.txt"}, {"article": "c.txt"}]
    case = folder_case(tmp_path, {"a.txt": WARSAW, "b.txt": "It is Warsaw.", "c.txt": MOON}, evidence=evidence)
    assert [(gold.quote, gold.fact) for gold in case.evidence] == [(None, 0), (None, 0), (None, 1)]


def test_an_answer_inside_a_longer_word_makes_no_alternative(tmp_path: Path) -> None:
    evidence = [{"article": "a.txt", "quote": "5 died."}, {"article": "b.txt", "quote": "15 died."}]
    case = folder_case(tmp_path, {"a.txt": "5 died.", "b.txt": "15 died."}, answers=["5"], evidence=evidence)
    assert [gold.fact for gold in case.evidence] == [0, 1]


def test_where_several_answers_are_valid_each_article_is_its_own_fact(tmp_path: Path) -> None:
    case = folder_case(
        tmp_path,
        {"a.txt": "In 1970.", "b.txt": "In 1970!", "c.txt": "In 1972."},
        type="conflict_multi_answer",
        answers=["1970", "1972"],
        evidence=[{"article": "a.txt"}, {"article": "b.txt"}, {"article": "c.txt"}],
    )
    assert case.several
    assert case.accepted == (("1970",), ("1972",))
    assert [gold.fact for gold in case.evidence] == [0, 1, 2]


def test_a_question_of_a_dated_archive_keeps_its_conversation_its_groups_and_its_kind(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "In Poland."}]
    case = folder_case(
        tmp_path,
        {"a.txt": WARSAW, "b.txt": MOON},
        kind="two-articles",
        answers=["Warsaw, and the Moon"],
        all=[["Warsaw", "Warszawa"], ["the Moon"]],
        history=turns,
        question_date="2024-12-05",
        evidence=[{"article": "a.txt", "quote": "Warsaw is the capital of Poland."}, {"article": "b.txt"}],
    )
    assert case.accepted == (("Warsaw", "the Moon"), ("Warszawa", "the Moon"))
    assert (case.kind, list(case.history), case.as_of) == ("two-articles", turns, date(2024, 12, 5))
    assert [quote.fact for quote in case.evidence] == [0, 1]


@pytest.mark.parametrize(("text", "right"), [("No: nobody did.", True), ("no", True), ("There is no air.", False)])
def test_a_yes_or_no_begins_the_answer(tmp_path: Path, text: str, right: bool) -> None:
    case = folder_case(tmp_path, {"a.txt": MOON}, question="Does it have air?", answers=["No"])
    assert bool(matches(text, case)) is right


def test_a_folder_read_as_ramdocs_has_several_answers_whatever_its_type_is_called(tmp_path: Path) -> None:
    assert folder_case(tmp_path, {"a.txt": MOON}, "ramdocs", answers=["1970", "1972"]).several
    assert not folder_case(tmp_path, {"a.txt": MOON}, "ramdocs", answers=["1970"]).several
    assert not folder_case(tmp_path, {"a.txt": MOON}, "folder", answers=["1970", "1972"]).several


def test_a_wrong_answer_that_a_right_one_says_too_is_dropped(tmp_path: Path) -> None:
    case = folder_case(
        tmp_path, {"a.txt": MOON}, answers=["American football"], wrong_answers=["Football", "Golf", "foot"]
    )
    assert case.wrong == ("Golf", "foot")


def test_an_unanswerable_question_accepts_nothing(tmp_path: Path) -> None:
    case = folder_case(tmp_path, {"a.txt": MOON}, answerable=False, answers=["Warsaw"])
    assert (case.answerable, case.accepted, case.as_of) == (False, (), None)


# --- squad


def test_a_squad_paragraph_becomes_an_article_of_exactly_its_characters(tmp_path: Path) -> None:
    context = " Rain\r\nfell.\n\nOn Warsaw\u2028too, 5½ “hours”.\n"
    dataset = read_squad(tmp_path, squad(context, squad_question(("Warsaw", context.index("Warsaw")))))
    assert article_texts(dataset) == {"0000_000.txt": context}
    assert_quotes_stand(dataset)


def test_the_gold_quote_of_squad_is_the_sentence_at_the_offset_not_the_first_with_these_words(tmp_path: Path) -> None:
    context = "It rained in May. They met in May. They parted in June."
    dataset = read_squad(tmp_path, squad(context, squad_question(("May", context.rindex("May")))))
    assert dataset.cases[0].evidence == (GoldQuote("0000_000.txt", "They met in May.", 0),)


def test_an_answer_over_two_sentences_has_both_as_its_quote(tmp_path: Path) -> None:
    context = "It rained. They met Ann. Bob came too. They left."
    dataset = read_squad(tmp_path, squad(context, squad_question(("Ann. Bob", context.index("Ann")))))
    assert dataset.cases[0].evidence[0].quote == "They met Ann. Bob came too."


def test_an_offset_that_is_a_little_off_finds_the_nearest_occurrence(tmp_path: Path) -> None:
    context = "It rained in May. They met in May. They parted in June."
    dataset = read_squad(tmp_path, squad(context, squad_question(("May", context.rindex("May") - 2))))
    assert dataset.cases[0].evidence[0].quote == "They met in May."


def test_an_answer_that_is_not_in_its_paragraph_leaves_the_article_as_evidence(tmp_path: Path) -> None:
    dataset = read_squad(tmp_path, squad(MOON, squad_question(("cheese", 4))))
    assert dataset.cases[0].evidence == (GoldQuote("0000_000.txt", None, 0),)


def test_answers_of_several_annotators_count_once_and_their_sentences_are_alternatives(tmp_path: Path) -> None:
    context = "It rained in May. They met in May."
    answers = [("May", 13), ("may", 13), ("May", context.rindex("May")), ("in May", 10)]
    (case,) = read_squad(tmp_path, squad(context, squad_question(*answers))).cases
    assert case.accepted == (("May",), ("in May",))
    assert [(gold.quote, gold.fact) for gold in case.evidence] == [("It rained in May.", 0), ("They met in May.", 0)]


def test_an_impossible_question_of_squad_2_is_unanswerable(tmp_path: Path) -> None:
    impossible = squad_question(is_impossible=True, plausible_answers=[{"text": "air", "answer_start": 37}])
    possible = squad_question(("Earth", 21), id="s2", is_impossible=False)
    first, second = read_squad(tmp_path, squad(MOON, impossible, possible)).cases
    assert (first.answerable, first.accepted, first.evidence, first.kind) == (False, (), (), "squad_impossible")
    assert (second.answerable, second.accepted, second.kind) == (True, (("Earth",),), "squad")


def test_a_date_line_in_a_context_is_read_as_one_and_is_in_no_quote(tmp_path: Path) -> None:
    context = " date 2024-12-05 They met in May."
    dataset = read_squad(tmp_path, squad(context, squad_question(("May", context.index("May")))))
    (article,), _ = read_file(dataset.corpus / "0000_000.txt", "0000_000.txt")
    assert (article.text, article.date) == (context, date(2024, 12, 5))
    assert dataset.cases[0].evidence[0].quote == "They met in May."


def test_characters_that_no_file_holds_are_the_same_in_quote_and_article(tmp_path: Path) -> None:
    context = "\ufeffThey\x00met \ud800 in May. It rained."
    dataset = read_squad(tmp_path, squad(context, squad_question(("May", context.index("May")))))
    assert_quotes_stand(dataset)
    assert len(article_texts(dataset)["0000_000.txt"]) == len(context)


# --- ramdocs as published


def test_every_document_of_published_ramdocs_is_an_article_and_the_correct_ones_are_evidence(tmp_path: Path) -> None:
    record = ramdocs(
        ("Rain. Built in 1801.", "correct", "1801"),
        ("The charter is of 1785.", "correct", "1785"),
        ("They say 1801 too.", "correct", "1801"),
        ("Begun under a king.", "correct", "1785"),
        ("It was 1950.", "misinfo", "1950"),
        ("Peaches grow there.", "noise", "unknown"),
        gold=["1785", "1801"],
        wrong=["1950", "1801"],
    )
    dataset = read_lines(tmp_path, "ramdocs", record)
    (case,) = dataset.cases
    assert len(article_texts(dataset)) == 6
    assert case.evidence == (
        GoldQuote("0000_00.txt", "Built in 1801.", 1),
        GoldQuote("0000_01.txt", "The charter is of 1785.", 0),
        GoldQuote("0000_02.txt", "They say 1801 too.", 1),
        GoldQuote("0000_03.txt", None, 0),
    )
    assert (case.several, case.accepted, case.wrong) == (True, (("1785",), ("1801",)), ("1950",))
    assert_quotes_stand(dataset)


def test_one_gold_answer_of_ramdocs_is_one_fact_also_in_a_json_list(tmp_path: Path) -> None:
    record = ramdocs(("In 1801.", "correct", "1801"), ("1801, they say.", "correct", "1801"), gold=["1801"])
    (tmp_path / "data.json").write_text(json.dumps([record], indent=1))
    (case,) = read(tmp_path / "data.json", "ramdocs", tmp_path / "scratch").cases
    assert not case.several
    assert {gold.fact for gold in case.evidence} == {0}


def test_a_question_without_a_correct_document_is_unanswerable(tmp_path: Path) -> None:
    (case,) = read_lines(tmp_path, "ramdocs", ramdocs(("It was 1950.", "misinfo", "1950"), gold=["1801"])).cases
    assert (case.answerable, case.accepted) == (False, ())


# --- passages


def test_passages_become_articles_once_and_the_positives_are_alternatives(tmp_path: Path) -> None:
    record = {
        "question": "Which city?",
        "answers": ["Warsaw", "Warszawa"],
        "wrong_answers": ["Kraków"],
        "positive": [WARSAW, "Warszawa it is.", "The city on the Vistula."],
        "negative": [MOON, WARSAW],
    }
    dataset = read_lines(tmp_path, "passages", record, {**record, "positive": [MOON], "negative": []})
    case, other = dataset.cases
    assert sorted(article_texts(dataset).values()) == sorted({*record["positive"], MOON})
    assert case.evidence == (
        GoldQuote("0000_00.txt", "Warsaw is the capital of Poland.", 0),
        GoldQuote("0000_01.txt", "Warszawa it is.", 0),
        GoldQuote("0000_02.txt", None, 0),
    )
    assert (case.accepted, case.wrong, case.several) == ((("Warsaw",), ("Warszawa",)), ("Kraków",), False)
    assert other.evidence == (GoldQuote("0000_03.txt", None, 0),)
    assert_quotes_stand(dataset)


def test_lists_of_spellings_are_things_that_an_answer_needs_together(tmp_path: Path) -> None:
    record = {
        "question": "When did both meet?",
        "answers": [["3 January", "January 3"], ["12 January"]],
        "positive": ["They swore on January 3. Then on 12 January they met.", "It was 3 January."],
        "negative": [],
    }
    (case,) = read_lines(tmp_path, "passages", record).cases
    assert case.accepted == (("3 January", "12 January"), ("January 3", "12 January"))
    assert not case.several
    assert case.evidence == (
        GoldQuote("0000_00.txt", "They swore on January 3.", 0),
        GoldQuote("0000_00.txt", "Then on 12 January they met.", 1),
        GoldQuote("0000_01.txt", "It was 3 January.", 0),
    )


def test_rgb_is_read_under_its_own_names(tmp_path: Path) -> None:
    both = {
        "id": 0,
        "query": "When did both meet?",
        "answer": ["1月3日", "12 January"],
        "positive": [["2022年1月3日上午他们宣誓。"], ["They met on 12 January."]],
        "negative": [MOON],
    }
    false = {
        "id": 1,
        "query": "Where?",
        "answer": "Tampa",
        "fakeanswer": "Glendale",
        "positive_wrong": ["It was in Glendale."],
        "positive": ["It was in Tampa."],
        "negative": [],
    }
    dataset = read_lines(tmp_path, "passages", both, false)
    first, second = dataset.cases
    assert first.accepted == (("1月3日", "12 January"),)
    assert [(gold.quote, gold.fact) for gold in first.evidence] == [
        ("2022年1月3日上午他们宣誓。", 0),
        ("They met on 12 January.", 1),
    ]
    assert (second.id, second.accepted, second.wrong) == ("1", (("Tampa",),), ("Glendale",))
    assert "It was in Glendale." in article_texts(dataset).values()


def test_a_question_without_positive_passages_is_unanswerable(tmp_path: Path) -> None:
    record = {"question": "Which?", "answers": ["Warsaw"], "positive": [], "negative": [MOON]}
    (case,) = read_lines(tmp_path, "passages", record).cases
    assert (case.answerable, case.accepted, case.evidence) == (False, (), ())


# --- the corpus that is written


def test_the_same_data_gives_the_same_dataset_and_other_data_leaves_no_stale_article(tmp_path: Path) -> None:
    record = {"question": "Which?", "answers": ["Warsaw"], "positive": [WARSAW], "negative": [MOON]}
    first = read_lines(tmp_path, "passages", record)
    before = {path: path.stat().st_mtime_ns for path in first.corpus.glob("*.txt")}
    assert read_lines(tmp_path, "passages", record) == first
    assert {path: path.stat().st_mtime_ns for path in first.corpus.glob("*.txt")} == before
    shorter = read_lines(tmp_path, "passages", {**record, "negative": []})
    assert article_texts(shorter) == {"0000_00.txt": WARSAW}


def test_a_scratch_corpus_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "scratch" / "corpus").mkdir(parents=True)
    (tmp_path / "scratch" / "corpus" / "mine.txt").write_text("mine")
    with pytest.raises(DatasetError, match="not from here"):
        read_squad(tmp_path, squad(MOON, squad_question(("Earth", 21))))
    assert (tmp_path / "scratch" / "corpus" / "mine.txt").read_text() == "mine"


def test_nothing_is_written_into_the_data(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", {"a.txt": MOON}, asking())
    assert "the data is there" in message(data, "folder", data / "scratch")
    assert sorted(path.name for path in data.iterdir()) == ["a.txt", "questions.jsonl"]


def test_a_scratch_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "scratch").write_text("a file")
    with pytest.raises(DatasetError, match="cannot be written to"):
        read_squad(tmp_path, squad(MOON, squad_question(("Earth", 21))))
