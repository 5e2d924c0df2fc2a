"""Every error that Dateline raises on purpose. Each message ends with the remedy.

DatelineError
├── CorpusError                the folder of articles cannot be used
│   ├── FolderMissing
│   └── AnotherFolder
├── IndexStateError            the index cannot be used as it is
│   ├── IndexMissing
│   ├── EmbedderMismatch
│   ├── IndexVersionMismatch
│   └── IndexBusy
├── StorageError               disk full, no permission, damaged
├── ArticleMissing
├── EmbedderError
├── SettingsError              a setting or argument of the wrong form
├── QuestionError              empty, no text, or longer than the model's window
├── Stopped                    the question was called off by whoever asked it
└── EngineError                the model that writes
    ├── EngineUnavailable      nothing answers at the address
    ├── EngineTimeout
    ├── EngineInterrupted      died in mid-answer
    ├── ModelMissing
    └── WeightsError           the model file cannot be fetched, or is not what it should be
"""

from __future__ import annotations

from index.errors import (
    AnotherFolder,
    ArticleMissing,
    CorpusError,
    DatelineError,
    EmbedderError,
    EmbedderMismatch,
    FolderMissing,
    IndexBusy,
    IndexMissing,
    IndexStateError,
    IndexVersionMismatch,
    SettingsError,
    StorageError,
)

__all__ = [
    "AnotherFolder", "ArticleMissing", "CorpusError", "DatelineError", "EmbedderError", "EmbedderMismatch",
    "EngineError", "EngineInterrupted", "EngineTimeout", "EngineUnavailable", "FolderMissing", "IndexBusy",
    "IndexMissing", "IndexStateError", "IndexVersionMismatch", "ModelMissing", "QuestionError", "SettingsError",
    "Stopped", "StorageError", "WeightsError",
]  # fmt: skip


class QuestionError(DatelineError):
    """The question is empty, no text, or longer than the model's window."""


class Stopped(DatelineError):
    """The question was called off by whoever asked it."""

    def __init__(self) -> None:
        super().__init__("The question was called off. Ask it again to go on.")


class EngineError(DatelineError):
    """The model that writes the answer failed. `partial` is the draft it had written, if any.

    The assistant fills `partial`: engines leave it empty.
    """

    partial: str = ""


class EngineUnavailable(EngineError):
    """Nothing answers at the engine's address, or the engine cannot start."""


class EngineTimeout(EngineError):
    """The engine did not answer in time."""


class EngineInterrupted(EngineError):
    """The engine died in mid-answer."""


class ModelMissing(EngineError):
    """The model is not on the server, or the file is not there."""


class WeightsError(EngineError):
    """The model file cannot be fetched, or its bytes are not what they should be."""
