"""Who comes in: everybody on this machine, until there are users; then only they, and programs with a token.

And by which names: the app's own, and those with a path, below which a proxy serves it and what is shut stays shut.
"""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from app_helpers import HTML, PASSWORD, QUESTION, App, app_over, client, process, served
from checking import CheckedAssistant
from commands import Run
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from rag.errors import SettingsError
from ui import serve
from web.access import Access, Door, own_names, secret_key, served_as, trusted
from web.conversations import Conversations
from web.users import Users

Below = tuple[str, httpx.Client, httpx.Client]
PATHS = {"archive.localhost": "/news", "papers.localhost": "/dateline/archive"}
NO_NAMES = "|/news|*.example.org|https://example.org/news|example.org:8443/news|example.org/two words".split("|")
NO_NAMES += ["example.org/../news", "example.org//news", "example.org/news?a=b"]
REFUSED = [(["example.org/api"], "under another path."), (["example.org/news", "Example.org"], "one of them")]
REFUSED += [([name], "without https://") for name in NO_NAMES]
ENDED: dict[str, Callable[[Users, httpx.Client], object]] = {
    "logged out": lambda users, http: http.post("/logout"),
    "a new password": lambda users, http: users.add("boris", "a new password"),
    "removed": lambda users, http: users.remove("user", "boris"),
    "removed and added again": lambda users, http: (users.remove("user", "boris"), users.add("boris", PASSWORD)),
}


@pytest.fixture(scope="module")
def app(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Anna is its one user."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("closed") / "data")
    Users(home / "access.db").add("anna", PASSWORD)
    with app_over(home, names=PATHS) as app:
        yield app


@pytest.fixture(params=["archive.localhost stripped", "archive.localhost whole", "papers.localhost whole"])
def below(request: pytest.FixtureRequest, app: App) -> Below:
    """The app behind a proxy: the path below which it is, and the browsers of a stranger and of anna, who logged in."""
    name, way = request.param.split()
    path = PATHS[name]

    def pass_on(sent: httpx.Request) -> None:
        """As a proxy does: whole, or without the path."""
        if way == "stripped" and sent.url.path.startswith(path):
            rest = sent.url.raw_path.removeprefix(path.encode()).removeprefix(b"/")
            sent.url = sent.url.copy_with(raw_path=b"/" + rest)

    options = {"headers": HTML | {"Host": f"{name}:8443"}, "event_hooks": {"request": [pass_on]}}
    stranger, anna = client(app.url, **options), client(app.url, **options)
    login = anna.post(f"{path}/login", data={"name": "anna", "password": PASSWORD})
    assert login.headers["location"] == f"{path}/"
    return path, stranger, anna


def test_only_the_right_password_or_token_opens_until_it_is_taken_back(app: App) -> None:
    url, users = app.url, Users(app.home / "access.db")
    with client(url) as http:
        for name, password in (("anna", "wrong"), ("nobody", PASSWORD), ("", "")):
            refused = http.post("/login", data={"name": name, "password": password})
            assert (refused.status_code, "do not belong together" in refused.text) == (401, True)
            assert http.get("/").status_code == 303
    with client(url, "anna") as http:
        assert http.get("/").status_code == 200
        signed = http.cookies["dateline"]
        forged = {"dateline": ("A" if signed[0] != "A" else "B") + signed[1:]}
        assert client(url, cookies=forged).get("/").status_code == 303
    with client(url, token=users.add_token("cron")) as http:
        assert http.get("/api/search?q=Homs").status_code == 200
        users.remove("token", "cron")
        assert http.get("/api/search?q=Homs").status_code == 401


@pytest.mark.parametrize("ended", ENDED)
def test_a_cookie_that_was_kept_opens_nothing_once_its_session_has_ended(app: App, ended: str) -> None:
    users = Users(app.home / "access.db")
    users.add("boris", PASSWORD)
    with client(app.url, "boris") as http, client(app.url, cookies=dict(http.cookies)) as kept:
        assert kept.get("/").status_code == 200
        ENDED[ended](users, http)
        assert kept.get("/").status_code == 303


def test_the_list_of_users_keeps_no_secret_and_no_session_for_more_than_a_month(tmp_path: Path) -> None:
    users = Users(path := tmp_path / "access.db")
    common = "password 12345678 qwertyuiop iloveyou passw0rd! Password1 annaanna anna2024 dateline aaaaaaaaaa".split()
    wrong = [("anna", "short", "8 characters"), ("a b", "long enough", "no name")]
    for name, password, words in wrong + [("anna", one, "choose another, say three words") for one in common]:
        with pytest.raises(SettingsError, match=words):
            users.add(name, password)
    users.add("anna", PASSWORD)
    session = users.log_in("anna")
    assert not any(secret.encode() in path.read_bytes() for secret in (PASSWORD, users.add_token("cron"), session))
    assert path.stat().st_mode & 0o077 == 0
    assert users.logged_in(session) == "anna"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE sessions SET since = since - 31 * 24 * 3600")
    assert users.logged_in(session) is None


def test_the_commands_add_list_and_remove_users_and_tokens(run: Run, tmp_path: Path) -> None:
    where = ("--data-dir", tmp_path)
    assert run("user", "add", "anna", "--password", PASSWORD, *where).out == "anna can log in now.\n"
    token = run("token", "add", "cron", *where).out.strip()
    users = Users(tmp_path / "access.db")
    assert (users.right("anna", PASSWORD), users.program(token)) == (True, "cron")
    assert run("user", "list", *where).out == "anna\n"
    run("user", "remove", "anna", *where)
    assert users.names("user") == []
    gone = run("token", "remove", "anna", *where)
    assert (gone.code, gone.err) == (1, "Error: There is no token 'anna': see `dateline token list`.\n")


def test_what_was_closed_by_a_user_or_is_for_others_stays_closed(seeds_dir: Path, tmp_path: Path) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    users = Users(path := home / "access.db")
    with CheckedAssistant(home, "embedded") as dateline, served(dateline) as url, client(url) as http:
        cookie = http.get("/").raise_for_status().headers["set-cookie"].lower()
        assert cookie.startswith("dateline=") and "httponly" in cookie
        for change in (lambda: users.add("anna", PASSWORD), lambda: users.remove("user", "anna"), path.unlink):
            change()
            assert http.get("/").headers["location"] == "/login"
        with pytest.raises(SettingsError, match="dateline user add NAME"):
            serve(dateline, host="0.0.0.0")
    users.add("anna", PASSWORD)
    with process(home, "--host", "0.0.0.0") as url, client(url) as http:
        users.remove("user", "anna")
        assert http.get("/").headers["location"] == "/login"
    door = Door(PlainTextResponse("open"), Access(users, None, closed=True))  # its last user went before it was hung
    assert TestClient(SessionMiddleware(door, secret_key="s")).get("/").status_code == 401


def test_the_key_of_the_cookies_is_whole_and_its_owners_alone(tmp_path: Path) -> None:
    code = "import resource, sys; from pathlib import Path; from web.access import secret_key; "
    code += "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); secret_key(Path(sys.argv[1]))"
    full = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    path = tmp_path / "secret"
    assert "StorageError" in full.stderr and not path.exists()
    assert len(secret_key(tmp_path)) >= 32 and path.stat().st_mode & 0o077 == 0
    for cut in (b"", b"short"):
        path.write_bytes(cut)
        with pytest.raises(SettingsError, match="was cut short: delete that file"):
            secret_key(tmp_path)


def test_a_trusted_proxy_says_who_it_is_and_nobody_else_does(seeds_dir: Path, run: Run) -> None:
    conversations = Conversations(seeds_dir / "conversations.db")
    hers = conversations.begin("user:anna")
    conversations.ask("user:anna", hers, "Who heads the Observatory?")
    forged = {"X-Forwarded-User": "anna", "X-Forwarded-For": "10.0.0.7"}
    with CheckedAssistant(seeds_dir, "embedded") as dateline:
        with served(dateline, proxy=trusted("X-Forwarded-User", ["127.0.0.0/8"])) as url:
            for name, page, export in (("anna", 200, 200), ("boris", 200, 404), ("", 401, 401)):
                with client(url, headers=HTML | {"X-Forwarded-User": name}) as http:
                    asked = (http.get("/").status_code, http.get(f"/export/{hers}.md").status_code)
                    assert asked == (page, export), name
            assert "come in through that" in client(url).get("/").text
        with served(dateline, proxy=trusted("X-Forwarded-User", ["10.0.0.0/8"])) as url:
            assert client(url, headers=HTML | forged).get("/").status_code == 401
    told = run("ui", "--proxy-header", "X-User", "--proxy", "my proxy")
    assert (told.code, "10.0.0.0/8" in told.err) == (1, True)


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "11.1.2.3", "::1", None])
def test_a_proxy_is_known_by_its_address(peer: str | None) -> None:
    name = trusted("X-User", ["10.0.0.0/8"]).reader({"client": peer and (peer, 1)}, {b"x-user": "anna"})
    assert name == ("anna" if peer and peer.endswith("10.1.2.3") else None)


@pytest.mark.parametrize(
    ("host", "told", "own", "foreign"),
    [
        ("127.0.0.1", "", "localhost", "evil.example"),
        ("127.0.0.1", "news.example", "news.example localhost", "evil.example"),
        ("10.0.0.7", "", "anything.example", ""),
        ("10.0.0.7", "news.example", "news.example 10.0.0.7", "anything.example"),
        ("127.0.0.1", "News.example/archive/ [2001:DB8:0::7]", "news.example 2001:db8::7", "archive"),
        ("127.0.0.1", "zürich.example", "xn--zrich-kva.example", "zürich.example"),
    ],
)
def test_the_app_answers_to_its_own_names(host: str, told: str, own: str, foreign: str) -> None:
    names = own_names(host, served_as(told.split()))
    assert [called for called in f"{own} {foreign}".split() if names is None or called in names] == own.split()


@pytest.mark.parametrize(("told", "words"), REFUSED)
def test_what_is_no_name_and_path_is_refused_with_the_remedy(run: Run, told: list[str], words: str) -> None:
    refused = run("ui", *(word for one in told for word in ("--served-as", one)))
    assert (refused.code, words in refused.err) == (1, True)


def test_readers_and_programs_are_led_under_the_path_and_at_the_loopback_address(app: App, below: Below) -> None:
    path, stranger, anna = below
    assert stranger.get(path, follow_redirects=True).history[-1].headers["location"] == f"{path}/login"
    for page in ("/", "/articles", "/export/none.md"):
        assert stranger.get(f"{path}{page}").headers["location"] == f"{path}/login"
    bare = client(app.url, headers=stranger.headers).get(f"{path}?c=1")
    assert bare.headers["location"] == f"{path}/?c=1"
    assert anna.get(f"{path}/config").json()["root"].endswith(path)
    assert anna.get(f"{path}/api/search?q=Homs").json()
    chat = {"model": "dateline", "messages": [{"role": "user", "content": QUESTION}]}
    (choice,) = anna.post(f"{path}/v1/chat/completions", json=chat).json()["choices"]
    cited = choice["message"]["annotations"][0]["url_citation"]["url"]
    assert cited.startswith(f"http://{anna.headers['host']}{path}/api/articles/")
    assert anna.get(f"{path}/openapi.json").json()["servers"] == [{"url": path}]
    assert anna.post(f"{path}/logout").headers["location"] == f"{path}/login"
    with client(app.url) as here:
        assert here.get("/").headers["location"] == "/login"
        assert here.post("/login", data={"name": "anna", "password": PASSWORD}).headers["location"] == "/"
        assert here.get("/api/search?q=Homs").json()
        assert here.get(f"{path}/api/search?q=Homs").status_code == 404


def test_nothing_gets_past_the_door_or_the_gate_through_the_path(app: App, below: Below) -> None:
    path, stranger, anna = below
    direct, beside = stranger.headers, client(app.url)
    cookies = {"dateline": anna.cookies["dateline"]}
    for form in ("", "{path}", "{path}{path}", "{path}/login/..", "{path}/page/..", "//", "{path}/", "{path}letters"):
        before = form.format(path=path)
        for http in (stranger, beside):
            sought = httpx.URL(str(http.base_url), raw_path=f"{before}/api/search?q=Homs".encode())
            assert http.get(sought, headers=direct).status_code != 200
        for shut in ("gradio_api/file=/etc/passwd", "gradio_api/startup-events", "monitoring"):
            one = f"{before}/{shut}"
            asked = httpx.URL(app.url, raw_path=one.encode())  # as it stands: no client's tidying
            assert beside.get(asked, headers=direct).status_code in (303, 404), one
            assert httpx.get(asked, headers=direct, cookies=cookies, trust_env=False).status_code == 404, one
            assert stranger.get(f"{path}{one}").status_code in (303, 404), one
            assert anna.get(f"{path}{one}").status_code == 404, one
