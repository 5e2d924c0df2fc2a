"""BERT's wordpieces, which the embedding models within and the judge read."""

from __future__ import annotations

from importlib import resources
from typing import Any

from index.errors import EmbedderError

TOKENIZER_FILE = "all-MiniLM-L6-v2-tokenizer.json"


def data_file(name: str) -> bytes:
    """A file that came with Dateline. Raises EmbedderError if it is missing."""
    try:
        return (resources.files("index") / "data" / name).read_bytes()
    except OSError as error:
        raise EmbedderError(f"{name} is missing from the installation: install Dateline again.") from error


def wordpiece() -> Any:
    """BERT's tokenizer (uncased), which cuts and fills nothing. Raises EmbedderError if its file is missing."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(data_file(TOKENIZER_FILE).decode())
    tokenizer.no_truncation()
    tokenizer.no_padding()  # the file asks for 128 always; one text at a time needs none
    return tokenizer
