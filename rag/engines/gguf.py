"""What a GGUF file tells of itself before llama.cpp sees it: whether it can be a model that chats, and is all there.

llama.cpp loads weights that are zeros, and models that can't write, without a word: then they write nonsense.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import ModelMissing, WeightsError

_HEAD = 32 << 20
"""Bytes in which most heads end; they hold the vocabulary."""
_LONGEST_HEAD = 1 << 30
_PLACES, _PLACE = 512, 64
"""So many places, evenly over the file, are looked at, each of so many bytes: 5 ms."""
_ZEROS = 10
"""Places with nothing but zeros that are no damage: a vocabulary has words to spare. So 2 % can be lost unseen."""
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of each kind of number
_TEXT, _LIST = 8, 9
_LENGTH = struct.Struct("<Q")
_INSTEAD = (
    "Give another GGUF file with `--model PATH.gguf`, or leave `--model` out and run `dateline pull` for the default "
    "one."
)


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file."""

    tensors: int
    told: dict[str, Any]
    """Its fields by name; of a list, how many there are."""


def check(path: Path) -> None:
    """Raises ModelMissing if the file cannot be read, WeightsError if it is no model that chats, or damaged."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise WeightsError(f"{path} is not a GGUF model file. {_INSTEAD}")
            if why := _not_a_chat_model(read_head(path)) or _lost(path):
                raise WeightsError(f"{path} {why}. {_INSTEAD}")
    except OSError as error:
        raise ModelMissing(
            f"The model file {path} cannot be read ({error.strerror}). Give a GGUF file with "
            "`--model PATH.gguf`, or get the default one with `dateline pull`."
        ) from error


def read_head(path: Path) -> Head | None:
    """None of a version that only llama.cpp may know. Raises OSError, and WeightsError if it is damaged."""
    size, length = path.stat().st_size, _HEAD
    while True:
        with path.open("rb") as file:
            beginning = file.read(length)
        try:
            return _parsed(beginning)
        except (struct.error, ArithmeticError, ValueError, LookupError, RecursionError) as error:
            if not isinstance(error, struct.error) or length >= min(size, _LONGEST_HEAD):
                raise WeightsError(f"{path} is damaged or cut short: its head cannot be read. {_INSTEAD}") from error
        length *= 4


def _parsed(head: bytes) -> Head | None:
    version, tensors, fields = struct.unpack_from("<IQQ", head, 4)
    if version not in (2, 3):
        return None
    told, at = dict[str, Any](), 24
    for _ in range(fields):
        name, at = _text(head, at)
        (kind,) = struct.unpack_from("<I", head, at)
        told[name], at = _value(head, at + 4, kind)
    return Head(tensors, told)


def _value(head: bytes, at: int, kind: int) -> tuple[Any, int]:
    """A value and where it ends. Raises KeyError for a kind that does not exist."""
    if kind == _TEXT:
        return _text(head, at)
    if kind != _LIST:
        return int.from_bytes(head[at : at + _SIZES[kind]], "little"), at + _SIZES[kind]
    of, count = struct.unpack_from("<IQ", head, at)
    at += 12
    if of in _SIZES:
        return count, at + _SIZES[of] * count
    for _ in range(count):  # each takes some bytes, so that it ends with them
        if of == _TEXT:
            at += 8 + _LENGTH.unpack_from(head, at)[0]
        else:
            _, at = _value(head, at, of)
    return count, at


def _text(head: bytes, at: int) -> tuple[str, int]:
    (length,) = _LENGTH.unpack_from(head, at)
    end = at + 8 + length
    if end > len(head):
        raise struct.error("it ends before its text does")
    return head[at + 8 : end].decode("utf-8", "replace"), end


def _not_a_chat_model(head: Head | None) -> str:
    """Why, as the end of a sentence; nothing if it can be one."""
    if head is None:
        return ""
    kind, family = head.told.get("general.type", "model"), head.told.get("general.architecture", "")
    if kind != "model":
        return f"is no model, but belongs to one: {kind}"
    if not head.tensors:
        return "holds no weights, but a vocabulary at most"
    if head.told.get(f"{family}.pooling_type"):
        return "makes embeddings and does not chat"
    if not any(name.startswith("tokenizer.chat_template") for name in head.told):
        return "is no chat model: it has no chat template, and would go on with a text instead of answering"
    return ""


def _lost(path: Path) -> str:
    """Why it is damaged, where much of it is zeros, as a download leaves it that kept the room and got no bytes."""
    size, zeros = path.stat().st_size, 0
    with path.open("rb", buffering=0) as file:
        for place in range(_PLACES):
            file.seek(size * place // _PLACES)
            zeros += not any(file.read(_PLACE))
    share = 100 * zeros // _PLACES
    return f"is damaged: {share} % of it are zeros, where weights should be" if zeros > _ZEROS else ""
