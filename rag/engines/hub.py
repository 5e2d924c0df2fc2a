"""Any GGUF file of the model hub, named hf:OWNER/REPO/FILE.gguf: what it is, and that its bytes are the published ones.

What the hub says of a file (size, SHA-256, licence) is kept beside it, so that it answers without a network later.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from index.datadir import write_whole
from index.network import http_options
from rag.engines.weights import Weights
from rag.errors import ModelMissing, SettingsError, WeightsError

PREFIX = "hf:"
_NAME = re.compile(
    r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?/(?P<file>(?:[\w.-]+/)*[\w.-]+\.gguf)", re.IGNORECASE
)
_SPLIT = re.compile(r"-\d{5}-of-(\d{5})\.gguf$", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class OnHub:
    """A file on the hub."""

    repo: str
    file: str
    """Its path in the repository."""
    revision: str = "main"

    @classmethod
    def named(cls, name: str) -> OnHub:
        """From hf:OWNER/REPO/FILE.gguf, or hf:OWNER/REPO@REVISION/FILE.gguf. Raises SettingsError."""
        found = _NAME.fullmatch(name.strip())
        if not found or ".." in name:
            raise SettingsError(f"{name} names no model: write it like hf:OWNER/REPO/FILE.gguf.")
        if parts := _SPLIT.search(name):
            raise SettingsError(f"{name} is one of {int(parts[1])} parts of a model: name one that is a single file.")
        return cls(found["repo"], found["file"], found["revision"] or "main")

    @property
    def name(self) -> str:
        return Path(self.file).stem

    def folder(self, models: Path) -> Path:
        """Where it lies below the folder of model files, apart from others of its name."""
        return models / "hub" / self.repo.replace("/", "--") / self.revision

    def known(self, models: Path) -> Weights | None:
        """What was kept of it; None if it was never asked for."""
        try:
            return Weights(**json.loads(self._about(models).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def looked_up(self, models: Path) -> Weights:
        """What is known of it, else what the hub says, which is kept. Raises ModelMissing, WeightsError."""
        if known := self.known(models):
            return known
        listed = self._asked(f"tree/{self.revision}/{Path(self.file).parent.as_posix()}".removesuffix("/."))
        entry = next((one for one in listed if one.get("path") == self.file), None)
        stored = (entry or {}).get("lfs") or {}
        if entry is None or not _HEX.fullmatch(str(stored.get("oid", ""))):
            raise ModelMissing(f"The hub has no {self.file} in {self.repo}: look for its name at {self._page()}")
        card = self._asked(f"revision/{self.revision}")
        tags = (tag.partition(":")[2] for tag in card.get("tags") or () if tag.startswith("license:"))
        licence = (card.get("cardData") or {}).get("license") or next(tags, "")
        weights = Weights(
            name=self.name, file=Path(self.file).name, size=int(stored["size"]), sha256=stored["oid"],
            hub_repo=self.repo, hub_path=self.file, hub_revision=self.revision, licence=str(licence),
        )  # fmt: skip
        self._about(models).parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._about(models), json.dumps(asdict(weights), indent=2).encode())
        return weights

    def _about(self, models: Path) -> Path:
        return self.folder(models) / f"{Path(self.file).name}.about.json"

    def _page(self) -> str:
        from huggingface_hub import constants

        return f"{constants.ENDPOINT}/{self.repo}/tree/{self.revision}"

    def _asked(self, what: str) -> Any:
        from huggingface_hub import constants, get_token

        if constants.HF_HUB_OFFLINE:
            raise WeightsError(f"{self.name} is not here, and HF_HUB_OFFLINE is set: unset it to fetch the model.")
        url = f"{constants.ENDPOINT}/api/models/{self.repo}/{what}"
        headers = {"User-Agent": "dateline"}
        if not constants.HF_HUB_DISABLE_IMPLICIT_TOKEN and (token := get_token()):
            headers["Authorization"] = f"Bearer {token}"
        try:
            reply = httpx.get(url, headers=headers, timeout=10.0, follow_redirects=True, **http_options(url))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error).strip() or type(error).__name__
            raise WeightsError(
                f"The hub cannot be asked for {self.name} ({reason}): check the network or the proxy, or give the path "
                "of a GGUF file that you have."
            ) from error
        if reply.status_code in (401, 403):
            raise ModelMissing(
                f"The hub does not give {self.repo} to everybody: accept its terms at {self._page()}, then put your "
                "token into HF_TOKEN."
            )
        if reply.status_code == 404:
            raise ModelMissing(f"The hub has no {self.repo} ({self.revision}): check the name at {self._page()}")
        try:
            return reply.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise WeightsError(f"The hub's answer about {self.repo} is none ({error}): try again later.") from error
