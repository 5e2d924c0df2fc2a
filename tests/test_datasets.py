"""Other people's data: what becomes of each form, and what is said of data that is not as it should be."""

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from eval_helpers import lines
from index_helpers import written

from evals import lies
from evals.datasets import Dataset, DatasetError, Format, read
from evals.matching import matches
from evals.types import Case, GoldQuote
from index.decode import legible
from index.read import find_files, read_file

WARSAW = "Warsaw is the capital of Poland. It lies on the Vistula. In 2012 it held 1.7 million people."
MOON = "The Moon circles the Earth. It has no air."
MAY = "It rained in May. They met in May. They parted in June."


def folder_of(path: Path, articles: dict[str, str], *questions: Any) -> Path:
    for name, text in articles.items():
        written(path, name, text)
    lines(path / "questions.jsonl", *questions)
    return path


def asking(id: str = "q1", **fields: Any) -> dict[str, Any]:
    return {"id": id, "question": "What is it?", "answers": ["Warsaw"], "answerable": True, "evidence": [], **fields}


def of_folder(tmp_path: Path, articles: dict[str, str], form: Format = "folder", **fields: Any) -> Case:
    named = {f"articles/{name}": text for name, text in articles.items()}
    (case,) = read(folder_of(tmp_path / "data", named, asking(**fields)), form, tmp_path / "scratch").cases
    return case


def squad(context: str, *qas: dict[str, Any]) -> dict[str, Any]:
    return {"version": "v2.0", "data": [{"title": "A_b", "paragraphs": [{"context": context, "qas": list(qas)}]}]}


def squad_question(*answers: tuple[str, int], id: str = "s1", **fields: Any) -> dict[str, Any]:
    found = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": id, "question": "What is it?", "answers": found, **fields}


def of_lines(tmp_path: Path, form: Format, *records: dict[str, Any]) -> Dataset:
    return read(lines(tmp_path / "data.jsonl", *records), form, tmp_path / "scratch")


def ramdocs(*documents: tuple[str, str, str], gold: list[str], wrong: list[str] | None = None) -> dict[str, Any]:
    told = [{"text": text, "type": kind, "answer": answer} for text, kind, answer in documents]
    return {"question": "When?", "documents": told, "gold_answers": gold, "wrong_answers": wrong or []}


def passages(*positive: Any, answers: Any = ("Warsaw",), **fields: Any) -> dict[str, Any]:
    return {"question": "Which?", "answers": list(answers), "positive": list(positive), "negative": [], **fields}


def texts_of(dataset: Dataset) -> dict[str, str]:
    """What the index reads in the corpus; every gold quote stands in it."""
    names = list(find_files(dataset.corpus)[0])
    texts = {found.id: found.text for name in names for found in read_file(dataset.corpus / name, name)[0]}
    evidence = [gold for case in dataset.cases for gold in case.evidence]
    assert all(gold.quote in texts[gold.article] for gold in evidence if gold.quote is not None)
    return texts


def told(path: Path, form: Format, scratch: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        read(path, form, scratch)
    return str(caught.value)


def test_a_folder_is_its_own_corpus_and_its_fields_become_the_case(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "In Poland."}]
    asked = asking(
        evidence=[{"article": "a.txt", "quote": "It lies on the Vistula."}, {"article": "b.txt"}],
        question_date="2024-12-05", type="where", kind="two-articles", wrong_answers=["Kraków", "kraków"],
        all=[["Warsaw", "Warszawa"], ["the Moon"]], answers=[], history=turns,
    )  # fmt: skip
    data = folder_of(tmp_path / "data", {"articles/a.txt": WARSAW, "articles/b.txt": MOON}, asked)
    dataset = read(data, "folder", tmp_path / "scratch")
    assert (dataset.name, dataset.corpus) == ("data", data / "articles")
    assert dataset.cases == (
        Case(
            "q1", "What is it?", True, "two-articles",
            accepted=(("Warsaw", "the Moon"), ("Warszawa", "the Moon")), wrong=("Kraków",),
            evidence=(GoldQuote("a.txt", "It lies on the Vistula.", 0), GoldQuote("b.txt", None, 1)),
            history=tuple(turns), as_of=date(2024, 12, 5),
        ),
    )  # fmt: skip
    assert texts_of(dataset) == {"a.txt": WARSAW, "b.txt": MOON}
    assert not (tmp_path / "scratch").exists()
    # beside the questions they are copied, so that the questions are no article
    data = folder_of(tmp_path / "flat", {"b/a.txt": MOON}, asking(evidence=[{"article": "b/a.txt"}]))
    assert texts_of(read(data, "folder", tmp_path / "scratch")) == {"b/a.txt": MOON}


@pytest.mark.parametrize(
    ("quotes", "answers", "facts"),
    [
        # articles that each hold the answer are alternatives
        ({"a": "It is WARSAW.", "b": "Warsaw, they say.", "c": "The capital is there."}, ["Warsaw"], [0, 0, 1]),
        ({"a": "Born in Warsaw.", "a#": "Warsaw held the games."}, ["Warsaw"], [0, 1]),  # two of one are two facts
        ({"a": "5 died.", "b": "15 died."}, ["5"], [0, 1]),  # inside a longer word an answer is none
    ],
)
def test_quotes_of_the_same_fact(tmp_path: Path, quotes: dict[str, str], answers: list[str], facts: list[int]) -> None:
    evidence = [{"article": f"{name.rstrip('#')}.txt", "quote": quote} for name, quote in quotes.items()]
    articles = {f"{name}.txt": f"{quote} {quotes.get(name + '#', '')}" for name, quote in quotes.items()}
    case = of_folder(tmp_path, articles, answers=answers, evidence=evidence)
    assert [gold.fact for gold in case.evidence] == facts


def test_articles_without_a_quote_are_alternatives_by_their_text_unless_several_are_valid(tmp_path: Path) -> None:
    articles = {"a.txt": WARSAW, "b.txt": "It is Warsaw.", "c.txt": MOON}
    evidence = [{"article": name} for name in articles]
    one = of_folder(tmp_path, articles, "ramdocs", evidence=evidence)
    assert not one.several and [(gold.quote, gold.fact) for gold in one.evidence] == [(None, 0), (None, 0), (None, 1)]
    several = {"answers": ["Warsaw", "the Moon"], "evidence": evidence}
    case = of_folder(tmp_path, articles, type="conflict_multi_answer", **several)
    assert (case.several, case.accepted) == (True, (("Warsaw",), ("the Moon",)))
    assert [gold.fact for gold in case.evidence] == [0, 1, 2]
    assert of_folder(tmp_path, articles, "ramdocs", **several).several
    assert not of_folder(tmp_path, articles, "folder", **several).several


def test_what_a_right_answer_says_is_not_wrong_and_what_has_no_answer_accepts_none(tmp_path: Path) -> None:
    wrong = {"answers": ["American football"], "wrong_answers": ["Football", "Golf", "foot"]}
    assert of_folder(tmp_path, {"a.txt": MOON}, **wrong).wrong == ("Golf", "foot")
    case = of_folder(tmp_path, {"a.txt": MOON}, answerable=False)
    assert (case.answerable, case.accepted, case.as_of) == (False, (), None)
    no = of_folder(tmp_path, {"a.txt": MOON}, question="Does it have air?", answers=["No"])
    right = [bool(matches(text, no)) for text in ("No: nobody did.", "no", "There is no air.")]
    assert right == [True, True, False]  # a Yes or No begins the answer


@pytest.mark.parametrize(
    ("context", "answers", "quotes"),
    [
        (" Rain\r\nfell.\n\nOn Warsaw\u2028too, 5½ “hours”.\n", [("Warsaw", 17)], None),
        ("\ufeffThey\x00met \ud800 in May. It rained.", [("May", 16)], None),  # characters that no file holds
        (MAY, [("May", 30)], ["They met in May."]),  # at the offset, not the first with these words
        (MAY, [("May", 28)], ["They met in May."]),  # or nearest to it
        (MAY, [("May", 13), ("may", 13), ("May", 30)], ["It rained in May.", "They met in May."]),
        ("It rained. They met Ann. Bob came too. They left.", [("Ann. Bob", 20)], ["They met Ann. Bob came too."]),
        (" date 2024-12-05 They met in May.", [("May", 29)], ["They met in May."]),
        (MOON, [("cheese", 4)], [None]),
    ],
)
def test_a_squad_paragraph_becomes_an_article_and_the_sentence_at_the_offset_its_gold_quote(
    tmp_path: Path, context: str, answers: list[tuple[str, int]], quotes: list[str | None] | None
) -> None:
    impossible = squad_question(id="s2", is_impossible=True, plausible_answers=[{"text": "air", "answer_start": 37}])
    dataset = of_lines(tmp_path, "squad", squad(context, squad_question(*answers), impossible))
    case, refused = dataset.cases
    (text,) = texts_of(dataset).values()
    assert text == legible(context)
    assert {gold.fact for gold in case.evidence} == {0}
    assert quotes is None or [gold.quote for gold in case.evidence] == quotes
    assert (case.answerable, case.accepted, case.kind) == (True, ((answers[0][0],),), "squad")
    unanswerable = (refused.answerable, refused.accepted, refused.evidence, refused.kind)
    assert unanswerable == (False, (), (), "squad_impossible")


def test_every_document_of_published_ramdocs_is_an_article_and_the_correct_ones_are_evidence(tmp_path: Path) -> None:
    record = ramdocs(
        ("Rain. Built in 1801.", "correct", "1801"), ("The charter is of 1785.", "correct", "1785"),
        ("They say 1801 too.", "correct", "1801"), ("Begun under a king.", "correct", "1785"),
        ("It was 1950.", "misinfo", "1950"), ("Peaches grow there.", "noise", "unknown"), (" ", "noise", ""),
        gold=["1785", "1801"], wrong=["1950", "1801"],
    )  # fmt: skip
    one = ramdocs(("In 1801.", "correct", "1801"), ("1801, they say.", "correct", "1801"), gold=["1801"])
    none = ramdocs(("It was 1950.", "misinfo", "1950"), gold=["1801"])
    (tmp_path / "data.json").write_text(json.dumps([record, one, none], indent=1))  # a JSON list, in many lines
    dataset = read(tmp_path / "data.json", "ramdocs", tmp_path / "scratch")
    several, case, refused = dataset.cases
    assert len(texts_of(dataset)) == 8
    assert several.evidence == (
        GoldQuote("0000_00.txt", "Built in 1801.", 1),
        GoldQuote("0000_01.txt", "The charter is of 1785.", 0),
        GoldQuote("0000_02.txt", "They say 1801 too.", 1),
        GoldQuote("0000_03.txt", None, 0),
    )
    assert (several.several, several.accepted, several.wrong) == (True, (("1785",), ("1801",)), ("1950",))
    assert (case.several, {gold.fact for gold in case.evidence}) == (False, {0})
    assert (refused.answerable, refused.accepted) == (False, ())


def test_passages_become_articles_once_and_the_positives_are_alternatives(tmp_path: Path) -> None:
    positive = [WARSAW, "Warszawa it is.", "The city on the Vistula."]
    record = passages(*positive, answers=["Warsaw", "Warszawa"], wrong_answers=["Kraków"], negative=[MOON, WARSAW])
    records = (record, passages(MOON), passages())
    dataset = of_lines(tmp_path, "passages", *records)
    case, other, none = dataset.cases
    assert sorted(texts_of(dataset).values()) == sorted([*positive, MOON])
    assert case.evidence == (
        GoldQuote("0000_00.txt", "Warsaw is the capital of Poland.", 0),
        GoldQuote("0000_01.txt", "Warszawa it is.", 0),
        GoldQuote("0000_02.txt", None, 0),
    )
    assert (case.accepted, case.wrong, case.several) == ((("Warsaw",), ("Warszawa",)), ("Kraków",), False)
    assert other.evidence == (GoldQuote("0000_03.txt", None, 0),)
    assert (none.answerable, none.accepted, none.evidence) == (False, (), ())
    assert of_lines(tmp_path, "passages", *records) == dataset
    assert texts_of(of_lines(tmp_path, "passages", passages(WARSAW))) == {"0000_00.txt": WARSAW}  # nothing stale


def test_lists_of_spellings_are_things_that_an_answer_needs_together(tmp_path: Path) -> None:
    both = "They swore on January 3. Then on 12 January they met."
    record = passages(both, "It was 3 January.", answers=[["3 January", "January 3"], ["12 January"]])
    (case,) = of_lines(tmp_path, "passages", record).cases
    assert (case.accepted, case.several) == ((("3 January", "12 January"), ("January 3", "12 January")), False)
    assert case.evidence == (
        GoldQuote("0000_00.txt", "They swore on January 3.", 0),
        GoldQuote("0000_00.txt", "Then on 12 January they met.", 1),
        GoldQuote("0000_01.txt", "It was 3 January.", 0),
    )


def test_rgb_is_read_under_its_own_names(tmp_path: Path) -> None:
    chinese = "2022年1月3日上午他们宣誓。"
    both = {
        "id": 0, "query": "When did both meet?", "answer": ["1月3日", "12 January"],
        "positive": [[chinese], ["They met on 12 January."]], "negative": [MOON],
    }  # fmt: skip
    false = {
        "id": 1, "query": "Where?", "answer": "Tampa", "fakeanswer": "Glendale", "negative": [],
        "positive_wrong": ["It was in Glendale."], "positive": ["It was in Tampa."],
    }  # fmt: skip
    dataset = of_lines(tmp_path, "passages", both, false)
    first, second = dataset.cases
    assert first.accepted == (("1月3日", "12 January"),)
    assert [(gold.quote, gold.fact) for gold in first.evidence] == [(chinese, 0), ("They met on 12 January.", 1)]
    assert (second.id, second.accepted, second.wrong) == ("1", (("Tampa",),), ("Glendale",))
    assert "It was in Glendale." in texts_of(dataset).values()


GOOD: dict[Format, list[Any]] = {
    "squad": [squad(MOON, squad_question(("Earth", 21)))],
    "ramdocs": [ramdocs(("In 1801.", "correct", "1801"), gold=["1801"])] * 2,
    "passages": [passages(WARSAW)] * 2,
}


@pytest.mark.parametrize("form", ["folder", *GOOD])
def test_data_of_another_form_is_told_with_what_to_name(tmp_path: Path, form: Format) -> None:
    assert f'is nothing of the form "{form}". Name ' in told(tmp_path / "gone", form, tmp_path)
    for real, records in GOOD.items():
        data = lines(tmp_path / "data.json", *records)
        if form == real:
            assert read(data, form, tmp_path / "s").cases
        else:
            assert str(data) in told(data, form, tmp_path / "s")


MANY = [["5"] * 32] * 2  # ways to say it


@pytest.mark.parametrize(
    ("form", "bad", "said"),
    [
        ("folder", {"id": "q2"}, "line 2, question: it is missing"),
        ("folder", asking("q2", answers=[]), "line 2: it is answerable, but has no answers"),
        ("folder", asking("q2", answers=["5", " "]), "line 2, answers.1: it is blank"),
        ("folder", asking("q2", question_date="soon"), "line 2, question_date: it is no date: write YYYY-MM-DD"),
        ("folder", asking("q2", all=[["5"], []]), "line 2, all.1: List should have at least 1 item"),
        ("folder", asking("q2", all=MANY), "line 2, all: its answers can be put together in more than 1,000"),
        ("folder", asking("q2", history=[{"role": "bot", "content": "x"}]), "line 2, history.0.role: Input should"),
        ("folder", asking(), "several questions with the id q1"),
        ("passages", passages(answers=[7]), "line 3, answers.0.0: Input should be a valid string"),
        ("passages", passages(WARSAW, answers=[[]]), "line 3, answers.0: List should have at least 1 item"),
        ("ramdocs", ramdocs(gold=[]), "line 3, gold_answers: List should have at least 1 item"),
        ("squad", squad(MOON, squad_question()), "data.jsonl, data.0.paragraphs.0.qas.0: it has no answers"),
        ("passages", b'\n{"question":\n', "line 2: it is not JSON"),
        ("squad", b'{"version": ', "data.jsonl: it is not JSON"),
        *(("passages", empty, "Name the data to measure with") for empty in (b"", b"[]", b"\n \n")),
    ],
)
def test_a_bad_record_is_told_with_its_place(tmp_path: Path, form: Format, bad: Any, said: str) -> None:
    data = tmp_path / "data.jsonl"
    if form == "folder":
        data = folder_of(tmp_path / "data", {"articles/a.txt": MOON}, asking(), bad)
    else:
        lines(data, *(GOOD[form] if "line 3" in said else ()), bad)
    message = told(data, form, tmp_path / "s")
    assert said in message
    assert "line" not in said or message.endswith("Mend that record or take it out.")


def test_a_lie_stands_in_an_article_of_its_own_and_is_a_wrong_answer(tmp_path: Path) -> None:
    held = {"article": "a.txt", "quote": "In 2012 it held 1.7 million people."}
    asked = [
        asking("place", evidence=[{"article": "a.txt", "quote": "Warsaw is the capital of Poland."}]),
        asking("river", answers=["Vistula"], evidence=[{"article": "a.txt", "quote": "It lies on the Vistula."}]),
        asking("people", answers=["1.7 million"], evidence=[held]),
        asking("other words", answers=["the capital city"], evidence=[held]),
        asking("nowhere", answers=[], answerable=False),
    ]
    true = folder_of(tmp_path / "true", {"articles/a.txt": WARSAW}, *asked)
    lies.write(true, tmp_path / "lies", 50, random.Random(7))
    dataset = read(tmp_path / "lies", "folder", tmp_path / "scratch")
    texts = texts_of(dataset)
    assert texts.pop("a.txt") == WARSAW and texts.keys() == {f"lie-{case.id}.txt" for case in dataset.cases}
    assert {case.id: case.wrong for case in dataset.cases if case.id != "people"} == {
        "place": ("Vistula",),
        "river": ("Warsaw",),
    }
    for case in dataset.cases:
        lie = texts[f"lie-{case.id}.txt"]
        assert lie.startswith(case.question) and case.wrong[0] in lie and not matches(lie, case)


def test_a_folder_without_questions_or_articles_is_told_what_it_needs(tmp_path: Path) -> None:
    assert "Name a folder with articles/ and questions.jsonl" in told(tmp_path, "folder", tmp_path / "s")
    data = folder_of(tmp_path / "data", {"articles/a.txt": MOON}, asking(evidence=[{"article": "articles/a.txt"}]))
    assert "by their paths relative to it" in told(data, "folder", tmp_path / "s")
    (data / "articles" / "a.txt").unlink()
    assert "There are no articles in" in told(data, "folder", tmp_path / "s")
