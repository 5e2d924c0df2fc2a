"""What can go wrong with articles and their index; `rag.errors` adds what can go wrong with answering.

Every message is one sentence or two, and ends with the remedy.
"""

from __future__ import annotations


class DatelineError(Exception):
    """Base of every error that Dateline raises on purpose; `str(error)` is meant for a person."""


class CorpusError(DatelineError):
    """The folder of articles cannot be used."""


class FolderMissing(CorpusError):
    """The folder does not exist, or is not a folder."""


class FolderShrunk(CorpusError):
    """Most of what is indexed is gone from the folder, and nobody has said that it is meant to be."""


class AnotherFolder(CorpusError):
    """The data directory already holds the articles of another folder."""


class IndexStateError(DatelineError):
    """The index cannot be used as it is."""


class IndexMissing(IndexStateError):
    """Nothing has been indexed yet, or what was indexed holds no article."""


class EmbedderMismatch(IndexStateError):
    """The index was made by another embedding model."""


class IndexVersionMismatch(IndexStateError):
    """The index was written in another format."""


class IndexBusy(IndexStateError):
    """Another process is writing to the index."""


class StorageError(DatelineError):
    """The data directory cannot be written or read: disk full, no permission, damaged."""


class CatalogUnavailable(StorageError):
    """PostgreSQL does not answer, is too slow, or refuses."""


class VectorsUnavailable(StorageError):
    """The Chroma server does not answer, is too slow, or refuses."""


class ArticleMissing(DatelineError):
    """No article of this id is in the index."""


class UnforeseenWarning(ResourceWarning):
    """A mistake of ours made a file unreadable. Python hides it where people work; in the tests it is an error."""


class EmbedderError(DatelineError):
    """The embedding model cannot be loaded or does not answer."""


class SettingsError(DatelineError):
    """A setting or an argument has a value that cannot be used."""
