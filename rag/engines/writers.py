"""Models that would write better than the embedded engine's own, and what they ask of a machine.

Not measured here: taken because what is published of them is better (how often a summary says what its source does
not: the default's family 16 %, Qwen3 1.7B and 4B 4 and 3 %, Gemma 3 4B 4 %, Phi-4-mini 3 %), or because they are
larger ones of such a family. Names, sizes and licences are the hub's.
"""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from index.workers import cores as cores


@dataclass(frozen=True, slots=True)
class Writer:
    """A model, and where it can be had."""

    name: str
    """As a person knows it."""
    model: str
    """As `--model` and `dateline pull` take it, for the embedded engine."""
    ollama: str
    """The same for Ollama."""
    size: int
    """Bytes of the file."""
    licence: str
    memory: int
    """Bytes that it takes while it answers, about: the file, a window of 4,096 tokens, and what is computed."""
    cores: int
    """Processor cores from which on it is worth waiting for."""


WRITERS = (
    Writer(
        "Qwen3 1.7B", "hf:Qwen/Qwen3-1.7B-GGUF/Qwen3-1.7B-Q8_0.gguf", "qwen3:1.7b",
        size=1_834_426_016, licence="apache-2.0", memory=2_600_000_000, cores=1,
    ),
    Writer(
        "Granite 4.0 Micro", "hf:ibm-granite/granite-4.0-micro-GGUF/granite-4.0-micro-Q4_K_M.gguf", "granite4:micro",
        size=2_099_502_528, licence="apache-2.0", memory=2_800_000_000, cores=2,
    ),
    Writer(
        "Gemma 3 4B", "hf:ggml-org/gemma-3-4b-it-GGUF/gemma-3-4b-it-Q4_K_M.gguf", "gemma3:4b",
        size=2_489_757_856, licence="gemma", memory=3_400_000_000, cores=2,
    ),
    Writer(
        "Phi-4-mini", "hf:unsloth/Phi-4-mini-instruct-GGUF/Phi-4-mini-instruct-Q4_K_M.gguf", "phi4-mini",
        size=2_491_874_272, licence="mit", memory=3_400_000_000, cores=2,
    ),
    Writer(
        "Qwen3 4B Instruct 2507", "hf:unsloth/Qwen3-4B-Instruct-2507-GGUF/Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
        "qwen3:4b-instruct", size=2_497_281_120, licence="apache-2.0", memory=3_400_000_000, cores=2,
    ),
    Writer(
        "Qwen3 8B", "hf:Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf", "qwen3:8b",
        size=5_027_783_488, licence="apache-2.0", memory=6_200_000_000, cores=4,
    ),
    Writer(
        "Gemma 4 E4B", "hf:ggml-org/gemma-4-E4B-it-GGUF/gemma-4-E4B-it-Q4_K_M.gguf", "gemma4:e4b",
        size=5_335_289_824, licence="apache-2.0", memory=6_300_000_000, cores=4,
    ),
)  # fmt: skip
"""From the smallest to the largest."""


def fitting(memory: int, cores: int) -> list[Writer]:
    """Those for a machine with so many bytes of memory and so many cores; half of the memory is left to all else."""
    return [one for one in WRITERS if 2 * one.memory <= memory and one.cores <= cores]


def memory() -> int:
    """Bytes of memory that this machine has."""
    return int(psutil.virtual_memory().total)
