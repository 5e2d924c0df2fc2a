"""A reader who means harm gets nothing of another's, and takes nothing from another: neither time nor place."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from app_helpers import HTML, PASSWORD, client, process

from web.users import Users


class App(NamedTuple):
    """The app over the seeds, and its data directory."""

    url: str
    home: Path

    def page(self, name: str = "") -> httpx.Client:
        """Somebody who has opened the page."""
        http = client(self.url, name)
        http.get("/articles").raise_for_status()
        return http


@pytest.fixture(scope="module")
def opened(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Nobody has to log in."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("open") / "data")
    with process(home) as url:
        yield App(url, home)


@pytest.fixture(scope="module")
def closed(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Anna and Boris have to."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("closed") / "data")
    for name in ("anna", "boris"):
        Users(home / "access.db").add(name, PASSWORD)
    with process(home) as url:
        yield App(url, home)


def search(http: httpx.Client, words: str, session: str) -> int:
    """Has Gradio search; what it finds is told in the session."""
    events = http.get("/config").json()["dependencies"]
    number = next(event["id"] for event in events if event["api_name"] == "search")
    event = {"fn_index": number, "data": [words, 1], "session_hash": session}
    return http.post("/gradio_api/queue/join", json=event).status_code


def heard(http: httpx.Client, session: str) -> httpx.Response:
    return http.get("/gradio_api/queue/data", params={"session_hash": session})


@pytest.mark.parametrize("where", ["opened", "closed"])
def test_what_a_session_of_gradios_tells_only_its_own_reader_hears(where: str, request: pytest.FixtureRequest) -> None:
    app: App = request.getfixturevalue(where)
    anna, boris = (app.page(name if where == "closed" else "") for name in ("anna", "boris"))
    curl = httpx.Client(base_url=app.url, trust_env=False, headers=HTML)
    assert search(anna, "Homs", "hers") == 200
    for other in (boris, curl):
        told = heard(other, "hers")
        assert told.status_code in (303, 404) and "Homs" not in told.text
    assert search(boris, "Hama", "hers") == 200  # his own, though he calls it so
    his, hers = heard(boris, "hers").text, heard(anna, "hers").text
    assert hers.count("process_completed") == his.count("process_completed") == 1
    assert '"Homs"' not in his and "Homs" in hers
