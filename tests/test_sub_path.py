"""Dateline behind a proxy that serves it under a path of its own; what is shut stays shut."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from app_helpers import HTML, PASSWORD, QUESTION, app_over, client, proxy
from commands import Run
from starlette._utils import get_route_path
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from web.access import Access, Door, path_of, served_as
from web.users import Users

NAME = "archive.localhost"  # browsers look for it on this machine


@dataclass(frozen=True)
class App:
    """A running app with the user anna: its own address, the port of the proxy and the path under which it is there."""

    own: str
    port: int
    path: str

    def client(self, *, logged_in: bool = False) -> httpx.Client:
        """A browser of somebody who asks the proxy."""
        http = client(f"http://127.0.0.1:{self.port}", headers=HTML | {"Host": f"{NAME}:{self.port}"})
        if logged_in:
            login = http.post(f"{self.path}/login", data={"name": "anna", "password": PASSWORD})
            assert login.headers["location"] == f"{self.path}/"
        return http


@pytest.fixture(scope="module", params=["/news stripped", "/news whole", "/dateline/archive whole"])
def app(request: pytest.FixtureRequest, seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    path, way = request.param.split()
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("sub-path") / "data")
    Users(home / "access.db").add("anna", PASSWORD)
    with app_over(home, names=served_as([f"{NAME}{path}/"])) as app:
        with proxy(app.url, path, strips=way == "stripped") as port:
            yield App(app.url, port, path)


def test_readers_and_programs_are_led_under_the_path_and_at_the_loopback_address(app: App) -> None:
    stranger, http = app.client(), app.client(logged_in=True)
    assert stranger.get(app.path, follow_redirects=True).url.path == f"{app.path}/login"
    for page in ("/", "/articles", "/export/none.md"):
        assert stranger.get(f"{app.path}{page}").headers["location"] == f"{app.path}/login"
    bare = client(app.own, headers={"Host": NAME}).get(f"{app.path}?c=1")
    assert bare.headers["location"] == f"{app.path}/?c=1"
    assert http.get(f"{app.path}/config").json()["root"].endswith(app.path)
    assert http.get(f"{app.path}/api/search?q=Homs").json()
    chat = {"model": "dateline", "messages": [{"role": "user", "content": QUESTION}]}
    (choice,) = http.post(f"{app.path}/v1/chat/completions", json=chat).json()["choices"]
    cited = choice["message"]["annotations"][0]["url_citation"]["url"]
    assert cited.startswith(f"http://{NAME}:{app.port}{app.path}/api/articles/")
    assert http.get(f"{app.path}/openapi.json").json()["servers"] == [{"url": app.path}]
    assert http.post(f"{app.path}/logout").headers["location"] == f"{app.path}/login"
    with client(app.own) as here:
        assert here.get("/").headers["location"] == "/login"
        assert here.post("/login", data={"name": "anna", "password": PASSWORD}).headers["location"] == "/"
        assert here.get("/api/search?q=Homs").json()
        assert here.get(f"{app.path}/api/search?q=Homs").status_code == 404


@pytest.mark.parametrize(
    ("asked", "judged"),
    [
        ("/news/pane", "/pane"), ("/pane", "/pane"), ("/news/", "/"), ("/", "/"), ("/newsletters", "/newsletters"),
        ("/news/news/pane", "/news/pane"),
    ],
)  # fmt: skip
def test_the_door_judges_the_very_path_that_is_routed(tmp_path: Path, asked: str, judged: str) -> None:
    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{path_of(scope)} {get_route_path(scope)}")(scope, receive, send)

    door = Door(tell, Access(Users(tmp_path / "none.db"), served_as(["example.org/news"])))
    http = TestClient(SessionMiddleware(door, secret_key="s"), "http://example.org")
    assert http.get(asked).text == f"{judged} {judged}"


def test_nothing_gets_past_the_door_or_the_gate_through_the_path(app: App) -> None:
    direct = {"Host": NAME} | HTML
    stranger, beside = app.client(), client(app.own)
    anna = app.client(logged_in=True)
    cookies = {"dateline": anna.cookies["dateline"]}
    for form in ("", "{path}", "{path}{path}", "{path}/login/..", "{path}/page/..", "//", "{path}/"):
        before = form.format(path=app.path)
        for http in (stranger, beside):
            sought = httpx.URL(str(http.base_url), raw_path=f"{before}/api/search?q=Homs".encode())
            assert http.get(sought, headers=direct).status_code != 200
        for shut in ("gradio_api/file=/etc/passwd", "gradio_api/startup-events", "monitoring"):
            one = f"{before}/{shut}"
            asked = httpx.URL(app.own, raw_path=one.encode())  # as it stands: no client's tidying
            assert beside.get(asked, headers=direct).status_code in (303, 404), one
            assert httpx.get(asked, headers=direct, cookies=cookies, trust_env=False).status_code == 404, one
            assert stranger.get(f"{app.path}{one}").status_code in (303, 404), one
            assert anna.get(f"{app.path}{one}").status_code == 404, one


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (["https://example.org/news"], "without https://"),
        (["example.org:8443/news"], "without a port"),
        (["example.org/two words"], "example.org/news"),
        (["example.org/../news"], "example.org/news"),
        (["example.org//news"], "example.org/news"),
        (["example.org/news?a=b"], "example.org/news"),
        (["/news"], "example.org/news"),
        ([""], "example.org/news"),
        (["*.example.org"], "example.org/news"),
        (["example.org/api"], "under another path."),
        (["example.org/news", "Example.org"], "one of them"),
    ],
)
def test_what_is_no_name_and_path_is_refused_with_the_remedy(run: Run, told: list[str], words: str) -> None:
    refused = run("ui", *(word for one in told for word in ("--served-as", one)))
    assert (refused.code, words in refused.err) == (1, True)
