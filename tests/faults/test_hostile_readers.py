"""A reader who means harm gets nothing of another's, and takes nothing from another: neither time nor place."""

import asyncio
import os
import resource
import shutil
import socket
import sqlite3
import stat
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from itertools import product
from json import dumps
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest
from app_helpers import HTML, PASSWORD, QUESTION, QUOTED, RIGHT, app_over, client, configured, says, started, until
from fastapi import FastAPI
from index_helpers import ROOT
from ollama_double import slow

from index.embed import TextEmbedder
from index.store import ArticleIndex
from web import server
from web.addresses import networks, origin
from web.conversations import Conversations
from web.errors import TooManyGuesses
from web.guessing import Attempts
from web.users import Users


class App(NamedTuple):
    """The app over the seeds, and its data directory."""

    url: str
    home: Path
    log: Path

    def page(self, name: str = "") -> httpx.Client:
        """Somebody who has opened the page."""
        http = client(self.url, name)
        http.get("/articles").raise_for_status()
        return http


@contextmanager
def logged(home: Path, *options: str, **environment: str) -> Iterator[App]:
    """`dateline ui` over the data directory `home`, without a model; what it says on the terminal is kept."""
    nothing = {"DATELINE_CACHE_DIR": str(home / "no-model"), "HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    command, log = ("--engine", "embedded", "--data-dir", str(home), *options), home.with_name("log")
    with log.open("w", buffering=1) as kept, started(*command, **nothing | environment) as (url, running):
        copying = Thread(target=kept.writelines, args=[running.stderr], daemon=True)  # line by line
        copying.start()
        try:
            yield App(url, home, log)
        finally:
            running.terminate()
            copying.join(20)  # to the end of what it says


@pytest.fixture(scope="module")
def opened(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Nobody has to log in."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("open") / "data")
    with logged(home) as app:
        yield app


@pytest.fixture(scope="module")
def closed(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Anna and Boris have to."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("closed") / "data")
    for name in ("anna", "boris"):
        Users(home / "access.db").add(name, PASSWORD)
    with logged(home) as app:
        yield app


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


def at(app: App, address: str, **headers: str) -> httpx.Client:
    """Somebody who connects from this loopback address."""
    from_there = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=app.url, transport=from_there, headers=HTML | headers, timeout=60)


def logs_in(http: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    return http.post("/login", data={"name": name, "password": password})


def test_who_guesses_passwords_is_shut_out_and_nobody_else(closed: App) -> None:
    with at(closed, "127.0.0.2") as guesser, at(closed, "127.0.0.3") as anna:
        for number in range(5):
            assert logs_in(guesser, "anna", f"guess {number}").status_code == 401
        for forged in ("", "127.0.0.9", "10.0.0.1, 127.0.0.3"):  # nobody has said that this may be believed
            guesser.headers["X-Forwarded-For"] = forged
            shut = logs_in(guesser, "anna")
            assert (shut.status_code, "try again in 15 minutes" in shut.text) == (429, True)
            assert 880 < int(shut.headers["retry-after"]) <= 900
        assert logs_in(guesser, "boris").headers["location"] == logs_in(anna, "anna").headers["location"] == "/"
        tried = [logs_in(guesser, f"name {number}").status_code for number in range(16)]
        assert tried == [401] * 15 + [429] and logs_in(guesser, "boris").status_code == 429
        assert logs_in(anna, "anna").headers["location"] == "/"


@pytest.mark.slow
def test_searches_are_as_fast_beside_guessers_from_many_addresses(closed: App) -> None:
    begun, over = Event(), Event()

    def guess(number: int) -> None:
        with at(closed, f"127.0.1.{number}") as http:
            while not over.wait(0.1):
                logs_in(http, f"name {number}", "a guess")
                begun.set()

    def seconds(http: httpx.Client) -> float:
        times = []
        for _ in range(30):
            start = time.monotonic()
            assert http.get("/api/search", params={"q": "the fall of Hama"}).status_code == 200
            times.append(time.monotonic() - start)
        return statistics.median(times)

    with client(closed.url, "anna") as anna, ThreadPoolExecutor(40) as guessers:
        seconds(anna)
        alone = seconds(anna)
        for number in range(40):
            guessers.submit(guess, number)
        assert begun.wait(30)
        beside = seconds(anna)
        over.set()
    assert beside < 4 * alone, (alone, beside)


def test_attempts_count_for_a_quarter_of_an_hour_until_one_is_right_and_in_bounded_memory() -> None:
    attempts, now = Attempts(), 1000.0
    for _ in range(4):
        attempts.begin("anna", "a", now)
    attempts.begin("anna", "a", now)
    attempts.succeeded("anna", "a")
    for number in range(5):
        attempts.begin("anna", "a", now + number)
    with pytest.raises(TooManyGuesses) as refused:
        attempts.begin("anna", "a", now + 10)
    assert refused.value.wait == 890
    attempts.begin("anna", "a", now + 901)
    for number in range(50_000):
        attempts.begin(f"{number}" * 100, f"{number}", now)
    assert len(attempts) == 10_000


@pytest.mark.parametrize(
    ("peer", "passed_on", "came_from"),
    [
        ("9.9.9.9", ["1.1.1.1"], "9.9.9.9"),  # no proxy of ours
        ("10.0.0.7", [], "10.0.0.7"),
        ("10.0.0.7", ["1.1.1.1"], "1.1.1.1"),
        ("::ffff:10.0.0.7", ["1.1.1.1"], "1.1.1.1"),
        ("10.0.0.7", ["1.1.1.1, 2.2.2.2"], "2.2.2.2"),  # what was there before it came to the proxy anybody could write
        ("10.0.0.7", ["1.1.1.1", "2.2.2.2, 10.0.0.8"], "2.2.2.2"),
        ("10.0.0.7", ["1.1.1.1, no address"], "10.0.0.7"),
        ("10.0.0.7", ["10.0.0.8"], "10.0.0.8"),
        ("2001:db8::7", [], "2001:db8::/64"),
        ("2001:db8::ffff:1", [], "2001:db8::/64"),
        (None, ["1.1.1.1"], "None"),
    ],
)
def test_where_a_request_comes_from_is_what_its_sender_cannot_choose(
    peer: str | None, passed_on: list[str], came_from: str
) -> None:
    scope: dict[str, Any] = {"client": peer and (peer, 1), "headers": [(b"host", b"x")]}
    scope["headers"] += [(b"x-forwarded-for", line.encode()) for line in passed_on]
    assert origin(scope, networks("--forwarded-by", ["10.0.0.0/8"])) == came_from


def test_how_long_a_wrong_password_takes_tells_no_name(tmp_path: Path) -> None:
    users = Users(tmp_path / "access.db")
    users.add("anna", PASSWORD)

    def seconds(name: str) -> float:
        begun = time.thread_time()  # whatever else the machine does
        assert not users.right(name, "a guess")
        return time.thread_time() - begun

    known, unknown = map(min, zip(*((seconds("anna"), seconds("nobody")) for _ in range(15)), strict=True))
    assert 0.8 < known / unknown < 1.25


def answer_to(app: App, *pieces: bytes, seconds: float = 60, pause: float = 0) -> tuple[str, float]:
    """What comes on a connection on which these are sent, and after how many seconds it ends."""
    host, _, port = app.url.removeprefix("http://").partition(":")
    told, begun = b"", time.monotonic()
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        except OSError:
            pass  # it was ended: what was said before stands
        try:
            while piece := connection.recv(65536):
                told += piece
        except ConnectionError:
            pass
    return told.decode("latin-1"), time.monotonic() - begun


def posted(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


LONG = ["/api/ask", "/v1/chat/completions", "/mcp", "/gradio_api/queue/join", "/login"]


@pytest.mark.parametrize("path", LONG)
def test_a_body_is_refused_before_it_is_read_and_where_nothing_says_how_long_it_is(opened: App, path: str) -> None:
    form = path == "/login"
    kind = f"Content-Type: application/{'x-www-form-urlencoded' if form else 'json'}"
    told, seconds = answer_to(opened, posted(path, kind, "Content-Length: 300000000"))
    assert told.startswith("HTTP/1.1 413") and "send up to 2 MB" in told and seconds < 5
    chunks = [b"100000\r\n" + b" " * 2**20 + b"\r\n"] * 40  # that it never ends
    told, _ = answer_to(opened, posted(path, kind, "Transfer-Encoding: chunked"), *chunks)
    assert told.startswith(f"HTTP/1.1 {400 if form else 413}") and ("exceeded" if form else "send up to 2 MB") in told


def test_files_have_a_limit_of_their_own(opened: App) -> None:
    page = opened.page()
    for megabytes, status in ((3, 200), (21, 413)):
        file = {"files": ("news.txt", b"x" * megabytes * 2**20)}
        assert page.post("/gradio_api/upload", files=file).status_code == status
    told, _ = answer_to(opened, posted("/gradio_api/upload", "Content-Length: 2000000000"))
    assert told.startswith("HTTP/1.1 413") and "send up to 1,001 MB" in told


@pytest.mark.slow
def test_who_says_nothing_or_says_it_slowly_is_not_waited_for(opened: App) -> None:
    half = b"GET /api/index HTTP/1.1\r\nHost: localhost\r\n"
    body = posted("/api/ask", "Content-Type: application/json", "Content-Length: 100")
    cases = [  # what is sent, a piece each 0.4 s; what is answered; and the seconds after which it ends
        ([], "", 10),
        ([half], "", 10),
        ([half, *[b"X: y\r\n"] * 60], "", 10),
        ([body, b"{"], "HTTP/1.1 408", 20),
        ([body, *[b" "] * 60], "HTTP/1.1 408", 20),
    ]  # fmt: skip
    with ThreadPoolExecutor(len(cases)) as threads:
        ends = list(threads.map(lambda case: answer_to(opened, *case[0], pause=0.4), cases))
    for (sent, answer, after), (told, seconds) in zip(cases, ends, strict=True):
        assert (told[:12], after - 1 < seconds < after + 6) == (answer, True), (sent[:2], told, seconds)


@pytest.mark.slow
def test_eleven_hundred_idle_connections_shut_nobody_out(seeds_dir: Path, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    idle = list[socket.socket]()
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))  # what most systems give a program
        home = shutil.copytree(seeds_dir, tmp_path / "data")
        with logged(home) as app, at(app, "127.0.0.3") as before:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))  # ours
            host, _, port = app.url.removeprefix("http://").partition(":")
            assert before.get("/api/search", params={"q": "Homs"}).status_code == 200  # which loads what it needs
            for _ in range(1100):
                idle.append(socket.create_connection((host, int(port)), 5, source_address=("127.0.0.2", 0)))
            for other in (before, at(app, "127.0.0.2"), at(app, "127.0.0.4")):
                begun = time.monotonic()
                assert other.get("/api/search", params={"q": "Homs"}).status_code == 200
                assert time.monotonic() - begun < 2
    finally:
        for one in idle:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_that_stood_still_resets_nobody() -> None:
    """The time of an idle connection is over, and what was sent on it meanwhile not read yet."""
    ours, its = socket.socketpair()
    held = Event()

    def hold() -> None:
        its.recv(1)
        held.set()
        time.sleep(1.5)  # the fault itself: it stands still for longer than an idle connection is kept

    @asynccontextmanager
    async def holds(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().add_reader(its, hold)
        yield

    config = server.configured(FastAPI(lifespan=holds))
    config.timeout_keep_alive = 1
    with ours, its, configured(config) as url, httpx.Client(base_url=url) as http:
        for _ in range(2):
            assert http.get("/openapi.json").status_code == 200
            held.clear()
            ours.send(b"x")
            assert held.wait(10)


NO_NUMBERS = ["1e20", str(10**30), str(-(10**30)), "-1", "NaN", "Infinity", "0x10", "\u0661"]
NO_TEXT = ["%00", "a%00b", "%ED%A0%80", "%FF"]
ODD_TEXT = ["", "'", "..%2F..%2Fetc%2Fpasswd", "%F0%9F%A6%8A", "%0A%0D", "x" * 20_000, "2024-13-45", "[]"]
PARAMETERS = {
    "/pane?": "turn number hit carrier article start end", "/api/search?q=a&": "q k since until as_of source author",
    "/api/timeline?topic=a&": "topic since source", "/api/articles?": "q about since author",
    "/export/timeline.json?topic=a&": "topic since", "/reports?": "run", "/?": "c", "/config?": "deep_link",
    "/gradio_api/queue/data?": "session_hash",
}  # fmt: skip
PLACES = ["/api/articles/{}", "/export/{}", "/export/{}.md", "/export/timeline.{}", "/page/{}", "/assets/{}", "/{}"]
NUMBERS = {"turn", "number", "hit", "start", "end", "k"}
HOSTS = ["[::1", "[", "]", "a b", "\x7f", "\xff", "localhost:abc", "//", "@", "localhost@evil", "[v1.x]:1", "x" * 5000]
NO_JSON = ["NaN", "Infinity", "1e400", "-1", '"\\ud800"', '"a\\u0000"', "{}", "[[[]]]", "null", "true", "9" * 5000]
QUESTIONS = {
    "/api/ask": ['{"question": %s}', '{"question": "", "history": %s}', '{"question": "", "exclude": [%s]}'],
    "/v1/chat/completions": ['{"messages": [{"role": "user", "content": [%s]}]}', '{"messages": %s, "stream": true}'],
    "/mcp": ['{"jsonrpc": "2.0", "id": %s, "method": %s}', '{"jsonrpc": "2.0", "id": 1, "method": "ping", "x": %s}'],
    "/gradio_api/queue/join": ['{"fn_index": 0, "data": [%s], "trigger_id": %s}', '{"fn_index": %s, "data": []}'],
    "/gradio_api/run/predict": ['{"fn_index": 13, "data": [%s, %s]}', '{"fn_index": 13, "data": %s}'],
}


def test_whatever_is_asked_is_answered_or_refused_and_no_mistake_of_ours(opened: App) -> None:
    page = opened.page()
    json = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}

    def status(method: str, address: str, **more: Any) -> int:
        url = httpx.URL(opened.url, raw_path=address.encode())
        with page.stream(method, url, **more) as told:  # a stream of events is not waited for
            return told.status_code

    for path, names in PARAMETERS.items():
        for name in names.split():
            for value in (*NO_NUMBERS, *NO_TEXT, *ODD_TEXT):
                got = status("GET", asked := f"{path}{name}={quote(value, safe='%')}")
                no = value in NO_TEXT or (name in NUMBERS and value in NO_NUMBERS[:-1])
                assert 400 <= got < 500 if no else got < 500, (asked[:99], got)
    for path in PLACES:
        for value in (*NO_TEXT, *ODD_TEXT):
            got = status("GET", asked := path.format(quote(value, safe="%")))
            assert 400 <= got < 500 if value in NO_TEXT else got < 500, (asked[:99], got)
    for header, host in product(("Host", "Origin"), HOSTS):
        assert status("GET", "/api/index", headers={header: host.encode("latin-1")}) in (400, 403), (header, host)
    for path, forms in QUESTIONS.items():
        for form, value in product(forms, NO_JSON):
            body = form.replace("%s", value)
            # without a model what is a question is told so: 503
            assert (got := status("POST", path, content=body, headers=json)) in range(200, 500) or got == 503, body
        for content in ("[" * 100_000, "\0", "{", b"\xed\xa0\x80", b"\xff\xfe", "1" * 100_000):
            assert 400 <= status("POST", path, content=content, headers=json) < 500, (path, content[:9])
    assert "Traceback" not in opened.log.read_text()


ODD_KINDS = ("\ud800", 5, True, None, {}, [], [["a"]], 1e400, "0x10")
BY_NAME = {"search", "timeline", "articles", "article", "ask"}


def test_an_event_that_is_sent_something_else_than_the_page_does_tells_so_in_our_words(opened: App) -> None:
    page, json = opened.page(), {"Content-Type": "application/json"}
    page.get("/").raise_for_status()
    for event, odd in product(page.get("/config").json()["dependencies"], ODD_KINDS):
        session = f"{event['id']} {odd!r}"
        sent = {"fn_index": event["id"], "data": [odd] * len(event["inputs"]), "session_hash": session}
        status = page.post("/gradio_api/queue/join", content=dumps(sent), headers=json).status_code
        assert status == 200 or (status < 500 and odd == 1e400), session  # that is not even let in
        told = heard(page, session).text if status == 200 else "must be"
        assert event["api_name"] not in BY_NAME or any(
            words in told for words in ("must be", "is short or full", "No article '", '"data":[')
        ), told
    assert "Traceback" not in opened.log.read_text()
    assert "An event of the page failed at " in opened.log.read_text()


def test_what_is_readers_own_nobody_else_on_the_machine_can_read(
    seeds_dir: Path, tmp_path: Path, embedding: TextEmbedder
) -> None:
    home, article = shutil.copytree(seeds_dir, tmp_path / "data"), tmp_path / "flood.txt"
    article.write_text("The river Dola flooded Mirest.", encoding="utf-8")
    before = os.umask(0)
    try:
        for old in ("conversations.db", "conversations.db-wal", "conversations.db-shm", "access.db", "uploads/old.txt"):
            (home / "uploads").mkdir(exist_ok=True)
            (home / old).write_bytes(b"The mill burned." if old.endswith(".txt") else b"")
            (home / old).chmod(0o666)
        (home / "secret").write_bytes(b"s" * 40)
        conversations = Conversations(home / "conversations.db")
        conversations.ask("anna", conversations.begin("anna"), "Who?")
        Users(home / "access.db").add("anna", PASSWORD)
        with ArticleIndex(home, embedding) as index:
            index.add({"flood.txt": article})
            index.sync(ROOT / "seeds")
        with logged(home) as app:
            page = app.page("anna")
            page.post("/gradio_api/upload", files={"files": ("news.txt", b"x")}).raise_for_status()
            own = [path for name in ("uploads", "incoming") for path in (home / name, *(home / name).rglob("*"))]
            own += [*home.glob("conversations.db*"), *home.glob("access.db*"), home / "secret"]
            inside = {home / "incoming": 0o700, home / "uploads": 0o700}
            for path in own:
                if not any(path.is_relative_to(folder) and path.is_dir() and path != folder for folder in inside):
                    wanted = inside.get(path, 0o600)
                    assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    finally:
        os.umask(before)


class Held:
    """The conversations of a data directory, as another program holds them."""

    def __init__(self, home: Path) -> None:
        self._db = sqlite3.connect(home / "conversations.db", isolation_level=None, check_same_thread=False)

    def __enter__(self) -> None:
        self._db.execute("BEGIN EXCLUSIVE")

    def __exit__(self, *_: object) -> None:
        self._db.execute("ROLLBACK")


def ask(page: httpx.Client, question: str, session: str) -> str:
    """What the page is told when somebody writes the question into the box and presses Ask."""
    config = page.get("/config").json()
    named = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
    (event,) = (one for one in config["dependencies"] if [named["send"], "click"] in one["targets"])
    given = {named["box"]: question, named["leave"]: [], named["full"]: False}
    data = [given.get(part, "") for part in event["inputs"]]
    page.post(
        "/gradio_api/queue/join", json={"fn_index": event["id"], "data": data, "session_hash": session}
    ).raise_for_status()
    return heard(page, session).text


def test_while_another_program_holds_the_conversations_nobody_else_waits(seeds_dir: Path, tmp_path: Path) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    with app_over(home) as app, ThreadPoolExecutor(30) as threads, client(app.url) as page, client(app.url) as other:
        page.get("/").raise_for_status()
        assert QUOTED in ask(page, QUESTION, "before")
        seconds: dict[str, float] = {}
        with Held(home):
            told = threads.submit(ask, page, QUESTION, "meanwhile")
            for _ in range(25):  # more than there are threads to wait in
                threads.submit(page.get, "/pane?turn=1&number=1")
                threads.submit(page.get, "/export/none.md")
            time.sleep(0.3)
            for path in ("/api/search?q=Homs", "/api/ask", "/login"):
                begun = time.monotonic()
                question = {"json": {"question": QUESTION}} if path == "/api/ask" else {}
                assert other.request("POST" if question else "GET", path, **question).status_code == 200
                seconds[path] = time.monotonic() - begun
            begun = time.monotonic()
            assert "held by another program" in told.result() and "try again" in told.result()
            assert "held by another program" in page.get("/export/none.md").text
            assert time.monotonic() - begun < 5
        assert max(seconds.values()) < 4, seconds
        assert QUOTED in ask(page, QUESTION, "after")


def test_an_answer_that_cannot_be_kept_is_shown_and_kept_later(seeds_dir: Path, tmp_path: Path) -> None:
    home, gate = shutil.copytree(seeds_dir, tmp_path / "data"), Event()
    with app_over(home) as app, ThreadPoolExecutor(1) as threads, client(app.url) as page:
        app.ollama.chat = slow(gate, says(RIGHT))
        page.get("/").raise_for_status()
        told = threads.submit(ask, page, QUESTION, "mine")
        until(lambda: bool(app.ollama.gates))
        with Held(home):
            gate.set()
            time.sleep(4)
        assert "cannot be kept now" in told.result()
        db = sqlite3.connect(home / "conversations.db")
        until(lambda: db.execute("SELECT answer FROM turns").fetchall()[0][0] is not None)


def test_every_answer_tells_the_browser_to_fetch_tell_and_keep_nothing(opened: App, closed: App) -> None:
    stranger, program = client(closed.url), httpx.Client(base_url=closed.url, trust_env=False)
    anybody = opened.page()
    answers = {
        "a redirect": stranger.get("/"), "the way in": stranger.get("/login"), "shut": program.get("/api/index"),
        "a wrong password": logs_in(at(closed, "127.0.9.9"), "anna", "a guess"),
        "a page": anybody.get("/"), "its parts": anybody.get("/config"), "the API": anybody.get("/api/search?q=Homs"),
        "an article": anybody.get("/pane?article=000_cd28b6654e9fce99.txt"), "an export": anybody.get("/export/n.md"),
        "nothing": anybody.get("/nothing"), "no such page": anybody.get("/page/nothing"),
        "another method": anybody.delete("/api/index"), "no value": anybody.get("/api/search?q=a&k=NaN"),
        "no name": anybody.get("/", headers={"Host": "example.org"}), "no text": anybody.get("/%FF"),
        "too long": anybody.post("/api/ask", content=b" " * 3 * 2**20), "no model": anybody.post("/v1/models"),
        "MCP": anybody.post("/mcp", content=b"{"), "an event": anybody.post("/gradio_api/queue/join", content=b"{"),
    }  # fmt: skip
    for what, answer in answers.items():
        told = answer.headers
        assert "frame-ancestors 'none'" in told["content-security-policy"], what
        assert (told["x-content-type-options"], told["referrer-policy"]) == ("nosniff", "same-origin"), what
        assert told["cache-control"] == "no-store", what
    asset = anybody.get("/page/page.css").headers
    assert "no-store" not in asset.get("cache-control", "") and asset["x-content-type-options"] == "nosniff"
    broken, _ = answer_to(opened, b"no HTTP at all\r\n\r\n")
    assert broken.startswith("HTTP/1.1 400") and "nosniff" in broken and "frame-ancestors" in broken


KEPT = {"DATELINE_API_KEY": "sk-4711-key", "HF_TOKEN": "hf-4711-token", "DATELINE_CHROMA_TOKEN": "ck-4711-token"}
NOWHERE = ["--engine", "openai", "--base-url", "http://127.0.0.1:9/v1", "--model", "none"]


@pytest.mark.slow
def test_no_secret_is_in_an_answer_or_on_the_terminal(seeds_dir: Path, tmp_path: Path) -> None:
    home, password = shutil.copytree(seeds_dir, tmp_path / "data"), "4711 secret words"
    users = Users(home / "access.db")
    users.add("anna", password)
    secrets, told = {*KEPT.values(), password, "4711 wrong", token := users.add_token("cron")}, list[str]()
    with logged(home, **KEPT) as app:
        page = client(app.url)
        page.event_hooks["response"] = [lambda answer: told.append(answer.read().decode())]
        logs_in(page, "anna", "4711 wrong")
        logs_in(page, "4711 wrong", password)
        page.get("/login", params={"name": "anna", "password": password})
        page.post("/login", json={"name": "anna", "password": password})
        page.post("/login", files={"password": ("file", password)}, data={"name": "anna"})
        assert logs_in(page, "anna", password).status_code == 303
        secrets |= {page.cookies["dateline"], (home / "secret").read_text()}
        program = {"Authorization": f"Bearer {token}"}
        for ask in ({}, {"headers": program}, {"headers": {"Authorization": f"Bearer {token}x"}, "cookies": {}}):
            for path in ("/mcp", "/engine/use", "/engine/prepare", "/none", *([] if ask else ["/api/ask"])):
                page.post(path, json={"question": QUESTION}, **ask)
            for path in ("/engine", "/config", "/", "/api/search?q=Homs&k=NaN", "/pane?turn=1", "/openapi.json"):
                page.get(path, **ask)
        for sent in ({"Authorization": f"Bearer {token}x"}, {"Cookie": f"dateline={page.cookies['dateline']}x"}):
            told.append((shut := httpx.get(f"{app.url}/api/index", headers=sent, trust_env=False)).text)
            assert shut.status_code == 401
        with Held(home):
            assert page.get("/export/none.md").status_code == 503
        (home / "access.db").write_bytes(b"no list of users" * 100)
        page.get("/", headers={"Cookie": f"dateline={page.cookies['dateline']}"})
        page.get("/", headers=program)
    told.append(app.log.read_text())
    assert len(told) > 35
    assert {secret for secret in secrets for text in told if secret in text} == set()


@pytest.mark.parametrize("command", [["ui"], ["search", "Homs"], ["doctor"], ["doctor", "--json"], ["ask", "Who?"]])
def test_no_secret_is_in_what_a_command_says_of_servers_that_fail(command: list[str], tmp_path: Path) -> None:
    hidden = KEPT | {"DATELINE_CATALOG_URL": "postgresql://dateline:pg-4711-password@127.0.0.1:9/news"}
    hidden |= {"DATELINE_CHROMA_URL": "http://127.0.0.1:9"}
    line = [sys.executable, "-m", "rag.cli", *command, *NOWHERE, "--data-dir", str(tmp_path)]
    done = subprocess.run(line, env=os.environ | hidden, capture_output=True, text=True, timeout=120)
    assert done.returncode and "127.0.0.1:9" in done.stdout + done.stderr
    assert "4711" not in done.stdout + done.stderr
