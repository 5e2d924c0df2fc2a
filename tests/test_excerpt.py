"""Of a passage found, a reader is shown where the words stand that were looked for."""

import random
import re

import pytest

from rag.excerpt import excerpt

TEXT = (
    "The harbour of Velle was closed for the winter.\nIts master, Ana Torp, said the ice would hold until March. "
    "Two ferries, the Gannet and the Tern, stay on the far shore meanwhile, where their crews repair them; "
    "nobody knows what that will cost the town, which owns them. The harbour opens in spring."
)


def marks(*words: str, text: str = TEXT) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer("|".join(words) or "$^", text)]


@pytest.mark.parametrize(
    ("looked_for", "most", "shown"),
    [
        ((), 30, "The harbour of Velle was …"),
        (("ice", "March"), 70, "… Its master, Ana Torp, said the *ice* would hold until *March*. Two …"),
        (("harbour", "spring"), 500, "… The *harbour* opens in *spring*."),
        (("harbour", "Gannet"), 40, "… Two ferries, the *Gannet* and the Tern, …"),  # a name tells more than a thing
        (("town", "cost"), 74, "… where their crews repair them; nobody knows what that will *cost* the *town*, …"),
        (("harbour",), 500, TEXT.replace("harbour", "*harbour*").replace("\n", " ")),
    ],
)
def test_it_begins_with_the_sentence_that_has_the_words(looked_for: tuple[str, ...], most: int, shown: str) -> None:
    pieces = excerpt(TEXT, marks(*looked_for), most)
    assert "".join(f"*{piece}*" if marked else piece for piece, marked in pieces) == shown


def test_whatever_is_marked_the_excerpt_is_the_texts_own_words_and_no_longer_than_asked() -> None:
    rng = random.Random(3)
    for _ in range(500):
        text = "".join(rng.choice("ab Ä\n.\t ") for _ in range(rng.randrange(120)))
        found = marks(*rng.sample(["a+", "b", "Ä"], rng.randrange(3)), text=text)
        most = rng.randrange(1, 150)
        pieces = excerpt(text, found, most)
        shown = "".join(piece for piece, _ in pieces).removeprefix("… ").removesuffix(" …")
        assert shown in re.sub(r"\s+", " ", text)
        assert len(shown) <= most
        assert {piece for piece, marked in pieces if marked} <= {text[start:end] for start, end in found}
