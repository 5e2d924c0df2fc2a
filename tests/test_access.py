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

import httpx
import pytest
from app_helpers import COMMAND, process, served
from checking import CheckedAssistant
from commands import Run
from ollama_double import OllamaDouble

from rag.errors import SettingsError
from ui import serve
from web.access import own_names, secret_key, served_as, trusted
from web.conversations import Conversations
from web.users import Users

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def app(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Users]]:
    """An app with the user anna."""
    data = tmp_path_factory.mktemp("app")
    users = Users(data / "access.db")
    users.add("anna", "open sesame")
    with (
        OllamaDouble() as ollama,
        CheckedAssistant(data, "ollama", "qwen2.5-coder:1.5b", ollama_host=ollama.url) as it,
    ):
        it.index(seeds)
        with served(it) as url:
            yield url, users


@pytest.fixture
def browser_at(app: tuple[str, Users]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app[0], trust_env=False, headers=HTML) as http:
        yield http


def log_in(http: httpx.Client, password: str) -> httpx.Response:
    return http.post("/login", data={"name": "anna", "password": password})


def test_with_users_a_stranger_is_sent_to_log_in(browser_at: httpx.Client) -> None:
    answer = browser_at.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "Password" in browser_at.get("/login").text


def test_the_right_password_opens_and_logging_out_shuts(browser_at: httpx.Client) -> None:
    assert log_in(browser_at, "open sesame").headers["location"] == "/"
    assert browser_at.get("/").status_code == 200
    browser_at.post("/logout")
    assert browser_at.get("/").status_code == 303


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("nobody", "open sesame"), ("", "")])
def test_anything_else_does_not(browser_at: httpx.Client, name: str, password: str) -> None:
    answer = browser_at.post("/login", data={"name": name, "password": password})
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert browser_at.get("/").status_code == 303


def test_a_cookie_that_was_changed_opens_nothing(browser_at: httpx.Client) -> None:
    log_in(browser_at, "open sesame")
    (value,) = browser_at.cookies.jar
    browser_at.cookies.clear()
    browser_at.cookies.set("dateline", ("A" if (value.value or "")[0] != "A" else "B") + (value.value or "")[1:])
    assert browser_at.get("/").status_code == 303


def test_a_program_needs_a_token(app: tuple[str, Users]) -> None:
    url, users = app
    asked = f"{url}/api/search?q=Homs"
    with httpx.Client(trust_env=False) as http:
        refused = http.get(asked)
        assert (refused.status_code, "dateline token add NAME" in refused.text) == (401, True)
        token = users.add_token("cron")
        assert http.get(asked, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        users.remove("token", "cron")
        assert http.get(asked, headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(
    "ended",
    [
        lambda users, http: http.post("/logout"),
        lambda users, http: users.add("boris", "a new password"),
        lambda users, http: users.remove("user", "boris"),
        lambda users, http: users.remove("user", "boris") or users.add("boris", "another one"),
    ],
    ids=["logged out", "a new password", "removed", "removed and added again"],
)
def test_a_cookie_that_was_kept_opens_nothing_once_its_session_has_ended(
    app: tuple[str, Users], browser_at: httpx.Client, ended: Callable[..., Any]
) -> None:
    url, users = app
    users.add("boris", "another one")
    browser_at.post("/login", data={"name": "boris", "password": "another one"})
    kept = dict(browser_at.cookies)
    assert httpx.get(url, cookies=kept, headers=HTML, trust_env=False).status_code == 200
    ended(users, browser_at)
    assert httpx.get(url, cookies=kept, headers=HTML, trust_env=False).status_code == 303


def test_a_session_ends_after_a_month(tmp_path: Path) -> None:
    users = Users(tmp_path / "access.db")
    session = users.log_in("anna")
    assert users.logged_in(session) == "anna"
    with closing(sqlite3.connect(tmp_path / "access.db")) as db, db:
        db.execute("UPDATE sessions SET since = since - 31 * 24 * 3600")
    assert users.logged_in(session) is None


def test_no_password_token_or_session_is_on_the_disk(tmp_path: Path) -> None:
    users = Users(tmp_path / "access.db")
    users.add("anna", "open sesame")
    told = ("open sesame", users.add_token("cron"), users.log_in("anna"))
    kept = (tmp_path / "access.db").read_bytes()
    assert not any(secret.encode() in kept for secret in told)
    assert (tmp_path / "access.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "password", "words"), [("anna", "short", "8 characters"), ("a b", "long enough", "no name")]
)
def test_names_and_passwords_that_will_not_do(tmp_path: Path, name: str, password: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Users(tmp_path / "access.db").add(name, password)


def test_beyond_this_machine_there_must_be_users(seeds_dir: Path) -> None:
    with CheckedAssistant(seeds_dir, "embedded") as dateline:
        with pytest.raises(SettingsError, match="dateline user add NAME"):
            serve(dateline, host="0.0.0.0")


@pytest.fixture
def listening_for_others(seeds_dir: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server on every address, with one user: its address here, and its data."""
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    Users(home / "access.db").add("anna", "open sesame")
    with process(home, "--host", "0.0.0.0") as url:
        yield url, home


@pytest.mark.parametrize("gone", ["the last user", "the list"])
def test_a_server_for_others_stays_closed_whatever_becomes_of_its_users(
    listening_for_others: tuple[str, Path], gone: str
) -> None:
    url, home = listening_for_others
    asked = f"{url}/api/search?q=Homs"
    assert httpx.get(asked, trust_env=False).status_code == 401
    if gone == "the last user":
        Users(home / "access.db").remove("user", "anna")
    else:
        (home / "access.db").unlink()
    assert httpx.get(asked, trust_env=False).status_code == 401
    assert httpx.get(url, trust_env=False, headers=HTML).headers["location"] == "/login"


def test_an_app_that_was_closed_by_its_first_user_stays_closed(seeds_dir: Path, tmp_path: Path) -> None:
    with CheckedAssistant(shutil.copytree(seeds_dir, tmp_path / "data"), "embedded") as dateline:
        users = Users(tmp_path / "data" / "access.db")
        with served(dateline) as url:
            assert httpx.get(url, trust_env=False, headers=HTML).status_code == 200
            users.add("anna", "open sesame")
            assert httpx.get(url, trust_env=False, headers=HTML).status_code == 303
            users.remove("user", "anna")
            assert httpx.get(url, trust_env=False, headers=HTML).status_code == 303


@pytest.mark.parametrize("left", [b"", b"short"])
def test_a_key_that_was_cut_short_signs_nothing(tmp_path: Path, seeds_dir: Path, left: bytes) -> None:
    home = shutil.copytree(seeds_dir, tmp_path / "data")
    (home / "secret").write_bytes(left)
    ended = subprocess.run([*COMMAND, "--data-dir", str(home)], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "was cut short: delete that file" in ended.stderr


def test_a_full_disk_leaves_no_key(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from web.access import secret_key; secret_key(Path(sys.argv[1]))"
    full = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)), capture_output=True, text=True,
    )  # fmt: skip
    assert "StorageError" in full.stderr
    assert not (tmp_path / "secret").exists()
    assert len(secret_key(tmp_path)) >= 32


NAMED = {"X-Forwarded-User": "anna"} | HTML


def test_a_trusted_proxy_says_who_it_is(seeds_dir: Path) -> None:
    with CheckedAssistant(seeds_dir, "embedded") as dateline:
        with served(dateline, proxy=trusted("X-Forwarded-User", ["127.0.0.0/8"])) as url:
            with httpx.Client(base_url=url, trust_env=False) as http:
                assert http.get("/", headers=NAMED).status_code == 200
                nobody = http.get("/", headers=HTML)
                assert (nobody.status_code, "come in through that" in nobody.text) == (401, True)
                assert http.get("/", headers=HTML | {"X-Forwarded-User": ""}).status_code == 401


def test_the_proxys_header_from_elsewhere_means_nothing(seeds_dir: Path) -> None:
    with CheckedAssistant(seeds_dir, "embedded") as dateline:
        with served(dateline, proxy=trusted("X-Forwarded-User", ["10.0.0.0/8"])) as url:
            forged = NAMED | {"X-Forwarded-For": "10.0.0.7"}
            assert httpx.get(url, headers=forged, trust_env=False).status_code == 401


@pytest.mark.parametrize(
    ("peer", "name"), [("10.1.2.3", "anna"), ("::ffff:10.1.2.3", "anna"), ("11.1.2.3", None), ("::1", None), ("", None)]
)
def test_a_proxy_is_known_by_its_address(peer: str, name: str | None) -> None:
    proxy = trusted("X-User", ["10.0.0.0/8"])
    assert proxy.reader({"client": (peer, 1)}, {b"x-user": "anna"}) == name
    assert proxy.reader({"client": None}, {b"x-user": "anna"}) is None


def test_readers_behind_a_proxy_see_only_their_own(seeds_dir: Path) -> None:
    conversations = Conversations(seeds_dir / "conversations.db")
    hers = conversations.begin("user:anna")
    conversations.ask("user:anna", hers, "Who heads the Observatory?")
    with CheckedAssistant(seeds_dir, "embedded") as dateline:
        with served(dateline, proxy=trusted("X-Forwarded-User", ["127.0.0.1"])) as url:
            found = {
                name: httpx.get(f"{url}/export/{hers}.md", headers={"X-Forwarded-User": name}, trust_env=False)
                for name in ("anna", "boris")
            }
    assert {name: reply.status_code for name, reply in found.items()} == {"anna": 200, "boris": 404}


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


def test_a_proxys_address_that_is_none_is_told(run: Run) -> None:
    told = run("ui", "--proxy-header", "X-User", "--proxy", "my proxy")
    assert (told.code, "10.0.0.0/8" in told.err) == (1, True)


def test_the_commands_add_list_and_remove_users_and_tokens(run: Run, tmp_path: Path) -> None:
    where = ("--data-dir", tmp_path)
    assert run("user", "add", "anna", "--password", "open sesame", *where).out == "anna can log in now.\n"
    token = run("token", "add", "cron", *where).out.strip()
    users = Users(tmp_path / "access.db")
    assert (users.right("anna", "open sesame"), users.program(token)) == (True, "cron")
    assert run("user", "list", *where).out == "anna\n"
    run("user", "remove", "anna", *where)
    assert users.names("user") == []
    gone = run("token", "remove", "anna", *where)
    assert (gone.code, gone.err) == (1, "Error: There is no token 'anna': see `dateline token list`.\n")
