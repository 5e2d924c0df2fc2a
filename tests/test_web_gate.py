"""What an attacker beside the page tries on Gradio, with real requests; and that the page's own way still works."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from app_helpers import process, whole_app
from checking import CheckedAssistant

from ui import build
from web.access import OWN
from web.controller import Controller
from web.gate import EVENTS, ROUTES
from web.users import Users

DROP = "drop"
Reader = Callable[..., httpx.Client]


class App:
    """The app over the seeds, its data directory and a token for programs."""

    def __init__(self, url: str, home: Path, token: str = "") -> None:
        self.url, self.home, self.token = url, home, token


@pytest.fixture(scope="module")
def app(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Nobody has to log in."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("open") / "data")
    with process(home) as url:
        yield App(url, home)


@pytest.fixture(scope="module")
def closed(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Anna and Boris have to, and a program has a token."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("closed") / "data")
    users = Users(home / "access.db")
    users.add("anna", "open sesame")
    users.add("boris", "another one")
    with process(home) as url:
        yield App(url, home, users.add_token("cron"))


@pytest.fixture
def reader() -> Iterator[Reader]:
    """reader(app) is somebody with a browser; reader(app, page=False) has cookies and has not opened the page."""
    opened: list[httpx.Client] = []

    def reader(app: App, *, name: str = "", password: str = "", page: bool = True, token: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        http = httpx.Client(base_url=app.url, trust_env=False, headers=headers, timeout=20)
        opened.append(http)
        if name:
            http.post("/login", data={"name": name, "password": password})
        if page:
            assert http.get("/articles").status_code == 200
        return http

    yield reader
    for http in opened:
        http.close()


def dependencies(http: httpx.Client) -> list[dict[str, Any]]:
    return list(http.get("/config").json()["dependencies"])


def named(path: str) -> dict[str, Any]:
    """A file object as Gradio's client makes one."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def join(http: httpx.Client, number: object, data: list[Any], session: str = "s1", path: str = EVENTS[0]) -> int:
    event = {"fn_index": number, "data": data, "session_hash": session, "event_data": None}
    return http.post(path, json=event).status_code


def upload(http: httpx.Client, content: bytes, name: str = "flood.txt") -> httpx.Response:
    return http.post("/gradio_api/upload", files={"files": (name, content)})


def take_in(http: httpx.Client, paths: list[str], session: str) -> str:
    """What the page tells, from its own event of a dropped file to the end."""
    parts = {part["id"]: part for part in http.get("/config").json()["components"]}
    (event,) = (
        one for one in dependencies(http)
        if any(what == "upload" and parts[part]["props"].get("elem_id") == DROP for part, what in one["targets"])
    )  # fmt: skip
    assert join(http, event["id"], [[named(path) for path in paths], "", "Newest first"], session) == 200
    told = ""
    with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            told += line
            if "process_completed" in line:
                return told
    raise AssertionError("the event has no end")


def test_no_event_takes_a_file_that_was_not_uploaded(app: App, closed: App, reader: Reader) -> None:
    strangers = [
        reader(app),
        reader(app, page=False),
        reader(closed, name="anna", password="open sesame"),
        reader(closed, token=closed.token, page=False),
    ]
    wanted = str(app.home / "secret")
    for http in strangers:
        for event in dependencies(http):
            for hidden in (named(wanted), [named(wanted)], {"deep": [{"down": named(wanted)}]}):
                for path in EVENTS:
                    assert join(http, event["id"], [hidden] * max(1, len(event["inputs"])), path=path) == 403
    key = (app.home / "secret").read_bytes()
    held = [path for home in (app.home, closed.home) for path in (home / "incoming").rglob("*") if path.is_file()]
    assert not any(key in path.read_bytes() for path in held)


def test_a_readers_own_upload_is_taken_in_and_then_gone(app: App, reader: Reader) -> None:
    http = reader(app)
    paths = upload(http, b" date 2026-01-02 The river Dola flooded the town of Mirest.").json()
    assert "1 added" in take_in(http, paths, session="mine")
    assert not Path(paths[0]).exists()
    assert (app.home / "uploads" / "flood.txt").exists()


def test_anothers_upload_cannot_be_named_and_stays(closed: App, reader: Reader) -> None:
    anna, boris = (
        reader(closed, name="anna", password="open sesame"),
        reader(closed, name="boris", password="another one"),
    )
    paths = upload(anna, b"The mayor of Mirest resigned.", "mayor.txt").json()
    assert {join(boris, event["id"], [named(paths[0])]) for event in dependencies(boris)} == {403}
    assert "1 added" in take_in(anna, paths, session="hers")


def test_equal_files_of_two_readers_are_each_there_until_taken_in(closed: App, reader: Reader) -> None:
    anna, boris = (
        reader(closed, name="anna", password="open sesame"),
        reader(closed, name="boris", password="another one"),
    )
    sent = [(anna, "bridge.txt", "1 added"), (boris, "bridge.txt", "0 added"), (boris, "crossing.txt", "1 added")]
    paths = [upload(http, b"The bridge of Mirest was closed.", name).json() for http, name, _ in sent]
    for number, (http, _, told) in enumerate(sent):
        assert told in take_in(http, paths[number], session=f"{number}")
    assert not Path(paths[-1][0]).parent.exists()


@pytest.mark.parametrize("who", ["not from the page", "program"])
def test_the_pages_events_and_uploads_are_the_pages_alone(closed: App, app: App, reader: Reader, who: str) -> None:
    http = reader(app, page=False) if who == "not from the page" else reader(closed, token=closed.token, page=False)
    private = [event for event in dependencies(http) if event["api_visibility"] != "public"]
    assert len(private) > 10
    assert {join(http, event["id"], [], path=path) for event in private for path in EVENTS} == {403}
    assert upload(http, b"anything").status_code == 403


def test_another_readers_session_is_not_heard(closed: App, reader: Reader) -> None:
    anna, boris = (
        reader(closed, name="anna", password="open sesame"),
        reader(closed, name="boris", password="another one"),
    )
    search = next(event["id"] for event in dependencies(anna) if event["api_name"] == "search")
    assert join(anna, search, ["Homs", 1], "annas") == 200
    assert boris.get("/gradio_api/queue/data", params={"session_hash": "annas"}).status_code == 403
    assert boris.get("/gradio_api/heartbeat/annas").status_code == 403
    assert join(boris, search, ["Homs", 1], "annas") == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[]", 400), ("{", 400), ("[" * 100_000, 400), ('{"fn_index": 9999, "data": []}', 404),
        ('{"fn_index": true, "data": []}', 404), ('{"fn_index": "1", "data": []}', 404), ('{"data": []}', 404),
        ('{"fn_index": 1, "data": ["' + "x" * 5_000_000 + '"]}', 413),
        ('{"fn_index": 1, "data": [], "session_hash": ["s"]}', 400),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused(app: App, reader: Reader, body: str, status: int) -> None:
    assert reader(app).post(EVENTS[0], content=body).status_code == status


def documented() -> set[tuple[str, str]]:
    """The routes of the table in docs/security.md."""
    text = (Path(__file__).parent.parent / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {(method, path) for row in rows for method, path in re.findall(r"`([A-Z]+) (\S+)`", row)}


def of(described: dict[str, Any]) -> set[tuple[str, str]]:
    """The routes of an OpenAPI description."""
    return {(method.upper(), path) for path, ways in described["paths"].items() for method in ways}


def test_every_route_that_is_served_is_documented(app: App, reader: Reader, tmp_path: Path) -> None:
    with CheckedAssistant(tmp_path / "another", "embedded") as assistant:
        ours = of(whole_app(assistant).openapi())
        gradios = of(gr.routes.App.create_app(build(Controller.of(assistant))).openapi())
    beside = {(method, "/mcp") for method in ("GET", "POST", "DELETE")} | {("GET", "/page/*")}
    beside |= {(method, "/openapi.json") for method in ("GET", "HEAD")}
    of_gradio = {(method, path) for method, paths in ROUTES.items() for path in paths}
    assert documented() == ours | beside | of_gradio
    assert {path.split("/")[1] for _, path in documented()} == OWN | {""}

    http, hidden = reader(app), 0
    for method, path in gradios:
        asked = re.sub(r"\{\w+\}", "https://example.org/" if "path_or_url" in path else "x", path)
        if not any(how == method and fnmatchcase(asked, served) for how, served in documented()):
            assert (method, path, http.request(method, asked).status_code) == (method, path, 404)
            hidden += 1
    assert hidden > 40


def test_what_was_being_uploaded_goes_with_the_app_and_with_the_next_one(seeds_dir: Path, tmp_path: Path) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    left = home / "incoming" / "999999999-killed"
    left.mkdir(parents=True)
    (left / "plan.txt").write_text("secret", encoding="utf-8")
    with process(home) as url:
        assert not left.exists()
        http = httpx.Client(base_url=url, trust_env=False)
        http.get("/")
        (path,) = upload(http, b"never asked to be taken in").json()
        assert Path(path).parents[1].stat().st_mode & 0o077 == 0
        assert Path(path).is_relative_to(home)
    assert not Path(path).exists()
    # Gradio may make its folder anew while an event ends: an empty one, which the next start sweeps
    assert [left for left in (home / "incoming").rglob("*") if left.is_file()] == []
