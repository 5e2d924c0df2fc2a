from datetime import date

import pytest

from rag.frames import as_of, in_the_articles_words, says, without_frames

DAY = date(2024, 12, 5)


@pytest.mark.parametrize(
    ("framed", "plain"),
    [
        (in_the_articles_words("Hama  fell."), "“Hama fell.”"),
        (says("Hama fell.", DAY), "Hama fell."),
        (says("Hama fell.", None, another=True), "Hama fell."),
        (as_of("as of 5 December 2024", in_the_articles_words("“It fell,” he said.")), "“It fell,” he said."),
        ("Hama fell.", "Hama fell."),
    ],
)
def test_what_is_framed_comes_out_again(framed: str, plain: str) -> None:
    assert without_frames(framed) == plain


def test_another_article_is_told_by_its_date() -> None:
    assert says("Hama fell.", DAY, another=True) == "Another article, of 5 December 2024, says: Hama fell."
