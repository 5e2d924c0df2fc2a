"""The vectors on a Chroma server: one collection per index, written in place, and read by any number of machines.

Spoken to by its HTTP API: chromadb's own client (1.5.9) waits for an answer for ever, and takes a second to import.
The catalog decides what there is. Its watermark says up to which row the collection has been told; what a writer
that was killed has told beyond it is told once more, and rows that the catalog does not know are never shown.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from index.catalog import Catalog
from index.errors import StorageError, VectorsUnavailable
from index.network import http_options
from index.places import Places
from index.vectors import Vectors, batches

if TYPE_CHECKING:
    import httpx

_READING, _WRITING, _CONNECTING = 5.0, 60.0, 3.0  # seconds
_PAUSE = 5.0  # seconds in which a server that did not answer is not asked again: each reader would wait for it
_MANY_DEAD = 2_000
_BATCH = 300  # records; Chroma's cloud takes no more at once, and a proxy often no more than a megabyte
_CLOUD, _CLOUD_GIVES = "trychroma.com", 300  # results of one query (docs.trychroma.com, "Quotas & Limits")


class ChromaServer:
    """See `VectorStore`. Opening it asks nothing. Every method raises VectorsUnavailable."""

    def __init__(self, places: Places) -> None:
        assert places.chroma_url is not None
        self.url = places.chroma_url.rstrip("/")
        self._places = places
        self._home = f"/tenants/{_part(places.chroma_tenant)}/databases/{_part(places.chroma_database)}"
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None
        self._ids: dict[str, str] = {}  # of collections, by name
        self._silent: tuple[float, VectorsUnavailable] | None = None

    def of(self, catalog: Catalog) -> Vectors | None:
        return _Collection(self, catalog.collection) if catalog.collection and catalog.vectors_to else None

    def write(self, catalog: Catalog, *, looked_through: bool = False) -> None:
        total = catalog.size()
        if not catalog.collection:
            if not total:
                return
            # the name first: a writer that is killed leaves no collection that nobody knows of
            catalog.use_vectors(f"{catalog.name}-{secrets.token_hex(4)}", told=0)
        # What is deleted stays in Chroma's graph as dead ends: with many of them it is built anew.
        if len(catalog.dead()) > max(_MANY_DEAD, total // 4) or self._tell(catalog) != total:
            catalog.use_vectors(catalog.collection, told=0)  # from now on readers do without
            self.forget(catalog)
            if (held := self._tell(catalog)) != total:
                raise self._trouble(
                    f"holds {held} passages and should hold {total}", "run `dateline index FOLDER` again"
                )

    def _tell(self, catalog: Catalog) -> int:
        """Tells the collection what it does not have yet, and what is no more; how many it then holds."""
        last, dead = catalog.last_row(), catalog.dead()
        home = f"/collections/{self._made(catalog.collection)}"
        told_before = True
        for batch in batches(catalog.vectors_after(catalog.vectors_to), _BATCH):
            ids = [str(row) for row, _ in batch]
            # Taken out first: an update of a node can cut others off in hnswlib, and no search finds them then.
            # They were told in this order, so the first batch of which nothing is there ends it.
            told_before = told_before and self._taken_out(home, ids)
            vectors = [base64.b64encode(vector.astype("<f4").tobytes()).decode() for _, vector in batch]
            self._ask("POST", f"{home}/add", {"ids": ids, "embeddings": vectors}, seconds=_WRITING)
        for gone in batches(dead, _BATCH):
            self._ask("POST", f"{home}/delete", {"ids": [str(row) for row in gone]}, seconds=_WRITING)
        if dead or last > catalog.vectors_to:
            catalog.use_vectors(catalog.collection, told=last)
        return int(self._ask("GET", f"{home}/count", seconds=_WRITING))

    def _taken_out(self, home: str, ids: list[str]) -> bool:
        """Takes those out that the collection has; whether it had any."""
        there = self._ask("POST", f"{home}/get", {"ids": ids, "include": []}, seconds=_WRITING)["ids"]
        if there:
            self._ask("POST", f"{home}/delete", {"ids": there}, seconds=_WRITING)
        return bool(there)

    def forget(self, catalog: Catalog) -> None:
        if catalog.collection:
            self._ids.pop(catalog.collection, None)
            self._ask("DELETE", f"/collections/{_part(catalog.collection)}", seconds=_WRITING, missing_is_none=True)

    def close(self) -> None:
        with self._lock:
            if self._http is not None:
                self._http.close()
            self._http, self._silent = None, None
            self._ids.clear()

    def look(self) -> None:
        """Asks whether it is there, and takes us in."""
        self._ask("GET", "", seconds=_READING)

    def nearest(self, name: str, vector: Sequence[float], limit: int) -> list[int]:
        """The rows of that collection nearest to `vector`."""
        if (urlsplit(self.url).hostname or "").endswith(_CLOUD):
            limit = min(limit, _CLOUD_GIVES)
        query = {"query_embeddings": [list(vector)], "n_results": limit, "include": []}
        found = self._ask("POST", f"/collections/{self._id(name)}/query", query, missing_is_none=True)
        if found is None:  # made anew since it was looked up
            self._ids.pop(name, None)
            found = self._ask("POST", f"/collections/{self._id(name)}/query", query)
        return [int(id) for id in found["ids"][0]]

    def rows(self, name: str, vector: Sequence[float]) -> tuple[list[int], list[int] | None]:
        """Those of that collection, as `Vectors.rows`; none where it is gone. Raises StorageError if it is broken."""
        try:
            listed = [int(id) for id in self._listed(name)]
            cloud = (urlsplit(self.url).hostname or "").endswith(_CLOUD)
            return listed, None if cloud or not listed else self.nearest(name, vector, len(listed))
        except VectorsUnavailable as error:
            self.look()
            raise StorageError(f"The collection {name} cannot be read: run `dateline doctor --repair`.") from error

    def _listed(self, name: str) -> Iterator[str]:
        home = self._ask("GET", f"/collections/{_part(name)}", missing_is_none=True)
        for offset in count(0, _BATCH):
            asked = {"include": [], "limit": _BATCH, "offset": offset}
            page = self._ask("POST", f"/collections/{home['id']}/get", asked, seconds=_WRITING)["ids"] if home else []
            if not page:
                return
            yield from page

    def _id(self, name: str) -> str:
        if name not in self._ids:
            self._ids[name] = self._ask("GET", f"/collections/{_part(name)}")["id"]
        return self._ids[name]

    def _made(self, name: str) -> str:
        """The id of the collection, which is made if it is not there."""
        wanted = {"name": name, "get_or_create": True, "configuration": {"hnsw": {"space": "cosine"}}}
        self._ids[name] = self._ask("POST", "/collections", wanted, seconds=_WRITING)["id"]
        return self._ids[name]

    def _ask(
        self, method: str, path: str, body: Any = None, *, seconds: float = _READING, missing_is_none: bool = False
    ) -> Any:
        import httpx

        if seconds == _READING and self._silent is not None and time.monotonic() < self._silent[0]:
            raise self._silent[1]
        timeout = httpx.Timeout(seconds, connect=_CONNECTING)
        try:
            answer = self._client().request(method, f"{self.url}/api/v2{self._home}{path}", json=body, timeout=timeout)
        except httpx.TimeoutException as error:
            raise self._gone(f"did not answer within {seconds:.0f} s", "see what keeps it, then try again") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            remedy = "start it (`chroma run`), or correct DATELINE_CHROMA_URL"
            raise self._gone("does not answer", remedy) from error
        if answer.status_code == 404 and missing_is_none:
            return None
        if answer.is_success:
            return self._read(answer)
        raise self._refused(answer)

    def _client(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._http is None:
                token = self._places.chroma_token
                # the first is Chroma's cloud's, the second that of proxies before a server of one's own
                headers = {"X-Chroma-Token": token, "Authorization": f"Bearer {token}"} if token else {}
                self._http = httpx.Client(headers=headers, **http_options(self.url))
            return self._http

    def _read(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise self._trouble("answers what Chroma does not", "correct DATELINE_CHROMA_URL") from error

    def _refused(self, answer: httpx.Response) -> VectorsUnavailable:
        """Nothing that the server says is repeated: it could hold the token."""
        tenant, database = self._places.chroma_tenant, self._places.chroma_database
        if answer.status_code in (401, 403):
            return self._trouble("refuses the token", "correct DATELINE_CHROMA_TOKEN")
        if answer.status_code in (400, 404) and any(name in answer.text for name in ("enant [", "atabase [")):
            what = f"has no database '{database}' of a tenant '{tenant}'"
            return self._trouble(what, "correct DATELINE_CHROMA_TENANT and DATELINE_CHROMA_DATABASE")
        if answer.status_code == 404 and "ollection [" in answer.text:
            return self._trouble("has lost the vectors", "run `dateline index FOLDER`, which writes them again")
        return self._trouble(f"fails (HTTP {answer.status_code})", "look at what it logs, then try again")

    def _gone(self, what: str, remedy: str) -> VectorsUnavailable:
        error = self._trouble(what, remedy)
        self._silent = (time.monotonic() + _PAUSE, error)
        return error

    def _trouble(self, what: str, remedy: str) -> VectorsUnavailable:
        return VectorsUnavailable(f"The Chroma server at {self.url} {what}: {remedy}.")


class _Collection:
    """See `Vectors`."""

    def __init__(self, server: ChromaServer, name: str) -> None:
        self._server, self._name = server, name

    def rows(self, vector: Sequence[float]) -> tuple[list[int], list[int] | None]:
        return self._server.rows(self._name, vector)

    def nearest(self, vector: Sequence[float], limit: int) -> list[int]:
        return self._server.nearest(self._name, vector, limit)


def _part(name: str) -> str:
    return quote(name, safe="")
