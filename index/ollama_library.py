"""The ollama library. It builds a client while it is imported, so this is the one place that imports it first."""

from __future__ import annotations

from index.network import plain_environment

with plain_environment():
    import ollama

__all__ = ["ollama"]
