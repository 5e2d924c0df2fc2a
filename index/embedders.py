"""Text -> vector: by a table or by all-MiniLM-L6-v2 in this process, or by an embedding model that Ollama serves."""

from __future__ import annotations

from index.embed import TextEmbedder
from index.errors import EmbedderError


def embedder(spec: str = "static", *, threads: int | None = None, ollama_host: str | None = None) -> TextEmbedder:
    """The embedding model that `spec` names: "static" or "minilm", inside this process, or "ollama:NAME".

    `threads` is for "minilm": how many texts are embedded at once, at most 4 unless told.
    Raises EmbedderError for another spec, SettingsError where `ollama_host` or the proxy to it cannot be used.
    Loads nothing and asks no server yet.
    """
    kind, _, model = spec.partition(":")
    if spec == "static":
        from index.static import StaticEmbedder

        return StaticEmbedder()
    if spec == "minilm":
        from index.minilm import MiniLM

        return MiniLM(threads=threads)
    if kind == "ollama" and model:
        from index.ollama_embed import OllamaEmbedder

        return OllamaEmbedder(model, host=ollama_host)
    raise EmbedderError(
        f"There is no embedder '{spec}': use 'static', 'minilm', or 'ollama:NAME' for one that Ollama serves."
    )
