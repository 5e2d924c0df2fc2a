"""Who comes in: everybody on this machine, until there are users; then only they, and programs with a token."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from app_helpers import HTML, PASSWORD, client, process, served
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


@pytest.fixture(scope="module")
def data(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds, and the user anna."""
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("closed") / "data")
    Users(home / "access.db").add("anna", PASSWORD)
    return home


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    with CheckedAssistant(data, "embedded") as dateline, served(dateline) as url:
        yield url


@pytest.fixture
def users(data: Path) -> Users:
    return Users(data / "access.db")


def test_only_the_right_password_or_token_opens_until_it_is_taken_back(url: str, users: Users) -> None:
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
        http.post("/logout")
        assert http.get("/").status_code == 303
    with client(url, token=users.add_token("cron")) as http:
        assert http.get("/api/search?q=Homs").status_code == 200
        users.remove("token", "cron")
        assert http.get("/api/search?q=Homs").status_code == 401


@pytest.mark.parametrize(
    "ended",
    [
        lambda users, http: http.post("/logout"),
        lambda users, http: users.add("boris", "a new password"),
        lambda users, http: users.remove("user", "boris"),
        lambda users, http: users.remove("user", "boris") or users.add("boris", PASSWORD),
    ],
    ids=["logged out", "a new password", "removed", "removed and added again"],
)
def test_a_cookie_that_was_kept_opens_nothing_once_its_session_has_ended(
    url: str, users: Users, ended: Callable[..., Any]
) -> None:
    users.add("boris", PASSWORD)
    with client(url, "boris") as http, client(url, cookies=dict(http.cookies)) as kept:
        assert kept.get("/").status_code == 200
        ended(users, http)
        assert kept.get("/").status_code == 303


def test_the_list_of_users_keeps_no_secret_and_no_session_for_more_than_a_month(tmp_path: Path) -> None:
    path = tmp_path / "access.db"
    users = Users(path)
    for name, password, words in (("anna", "short", "8 characters"), ("a b", "long enough", "no name")):
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
    users = Users(home / "access.db")
    with CheckedAssistant(home, "embedded") as dateline, served(dateline) as url, client(url) as http:
        page = http.get("/")
        assert (page.status_code, page.headers["set-cookie"][:9]) == (200, "dateline=")
        assert "httponly" in page.headers["set-cookie"].lower()
        for change in (
            lambda: users.add("anna", PASSWORD),
            lambda: users.remove("user", "anna"),
            (home / "access.db").unlink,
        ):
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
    code = "import sys; from pathlib import Path; from web.access import secret_key; secret_key(Path(sys.argv[1]))"
    full = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)), capture_output=True, text=True,
    )  # fmt: skip
    assert "StorageError" in full.stderr
    assert not (tmp_path / "secret").exists()
    assert len(secret_key(tmp_path)) >= 32
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    for cut in (b"", b"short"):
        (tmp_path / "secret").write_bytes(cut)
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


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        (("10.1.2.3", 1), "anna"),
        (("::ffff:10.1.2.3", 1), "anna"),
        (("11.1.2.3", 1), None),
        (("::1", 1), None),
        (None, None),
    ],
)
def test_a_proxy_is_known_by_its_address(peer: tuple[str, int] | None, name: str | None) -> None:
    assert trusted("X-User", ["10.0.0.0/8"]).reader({"client": peer}, {b"x-user": "anna"}) == name


@pytest.mark.parametrize(
    ("host", "names", "called", "answers"),
    [
        ("127.0.0.1", (), "localhost", True),
        ("127.0.0.1", (), "evil.example", False),
        ("127.0.0.1", ("news.example",), "news.example", True),
        ("10.0.0.7", (), "anything.example", True),
        ("10.0.0.7", ("news.example",), "anything.example", False),
        ("10.0.0.7", ("news.example",), "10.0.0.7", True),
        ("127.0.0.1", ("News.example/archive/", "[2001:DB8:0::7]"), "news.example", True),
        ("127.0.0.1", ("News.example/archive/", "[2001:DB8:0::7]"), "2001:db8::7", True),
        ("127.0.0.1", ("zürich.example",), "xn--zrich-kva.example", True),
    ],
)
def test_the_app_answers_to_its_own_names(host: str, names: tuple[str, ...], called: str, answers: bool) -> None:
    own = own_names(host, served_as(names))
    assert (own is None or called in own) is answers
