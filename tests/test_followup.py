from rag.followup import Message, leans_on_history, standalone

HISTORY: list[Message] = [
    {"role": "user", "content": "Who heads the Syrian Observatory for Human Rights?"},
    {"role": "assistant", "content": "Rami Abdurrahman heads the Observatory [1]."},
]


def never(turns: list[tuple[str, str]], question: str) -> str:
    raise AssertionError("the model must not be asked")


def test_without_history_the_question_stays() -> None:
    assert standalone("Where does he live?", [], never) == "Where does he live?"


def test_a_question_that_stands_alone_is_not_rewritten() -> None:
    assert standalone("How far is Hama from Damascus?", HISTORY, never) == "How far is Hama from Damascus?"


def test_a_pronoun_is_written_out_by_the_model() -> None:
    rewritten = standalone("What did he say?", HISTORY, lambda turns, question: "What did Rami Abdurrahman say?")
    assert rewritten == "What did Rami Abdurrahman say?"


def test_the_model_reads_the_turns_without_citation_marks() -> None:
    seen: list[tuple[str, str]] = []

    def rewrite(turns: list[tuple[str, str]], question: str) -> str:
        seen.extend(turns)
        return question

    standalone("What did he say?", HISTORY, rewrite)
    assert seen[-1] == ("assistant", "Rami Abdurrahman heads the Observatory.")


def test_a_rewrite_that_brings_in_a_new_name_is_dropped() -> None:
    rewritten = standalone("What did he say?", HISTORY, lambda turns, question: "What did Erdogan say?")
    assert rewritten == "Who heads the Syrian Observatory for Human Rights? What did he say?"


def test_short_questions_lean_on_history() -> None:
    assert leans_on_history("And when?")
    assert leans_on_history("What about Aleppo?")
    assert not leans_on_history("When did the fighting in Aleppo begin?")
