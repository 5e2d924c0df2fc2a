"""Dateline behind a proxy that serves it under a path of its own, in a process of its own; what is shut stays shut."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from app_helpers import QUESTION, QUOTED, RIGHT, process, says
from commands import Run
from ollama_double import OllamaDouble
from playwright.sync_api import Browser, expect
from reverse_proxy import reverse_proxy
from run_helpers import kept, right, run_of
from starlette._utils import get_route_path
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from web.access import Access, Door, path_of, served_as
from web.users import Users

NAME = "archive.localhost"  # browsers look for it on this machine
HTML = {"Accept": "text/html"}


class App:
    """A running app with the user anna: its own address, the port of the proxy and the path under which it is there."""

    def __init__(self, own: str, port: int, path: str) -> None:
        self.own, self.port, self.path = own, port, path
        self.url = f"http://{NAME}:{port}{path}"

    def client(self) -> httpx.Client:
        """A browser of somebody who asks the proxy."""
        headers = HTML | {"Host": f"{NAME}:{self.port}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, headers=headers, timeout=20)


@pytest.fixture(scope="module", params=["/news", "/dateline/archive"])
def started(request: pytest.FixtureRequest, seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app that is told its path, without a proxy yet."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("sub-path") / "data")
    Users(home / "access.db").add("anna", "open sesame")
    (home / "runs").mkdir()
    kept(home / "runs", "mine.jsonl", run_of(right("q1")))
    with OllamaDouble(chat=says(RIGHT)) as ollama:
        engine = ("--engine", "ollama", "--model", "qwen2.5-coder:1.5b")
        with process(home, *engine, "--served-as", f"{NAME}{request.param}/", OLLAMA_HOST=ollama.url) as own:
            yield App(own, 0, request.param)


@pytest.fixture(scope="module", params=[True, False], ids=["stripping", "passing on whole"])
def app(request: pytest.FixtureRequest, started: App) -> Iterator[App]:
    with reverse_proxy(started.own, started.path, strips=request.param) as port:
        yield App(started.own, port, started.path)


def test_one_is_sent_to_log_in_and_to_the_page_under_the_path(app: App) -> None:
    with app.client() as http:
        assert http.get(app.path, follow_redirects=True).url.path == f"{app.path}/login"
        for page in ("/", "/articles", "/export/none.md"):
            assert http.get(f"{app.path}{page}").headers["location"] == f"{app.path}/login"
        login = http.post(f"{app.path}/login", data={"name": "anna", "password": "open sesame"})
        assert login.headers["location"] == f"{app.path}/"
        assert http.get(f"{app.path}/config").json()["root"].endswith(app.path)
        assert http.post(f"{app.path}/logout").headers["location"] == f"{app.path}/login"


def test_programs_come_in_under_the_path_and_at_the_loopback_address(app: App) -> None:
    with app.client() as http:
        http.post(f"{app.path}/login", data={"name": "anna", "password": "open sesame"})
        assert http.get(f"{app.path}/api/search", params={"q": "Homs"}).json()
        chat = {"model": "dateline", "messages": [{"role": "user", "content": QUESTION}]}
        (cited,) = http.post(f"{app.path}/v1/chat/completions", json=chat).json()["choices"][0]["message"][
            "annotations"
        ]
        assert cited["url_citation"]["url"].startswith(f"{app.url}/api/articles/")
        assert http.get(f"{app.path}/openapi.json").json()["servers"] == [{"url": app.path}]
    with httpx.Client(base_url=app.own, trust_env=False, headers=HTML) as http:
        assert http.get("/").headers["location"] == "/login"
        assert http.post("/login", data={"name": "anna", "password": "open sesame"}).headers["location"] == "/"
        assert http.get("/api/search", params={"q": "Homs"}).json()
        assert http.get(f"{app.path}/api/search", params={"q": "Homs"}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "judged"),
    [
        ("/news/pane", "/pane"), ("/pane", "/pane"), ("/news/", "/"), ("/", "/"), ("/newsletters", "/newsletters"),
        ("/news/news/pane", "/news/pane"),
    ],
)  # fmt: skip
def test_what_is_judged_is_what_is_routed(tmp_path: Path, asked: str, judged: str) -> None:
    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{path_of(scope)} {get_route_path(scope)}")(scope, receive, send)

    door = Door(told, Access(Users(tmp_path / "access.db"), served_as(["example.org/news"])))
    http = TestClient(SessionMiddleware(door, secret_key="s"), "http://example.org")
    assert http.get(asked).text == f"{judged} {judged}"


def test_without_its_last_slash_the_path_leads_to_the_page(started: App) -> None:
    sent = httpx.get(f"{started.own}{started.path}?c=1", headers={"Host": NAME}, trust_env=False)
    assert sent.headers["location"] == f"{started.path}/?c=1"


@pytest.mark.parametrize("before", ["", "{path}", "{path}{path}", "{path}/login/..", "{path}/page/..", "//", "{path}/"])
def test_nothing_gets_past_the_door_or_the_gate_through_the_path(app: App, before: str) -> None:
    before, direct = before.format(path=app.path), {"Host": NAME} | HTML
    shut = [f"{before}/{one}" for one in ("gradio_api/file=/etc/passwd", "gradio_api/startup-events", "monitoring")]
    with app.client() as stranger, app.client() as anna, httpx.Client(base_url=app.own, trust_env=False) as beside:
        anna.post(f"{app.path}/login", data={"name": "anna", "password": "open sesame"})
        for http in (stranger, beside):
            sought = httpx.URL(str(http.base_url), raw_path=f"{before}/api/search?q=Homs".encode())
            assert http.get(sought, headers=direct).status_code != 200
        for one in shut:
            asked = httpx.URL(app.own, raw_path=one.encode())  # as it stands: no client's tidying
            assert beside.get(asked, headers=direct).status_code in (303, 404), one
            cookies = {"dateline": anna.cookies["dateline"]}
            assert httpx.get(asked, headers=direct, cookies=cookies, trust_env=False).status_code == 404, one
            assert stranger.get(f"{app.path}{one}").status_code in (303, 404), one
            assert anna.get(f"{app.path}{one}").status_code == 404, one


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("https://example.org/news", "without https://"),
        ("example.org:8443/news", "without a port"),
        ("example.org/two words", "example.org/news"),
        ("example.org/../news", "example.org/news"),
        ("example.org//news", "example.org/news"),
        ("example.org/news?a=b", "example.org/news"),
        ("/news", "example.org/news"),
        ("", "example.org/news"),
        ("*.example.org", "example.org/news"),
        ("example.org/api", "under another path."),
    ],
)
def test_what_is_no_name_and_path_is_refused_with_the_remedy(run: Run, told: str, words: str) -> None:
    refused = run("ui", "--served-as", told)
    assert (refused.code, words in refused.err) == (1, True)


def test_two_paths_of_one_name_are_refused(run: Run) -> None:
    refused = run("ui", "--served-as", "example.org/news", "--served-as", "Example.org")
    assert (refused.code, "one of them" in refused.err) == (1, True)


@pytest.mark.browser
def test_the_whole_page_works_under_the_path(app: App, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    failed: list[object] = []
    page.on("pageerror", lambda error: failed.append(error))
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda answer: failed.append((answer.url, answer.status)) if answer.status >= 400 else None)
    page.goto(app.url)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("open sesame")
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{app.url}/")

    expect(page.locator(".engine.ready")).to_be_visible()
    with page.expect_response(f"{app.url}/engine"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # then the badge is brought up to date
    expect(page.locator("main.contain")).to_have_css("max-width", "min(860px, 100%)")
    page.locator("#box textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("#talk .chip").first.click()
    expect(page.locator("#pane mark#here")).to_contain_text(QUOTED)
    page.reload()
    expect(page.locator("#talk .question")).to_have_text(QUESTION)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Markdown").click()
    assert QUOTED in taken.value.path().read_text(encoding="utf-8")

    page.get_by_role("link", name="Articles").click()
    before = page.locator("#corpus tbody tr")
    before.first.wait_for()
    flood = tmp_path / f"{abs(hash(app.url))}.txt"
    flood.write_text(f"The river Dola flooded the town of Mirest: {app.url}", encoding="utf-8")
    page.locator("#drop input[type=file]").set_input_files(flood)
    expect(page.locator("#told")).to_contain_text("1 added")

    page.get_by_role("link", name="Runs").click()
    with page.expect_popup() as report:
        page.locator("#runs td a").click()
    expect(report.value).to_have_url(f"{app.url}/reports?run=mine.jsonl")
    with page.expect_popup() as beside:
        page.locator("#runs input[type=checkbox]").check()
        page.get_by_role("button", name="Open the chosen ones").click()
    expect(beside.value).to_have_url(f"{app.url}/reports?run=mine.jsonl")

    page.get_by_role("link", name="Ask").click()
    page.get_by_role("button", name="Log out anna").click()
    expect(page).to_have_url(f"{app.url}/login")
    assert failed == []
    assert [url for url in asked if not url.startswith((f"{app.url}/", "data:", "blob:")) and url != app.url] == []
