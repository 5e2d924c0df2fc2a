"""The bench: both systems are asked over short and over long articles, and their figures stand side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from eval_helpers import lines
from ollama_double import OllamaDouble, installed, speaks

from evals.bench import main


def test_two_systems_are_timed_over_short_and_over_joined_articles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "articles").mkdir()
    rivers = {"a.txt": "The Orm flows through Velmar.", "b.txt": "The Sill flows through Kestrel Bay."}
    for name, text in rivers.items():
        (tmp_path / "articles" / name).write_text(text)
    lines(tmp_path / "articles.jsonl", *({"article": name, "title": "Rivers"} for name in rivers))
    asked = ("Which river flows through Velmar?", "Which flows through Kestrel Bay?", "Why?")
    questions = ({"id": one, "question": one, "answers": ["Orm"], "answerable": True} for one in asked)
    lines(tmp_path / "questions.jsonl", *questions)
    says = speaks(lambda messages, options: "The Orm [1].", first_token=lambda messages: {"Yes": -0.01, "No": -5.0})
    with OllamaDouble(models=[installed("tiny:1b", "1.0B")], chat=says) as server:
        monkeypatch.setenv("DATELINE_OLLAMA_HOST", server.url)
        main([str(tmp_path), "--questions", "2", "--engine", "ollama", "--model", "tiny:1b"], standalone_mode=False)
    out = capsys.readouterr().out
    assert "2 short articles, 2 questions" in out and "1 long articles, 2 questions" in out
    figures = [line.split()[-3:] for line in out.splitlines() if line.startswith("prompt tokens, median")]
    assert len(figures) == 2 and all(float(mine) > 0 and float(theirs) > 0 for mine, theirs, _ in figures)
    assert out.count("first token, p95, s") == 2
