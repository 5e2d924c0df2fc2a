"""Every error that Dateline raises on purpose: here those of answering, and all of `index.errors`.

Each message ends with the remedy.
"""

from index.errors import AnotherFolder as AnotherFolder
from index.errors import ArticleMissing as ArticleMissing
from index.errors import CatalogUnavailable as CatalogUnavailable
from index.errors import CorpusError as CorpusError
from index.errors import DatelineError as DatelineError
from index.errors import EmbedderError as EmbedderError
from index.errors import EmbedderMismatch as EmbedderMismatch
from index.errors import FolderMissing as FolderMissing
from index.errors import FolderShrunk as FolderShrunk
from index.errors import IndexBusy as IndexBusy
from index.errors import IndexMissing as IndexMissing
from index.errors import IndexStateError as IndexStateError
from index.errors import IndexVersionMismatch as IndexVersionMismatch
from index.errors import SettingsError as SettingsError
from index.errors import StorageError as StorageError
from index.errors import VectorsUnavailable as VectorsUnavailable


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
