"""Models of a hub by name, `hf:OWNER/REPO/FILE.gguf`: what the hub publishes of a file, and what is kept of it.

What it said lies beside the file (`FILE.gguf.json`), so that a model that was fetched needs no network again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from index.datadir import write_whole
from rag.engines.downloads import SourceError, hub_answer
from rag.engines.weights import Weights
from rag.errors import ModelMissing, SettingsError, WeightsError

PREFIX = "hf:"
_WORD = r"(?!\.)[A-Za-z0-9._+-]+"
_NAME = re.compile(rf"hf:({_WORD}/{_WORD})(?:@({_WORD}))?/((?:{_WORD}/)*{_WORD}(?i:\.gguf))")
_ONE_OF_SEVERAL = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.I)


def is_hub(name: str | None) -> bool:
    """Whether it is meant for a name of this kind."""
    return (name or "").startswith(PREFIX)


def weights(name: str, models: Path) -> Weights:
    """The file of this name, by what is kept of it in the folder `models`, or else by what the hub says.

    Raises SettingsError for what is no such name, ModelMissing if the hub does not have it, WeightsError if the hub
    cannot be asked.
    """
    kept = known(name, models)
    if kept and (models / kept.file).exists():
        return kept
    told = _ask(name)
    with suppress(OSError):  # fetching it will tell what is wrong with the disk
        (models / told.file).parent.mkdir(parents=True, exist_ok=True)
        if kept and kept.sha256 != told.sha256:  # what has arrived is the beginning of another file
            (models / f"{told.file}.part").unlink(missing_ok=True)
        write_whole(_beside(models / told.file), json.dumps(asdict(told)).encode())
    return told


def known(name: str, models: Path) -> Weights | None:
    """What is kept of the file of this name; None if nothing is. Raises SettingsError for what is no such name."""
    return _read(_beside(models / _place(*_parsed(name))))


def here(models: Path) -> list[Weights]:
    """The hub's files that have been fetched, by their names."""
    kept = (_read(path) for path in models.glob("hf/*/*/**/*.gguf.json"))
    return sorted((one for one in kept if one and (models / one.file).exists()), key=lambda one: one.name)


def _parsed(name: str) -> tuple[str, str, str]:
    """Repository, revision, and the path of the file in it."""
    if not (found := _NAME.fullmatch(name)):
        raise SettingsError(
            f"{name!r} names no file of a model hub: write it like "
            "hf:Qwen/Qwen3-1.7B-GGUF/Qwen3-1.7B-Q8_0.gguf, a revision as @REVISION behind the repository."
        )
    if _ONE_OF_SEVERAL.search(name):
        raise SettingsError(
            f"{name} is one of the several files of a split model, which cannot be used here: name a model that is "
            "a single GGUF file."
        )
    return found[1], found[2] or "main", found[3]


def _place(repo: str, revision: str, file: str) -> str:
    """Where it lies in the folder of models."""
    return f"hf/{repo}{'' if revision == 'main' else f'@{revision}'}/{file}"


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _read(path: Path) -> Weights | None:
    try:
        return Weights(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _ask(name: str) -> Weights:
    from huggingface_hub import constants

    repo, revision, file = _parsed(name)
    try:
        url = f"{constants.ENDPOINT}/api/models/{repo}/revision/{quote(revision, safe='')}?blobs=true"
        with hub_answer(repo, url) as response:
            said = response.read()
        try:
            told = json.loads(said)
            files = {one["rfilename"]: one for one in told["siblings"]}
            commit, licence = str(told["sha"]), _licence(told)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceError("what answers does not speak the hub's language") from error
    except SourceError as error:
        remedy = error.remedy or "Check the network, the proxy and HF_ENDPOINT"
        raise WeightsError(
            f"The model {name} could not be looked up. Model hub: {error}. {remedy} and run `dateline pull {name}` "
            "again."
        ) from error
    if file not in files:
        others = [one for one in files if one.endswith(".gguf") and not _ONE_OF_SEVERAL.search(one)]
        raise ModelMissing(
            f"The hub's {repo} has no {file}: name one that it has with `--model hf:{repo}/FILE`; "
            f"its GGUF files are {', '.join(others) or 'none'}."
        )
    try:
        stored = files[file]["lfs"]
        size, sha256 = int(stored["size"]), str(stored["sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"The hub publishes no SHA-256 of {name}, so that it could not be verified: fetch it yourself, and give "
            "its path with `--model PATH.gguf`."
        ) from error
    # at the commit that was asked about: what is at the branch's head may be another file when a fetch goes on
    return Weights(name, _place(repo, revision, file), size, sha256, repo, file, commit, licence)


def _licence(told: Mapping[str, Any]) -> str:
    """As the model's card names it; empty if that does not."""
    card = told.get("cardData") or {}
    named = card.get("license") or next(
        (tag.removeprefix("license:") for tag in told.get("tags") or () if tag.startswith("license:")), ""
    )
    if named == "other":
        named = card.get("license_name") or named
    return ", ".join(named) if isinstance(named, list) else str(named)
