"""What an attacker beside the page tries, with real requests; and that the page's own way still works."""

import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import httpx
import pytest
from app_helpers import PASSWORD, client, process, whole_app
from checking import CheckedAssistant

from ui import build
from web.access import OWN
from web.controller import Controller
from web.gate import EVENTS, ROUTES
from web.users import Users


class App(NamedTuple):
    """The app over the seeds, its data directory and a token for programs."""

    url: str
    home: Path
    token: str = ""

    def page(self, name: str = "") -> httpx.Client:
        """Somebody who has opened the page."""
        http = client(self.url, name)
        http.get("/articles").raise_for_status()
        return http


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
    for name in ("anna", "boris"):
        users.add(name, PASSWORD)
    with process(home) as url:
        yield App(url, home, users.add_token("cron"))


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
    parts = http.get("/config").json()["components"]
    (drop,) = (part["id"] for part in parts if part["props"].get("elem_id") == "drop")
    (event,) = (one["id"] for one in dependencies(http) if [drop, "upload"] in one["targets"])
    assert join(http, event, [[named(path) for path in paths], "", "Newest first"], session) == 200
    told = http.get("/gradio_api/queue/data", params={"session_hash": session}).text
    assert "process_completed" in told
    return told


def documented() -> set[tuple[str, str]]:
    """The routes of the table in docs/security.md."""
    text = (Path(__file__).parent.parent / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {(method, path) for row in rows for method, path in re.findall(r"`([A-Z]+) (\S+)`", row)}


def of(described: dict[str, Any]) -> set[tuple[str, str]]:
    """The routes of an OpenAPI description."""
    return {(method.upper(), path) for path, ways in described["paths"].items() for method in ways}


def test_every_route_that_is_served_is_documented(app: App, tmp_path: Path) -> None:
    with CheckedAssistant(tmp_path / "another", "embedded") as assistant:
        ours = of(whole_app(assistant).openapi())
        gradios = of(gr.routes.App.create_app(build(Controller.of(assistant))).openapi())
    beside = {(method, "/mcp") for method in ("GET", "POST", "DELETE")} | {("GET", "/page/*")}
    beside |= {(method, "/openapi.json") for method in ("GET", "HEAD")}
    of_gradio = {(method, path) for method, paths in ROUTES.items() for path in paths}
    assert documented() == ours | beside | of_gradio
    assert {path.split("/")[1] for _, path in documented()} == OWN | {""}

    http, hidden = app.page(), 0
    for method, path in gradios:
        asked = re.sub(r"\{\w+\}", "https://example.org/" if "path_or_url" in path else "x", path)
        if not any(how == method and fnmatchcase(asked, served) for how, served in documented()):
            assert (method, path, http.request(method, asked).status_code) == (method, path, 404)
            hidden += 1
    assert hidden > 40


def test_every_route_refuses_strangers_foreign_pages_and_names_and_the_page_is_sealed(app: App, closed: App) -> None:
    for method, path in documented():
        asked = re.sub(r"\{\w+\}|\*", "md" if "form" in path else "page.css", path)
        if path not in ("/login", "/page/*"):
            stranger = client(closed.url).request(method, asked)
            assert (stranger.status_code, stranger.headers["location"]) == (303, "/login"), path
            program = httpx.request(method, closed.url + asked, trust_env=False)
            assert (program.status_code, "token add" in program.text or method == "HEAD") == (401, True), path
        for headers, status in (({"Origin": "https://example.org"}, 403), ({"Host": "example.org"}, 400)):
            assert httpx.request(method, app.url + asked, headers=headers, trust_env=False).status_code == status, path
    for host, status in (("localhost:1", 200), ("[::2]:1", 400)):
        assert httpx.get(f"{app.url}/page/page.js", headers={"Host": host}, trust_env=False).status_code == status
    page = app.page().get("/")
    policy = page.headers["content-security-policy"]
    assert "page/page.js" in page.text and "default-src 'self'" in policy and "frame-ancestors 'none'" in policy


def test_no_event_takes_a_file_that_was_not_uploaded(app: App, closed: App) -> None:
    wanted = named(str(app.home / "secret"))
    for http in (app.page(), client(app.url), closed.page("anna"), client(closed.url, token=closed.token)):
        for event in dependencies(http):
            for hidden in (wanted, [wanted], {"deep": [{"down": wanted}]}):
                for path in EVENTS:
                    assert join(http, event["id"], [hidden] * max(1, len(event["inputs"])), path=path) == 403
    key = (app.home / "secret").read_bytes()
    held = [path for home in (app.home, closed.home) for path in (home / "incoming").rglob("*") if path.is_file()]
    assert not any(key in path.read_bytes() for path in held)


def test_an_upload_is_its_readers_alone_is_taken_in_and_then_gone(app: App, closed: App) -> None:
    anybody = app.page()
    assert "1 added" in take_in(anybody, upload(anybody, b"The river Dola flooded Mirest.").json(), "anybodys")
    anna, boris = closed.page("anna"), closed.page("boris")
    (path,) = upload(anna, b"The mayor of Mirest resigned.", "mayor.txt").json()
    assert {join(boris, event["id"], [named(path)]) for event in dependencies(boris)} == {403}
    assert "1 added" in take_in(anna, [path], "hers")
    assert not Path(path).exists()
    assert (closed.home / "uploads" / "mayor.txt").exists()
    # equal files of two readers are one file, and each is there until it is taken in
    sent = [(anna, "bridge.txt", "1 added"), (boris, "bridge.txt", "0 added"), (boris, "crossing.txt", "1 added")]
    paths = [upload(http, b"The bridge of Mirest was closed.", name).json() for http, name, _ in sent]
    for number, (http, _, told) in enumerate(sent):
        assert told in take_in(http, paths[number], f"{number}")
    assert not Path(paths[-1][0]).parent.exists()


def test_the_pages_events_and_uploads_are_the_pages_alone(closed: App, app: App) -> None:
    for http in (client(app.url), client(closed.url, token=closed.token)):  # who has not opened the page, and a program
        private = [event for event in dependencies(http) if event["api_visibility"] != "public"]
        assert len(private) > 10
        assert {join(http, event["id"], [], path=path) for event in private for path in EVENTS} == {403}
        assert upload(http, b"anything").status_code == 403


def test_what_is_no_event_is_refused(app: App) -> None:
    page, event = app.page(), '{"fn_index": %s, "data": [%s]}'
    for status, bodies in {
        400: ["[]", "{", "[" * 100_000, '{"fn_index": 1, "data": [], "session_hash": ["s"]}'],
        404: [event % ("9999", ""), event % ("true", ""), event % ('"1"', ""), '{"data": []}'],
        413: [event % ("1", '"' + "x" * 5_000_000 + '"')],
    }.items():
        assert [page.post(EVENTS[0], content=body).status_code for body in bodies] == [status] * len(bodies)


def test_what_was_being_uploaded_goes_with_the_app_and_with_the_next_one(seeds_dir: Path, tmp_path: Path) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    left = home / "incoming" / "999999999-killed"
    left.mkdir(parents=True)
    (left / "plan.txt").write_text("secret", encoding="utf-8")
    with process(home) as url:
        assert not left.exists()
        (path,) = upload(App(url, home).page(), b"never asked to be taken in").json()
        assert Path(path).parents[1].stat().st_mode & 0o077 == 0
        assert Path(path).is_relative_to(home)
    assert not Path(path).exists()
    # Gradio may make its folder anew while an event ends: an empty one, which the next start sweeps
    assert [left for left in (home / "incoming").rglob("*") if left.is_file()] == []
