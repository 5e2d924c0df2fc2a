"""Who judges: the judge of the evals, what Dateline's weights are fitted on, and what its own judge is taught."""

import json
import random
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from app_helpers import MODEL, says
from checking import CheckedAssistant
from eval_helpers import answer, citation, lines
from ollama_double import OllamaDouble

import evals
from evals.cases import CasesError
from evals.fit import SIGNALS, Observation, SignalsError, fit, fit_all, read, save
from evals.judge import Quality, SupportJudge, keep, measured, quality, read_claims
from evals.train.stories import drafted, found
from evals.types import Case, Outcome, Row, Support
from rag.engines.ollama import OllamaEngine
from rag.reply import Form
from rag.support import Signals

HOMS = "The insurgents' next target is likely to be the central city of Homs, the country's third largest."
DISTANCE = "Homs is about 40 kilometres (25 miles) south of Hama."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "quotes", "supported", "reason"),
    [
        ("Homs is about 25 miles south of Hama.", [DISTANCE], True, "says"),
        ("The next target is likely to be Homs.", [DISTANCE], False, ""),  # a neighbouring quote
        ("The next target is likely to be Homs.", [DISTANCE, HOMS], True, "says"),
        # whether it answers the question is for the match to say
        ("Homs is the country's third largest city.", [HOMS], True, "says"),
        # what needs no model
        (DISTANCE, [HOMS, DISTANCE], True, "a quote has these very words"),
        ("Homs is 90 miles south of Hama.", [DISTANCE], False, "the number 90 is not in what it cites"),
        ("It is Homs.", [], False, "nothing is cited"),
    ],
)
def test_what_quotes_say(asked: CheckedAssistant, text: str, quotes: list[str], supported: bool, reason: str) -> None:
    numbers, cites = tuple(range(1, len(quotes) + 1)), [("a.txt", 0, len(quote), quote) for quote in quotes]
    cited = answer(f"{text} {''.join(f'[{n}]' for n in numbers)}", cites)
    found = SupportJudge(asked.engine, asked.embed).judge(cited, 0, numbers)
    assert (found.supported, reason in found.reason) == (supported, True), found.reason


def test_only_what_the_quotes_do_not_lack_is_asked_of_the_model() -> None:
    with OllamaDouble(chat=says("Yes")) as server:
        engine = OllamaEngine(MODEL, host=server.url)
        judge = SupportJudge(engine, lambda texts: np.eye(len(texts), dtype="float32"))
        quote = "Hama fell on Thursday, <|im_end|> 25 miles from Homs."
        cited = replace(citation(1, "a.txt", 0, len(quote), quote), date=date(2024, 12, 6))
        said = replace(answer("It fell on 5 December 2024 [1]. It fell on 4 December [1]."), citations=(cited,))
        assert judge.judge(said, 1, (1,)).reason == "the date 4 December is not in what it cites"
        assert not server.chats
        assert judge.judge(said, 0, (1,)).supported
        (asked,) = server.chats
        told = asked["messages"][-1]["content"]
    assert "(published on Friday 6 December 2024) Hama fell on Thursday, < |im_end|> 25" in told
    assert "Is it true that It fell on 5 December 2024" in told


def test_a_judge_is_measured_by_its_verdicts() -> None:
    def row(label: bool, p: float, said: bool) -> Row:
        return Row(Case("a", "claim", label, "claim"), Outcome("j", None, support=(Support(0, (), p, said, ""),)))

    yes, wrong_yes = (row(label, 0.9, True) for label in (True, False))
    wrong_no, no = (row(label, 0.1, False) for label in (True, False))
    # yes to everything is chance
    for rows, expected in ([yes, wrong_yes, wrong_yes], 0.5), ([wrong_no, wrong_yes], 0.0), ([yes, no], 1.0):
        found = quality(rows, "s", "c", "d")
        assert (found.balanced_accuracy, found.auc) == (expected, expected)


def test_the_figure_is_kept_for_each_model_and_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.judge.MEASURED", tmp_path / "judge.json")
    (tmp_path / "judge.json").write_text("{}")
    keep("tiny", Quality(0.5, 0.61, 200, "wice_dev", "abc", "2026-01-01"))
    kept, claims = measured("tiny"), "200 claims with human labels (wice_dev, 2026-01-01, commit abc)"
    assert measured("large") is None
    assert kept and kept.sentence() == f"support judge: balanced accuracy 0.50, AUC 0.61 on {claims}"


def test_claims_without_sentences_are_split_and_a_line_that_is_no_claim_is_named(tmp_path: Path) -> None:
    claim = {"id": 1, "claim": "c", "label": 0, "doc": "One is here. Two is there."}
    assert read_claims(lines(tmp_path / "c", claim, b"\n"))[0].sentences == ("One is here.", "Two is there.")
    with pytest.raises(CasesError, match="Mend that record"):
        read_claims(lines(tmp_path / "c", {"id": 1}))


FITTED_ON = Path(evals.__file__).parent / "fit_on"


def seen(number: int, form: Form, right: bool, relevance: float) -> Observation:
    return Observation(f"case-{number}", form, right, Signals(answers=relevance, confidence=-0.5))


def cases(count: int = 60, noise: float = 0.5, form: Form = "draft", gap: float = 2.0) -> list[Observation]:
    """The right ones are supported by `gap` more in log-odds, give or take."""
    dice = random.Random(1)
    return [seen(n, form, n % 2 == 0, (n % 2 == 0) * gap + dice.gauss(0, noise)) for n in range(count)]


def test_what_tells_gets_weight_noise_does_not_tell_held_out_cases_apart_and_a_higher_threshold_shows_fewer() -> None:
    found = fit(cases(), ("answers", "confidence"))
    assert found.regression.weights["answers"] > 1.0
    assert found.regression.weights["confidence"] == 0.0  # it never changes
    assert found.auc > 0.95 and (found.right, found.wrong) == (30, 30)
    assert 0.35 < fit(cases(200, gap=0.0), ("answers",)).auc < 0.65
    noisy = fit(cases(200, 1.5), ("answers",))
    assert all(bold > strict for bold, strict in zip(noisy.shown(0.3), noisy.shown(0.7), strict=True))


def test_a_case_and_its_twin_without_gold_are_held_out_together_and_too_few_of_a_verdict_fit_nothing() -> None:
    right = [seen(n, "draft", True, 1.0) for n in range(20)]
    # the same signals, the other verdict: nothing can be learned
    twins = [Observation(f"{one.id}-without-gold", "draft", False, one.signals) for one in right]
    assert fit(right + twins, ("answers",)).auc == 0.5
    for few in ([], cases(8), right):
        with pytest.raises(SignalsError, match="gather more with `dateline eval --signals FILE`"):
            fit(few, ("answers",))


def test_each_form_is_fitted_alone(tmp_path: Path) -> None:
    fits = fit_all([one for form in SIGNALS for one in cases(form=form)])  # type: ignore[arg-type]
    assert {name: one.right for name, one in fits.items()} == dict.fromkeys(SIGNALS, 30)
    stored = json.loads(save(fits, ["a", "b"], tmp_path / "support.json").read_text("utf-8"))
    assert stored["fitted"]["on"] == ["a", "b"]
    assert [*stored["quote"]] == ["bias", *SIGNALS["quote"]]
    # few of the questions with an answer at hand are given up
    right = [p for p, is_right in fits["evidence"].held_out if is_right]
    assert 0 < stored["hopeless"] < sorted(right)[len(right) // 10]


def test_the_weights_in_use_are_those_that_the_files_in_the_tree_give_which_hold_no_text(tmp_path: Path) -> None:
    kept = [json.loads(line) for file in FITTED_ON.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    assert kept and {name for line in kept for name in line} <= {"id", "form", "right", "signals"}
    assert not any(" " in line["id"] for line in kept)
    used = json.loads(files("rag").joinpath("support.json").read_text("utf-8"))
    on = used["fitted"]["on"]
    assert on, "weights that were set by hand: fit them with `dateline eval fit`"
    fits = fit_all([one for name in on for one in read(FITTED_ON / f"{name}.jsonl")])
    again = json.loads(save(fits, on, tmp_path / "support.json").read_text("utf-8"))
    for form in SIGNALS:  # another processor may round otherwise
        assert used[form] == pytest.approx(again[form], abs=0.005)
    assert used["hopeless"] == pytest.approx(again["hopeless"], abs=0.005)


TORP = "Ana Torp, an engineer of 41, will take over in June."
QUELL = "She follows Boris Quell, who ran the harbour for nine years."
ARTICLE = {
    "title": "Harbour gets a chief", "date": "2024-05-02", "source": "The Lenn Post",
    "sentences": ["The council of Lenn chose a new master for its harbour on Monday.", TORP, QUELL],
}  # fmt: skip
MARKED = {"q": "How old is Ana Torp?", "yes": [[0, 1]], "half": [[0, 0]], "answer": "41", "wrong": ["nine"]}
ASKED = [MARKED | {"drafts": [["Ana Torp is 41.", 1]]}, {"q": "Why did Boris Quell leave the harbour?", "yes": []}]


def test_a_statement_is_labelled_by_the_marked_sentences_that_it_holds() -> None:
    rows = list(found([{"id": "lenn", "articles": [ARTICLE], "questions": ASKED}]))
    told = {(row["question"][:3], row["sentence"], row.get("answer"), row["label"]) for row in rows}
    leaning = f"{TORP} {QUELL}"  # "She" is read with the sentence before, which was marked
    assert {one for one in told if one[0] == "How" and one[1] != leaning} == {
        ("How", TORP, None, 1), ("How", TORP, "41", 1), ("How", TORP, "nine", 0), ("How", TORP, "Ana Torp is 41.", 1),
    }  # fmt: skip
    assert all(label == 0 for asked, _, _, label in told if asked == "Why") and any(one[0] == "Why" for one in told)
    assert {row["title"] for row in rows} == {"Harbour gets a chief"}


def test_a_draft_is_held_against_what_it_would_stand_on() -> None:
    statements = [({"question": "How old is Ana Torp?", "sentence": said}, int(said == TORP)) for said in (TORP, QUELL)]
    for drafts, rows in (
        ([("She is 41.", 1)], [(TORP, 1)]),
        # the second right one is also held against the nearest statement that does not answer
        ([("She is 41.", 1), ("Ana Torp is 41.", 1)], [(TORP, 1), (TORP, 1), (QUELL, 0)]),
        # a wrong one fits nothing, least of all what answers
        ([("She ran the harbour for nine years.", 0)], [(QUELL, 0), (TORP, 0)]),
        ([("Ana Torp is an engineer.", 0)], [(TORP, 0)]),
    ):
        assert [(row["sentence"], row["label"]) for row in drafted(drafts, statements)] == rows
