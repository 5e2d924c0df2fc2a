"""Whose request it is, and whether it may be one: cookies, tokens, and the page's own origin."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote_to_bytes, urlsplit

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from filelock import FileLock
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from index.datadir import disk_errors, make_private, write_whole
from rag.errors import SettingsError, StorageError
from web.addresses import Networks, networks, origin, peer_is_in
from web.errors import TooManyGuesses
from web.guessing import Doorkeeper
from web.seal import sealed
from web.users import Users

_KEY_BYTES = 32
_LOOKING = 8
"""How many readers are looked up in the list at once."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN = ("/login", "/page/")
"""What anybody may see."""
OWN = frozenset(
    "api articles assets config engine export favicon.ico gradio_api login logout mcp openapi.json page pane "
    "questions read reports runs static theme.css timeline v1".split()
)
"""How the addresses of the app begin."""
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_SUB_PATH = re.compile(r"(/[\w~-][\w.~-]*)*", re.ASCII)


def secret_key(data_dir: Path) -> str:
    """The key that signs cookies, made at the first use and readable by its owner only.

    Raises StorageError, and SettingsError for a key that is too short to be one: anybody could sign with it.
    """
    path = data_dir / "secret"
    with disk_errors(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(data_dir / "secret.lock"):  # another app may be starting, with a key of its own
            if not path.exists():
                write_whole(path, secrets.token_urlsafe(_KEY_BYTES).encode(), mode=0o600)
            make_private(path)
            key = path.read_bytes()
    if len(key) < _KEY_BYTES:
        raise SettingsError(
            f"The key of the cookies in {path} was cut short: delete that file, a new one is made then."
        )
    return key.decode("latin-1")


def reader_of(request: HTTPConnection) -> str:
    """Who asks: whatever of theirs is kept is kept under this name."""
    return str(request.scope["dateline.reader"])


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that has its own way of knowing people, and tells us their names in a header."""

    header: str
    addresses: Networks
    """Where it connects from; the same header from anywhere else means nothing."""

    def reader(self, scope: Scope, headers: dict[bytes, str]) -> str | None:
        """The name it gives; None if the request is not its own, or names nobody."""
        if not peer_is_in(scope, self.addresses):
            return None
        return headers.get(self.header.lower().encode(), "").strip() or None


def path_of(scope: Scope) -> str:
    """The path that is asked for, as the app knows it: without the sub-path under which a proxy serves all."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def served_as(told: Collection[str]) -> dict[str, str]:
    """The names that others were told to use, each with the sub-path under which a proxy serves the app, or "".

    Raises SettingsError.
    """
    names: dict[str, str] = {}
    for one in told:
        name, path = _name_and_path(one)
        if names.setdefault(name, path) != path:
            raise SettingsError(f"{name} cannot be served at two paths at once: give --served-as one of them.")
    return names


def _name_and_path(told: str) -> tuple[str, str]:
    name, _, path = told.strip().rstrip("/").partition("/")
    path = path and f"/{path}"
    try:
        name = name.strip("[]").lower().encode("idna").decode()  # as browsers send it
        if not _NAME.fullmatch(name):
            name = str(ip_address(name))
    except ValueError:
        name = ""
    if not name or not _SUB_PATH.fullmatch(path):
        raise SettingsError(
            f"{told!r} is no name to be served as: give --served-as a host's name, or its name and a path, like "
            "news.example.org or example.org/news, without https:// and without a port."
        )
    if (first := path[1:].partition("/")[0]) in OWN:
        raise SettingsError(f"/{first} is an address of Dateline's own: have the proxy serve it under another path.")
    return name, path


def own_names(host: str, names: Mapping[str, str]) -> dict[str, str] | None:
    """The names and addresses by which the app is called that listens on `host`, with their sub-paths: None is any.

    `names` as of `served_as`.
    """
    return {**dict.fromkeys((*LOOPBACK, host), ""), **names} if host in LOOPBACK or names else None


def trusted(header: str, addresses: Collection[str]) -> Proxy:
    """A proxy, by its addresses or networks. Raises SettingsError."""
    return Proxy(header, networks("--proxy", addresses))


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in, and by which names the app is called."""

    users: Users
    hosts: Mapping[str, str] | None
    """Names and addresses without ports, IPv6 ones without brackets, each with its sub-path; None: any, without."""
    proxy: Proxy | None = None
    closed: bool = False
    """Whether only those may come in who are known, even if nobody is: others can reach the address."""
    forwarders: Networks = ()
    """Proxies that say in X-Forwarded-For where a request comes from."""


def is_program(request: HTTPConnection) -> bool:
    """Whether a program asks, with a token."""
    return reader_of(request).startswith("token:")


def logged_in(request: HTTPConnection) -> str | None:
    """The user who logged in here, and so can log out."""
    name: str | None = request.scope.get("dateline.logged_in")
    return name


class Door:
    """Lets in whoever may come, and says who that is (`reader_of`).

    Without users and without a proxy, on the loopback address, everybody who reaches it may, and a browser's signed
    cookie is its name. Else only users, whom the proxy names, and programs with a token; and what was closed once stays
    closed, for a list of users that is empty or gone lets nobody in. In all cases a Host that is not ours is refused
    (DNS rebinding), and so is what another site's page sends in a reader's name (cross-site requests).
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._users, self._proxy = app, access.users, access.proxy
        self._closed = access.closed or access.proxy is not None or access.users.anybody()
        self._hosts = access.hosts
        self._looking = CapacityLimiter(_LOOKING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the start and the end of the app: websockets are not served
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        answer = self._foreign(scope, headers) or self._placed(scope, headers)
        send = sealed(send, path_of(scope))
        try:
            answer = answer or await self._unknown(scope, headers)
        except StorageError as error:
            answer = PlainTextResponse(str(error), status_code=503)
        await (answer or self._app)(scope, receive, send)

    def _foreign(self, scope: Scope, headers: dict[bytes, str]) -> Response | None:
        if self._hosts is not None and _called(headers) not in self._hosts:
            return PlainTextResponse("Dateline is not served under this name.", status_code=400)
        if _from_elsewhere(headers):
            return PlainTextResponse("Open Dateline at its own address.", status_code=403)
        if not _is_text(scope):
            return PlainTextResponse("This address is no text in UTF-8: check how it was written.", status_code=400)
        return None

    def _placed(self, scope: Scope, headers: dict[bytes, str]) -> Response | None:
        """Has the app know under which sub-path it is served here, whether the proxy passed that on or cut it off."""
        root = (self._hosts or {}).get(_called(headers), "")
        if root and scope["path"] == root:  # what the page names beside itself would be sought beside the sub-path
            return RedirectResponse(f"{root}/?{scope['query_string'].decode('latin-1')}")
        if root and not scope["path"].startswith(f"{root}/"):
            scope["path"] = root + scope["path"]
        scope["root_path"] = root
        return None

    async def _unknown(self, scope: Scope, headers: dict[bytes, str]) -> Response | None:
        """Names the reader; if nobody may come in so, what they get instead. Raises StorageError."""
        # another program may hold the list: nobody else must wait for that
        return await anyio.to_thread.run_sync(self._named, scope, headers, limiter=self._looking)

    def _named(self, scope: Scope, headers: dict[bytes, str]) -> Response | None:
        session, (kind, _, token) = scope["session"], headers.get(b"authorization", "").partition(" ")
        if kind.lower() == "bearer" and (program := self._users.program(token)):
            scope["dateline.reader"] = f"token:{program}"
        elif self._proxy and (name := self._proxy.reader(scope, headers)):
            scope["dateline.reader"] = f"user:{name}"
        elif (login := session.get("login")) and (user := self._users.logged_in(login)):
            scope["dateline.reader"], scope["dateline.logged_in"] = f"user:{user}", user
        elif self._is_open():
            scope["dateline.reader"] = f"browser:{session.setdefault('reader', secrets.token_urlsafe(16))}"
        elif not path_of(scope).startswith(OPEN):
            login_at = f"{scope['root_path']}/login"
            if self._proxy and not self._users.anybody():
                return PlainTextResponse("Dateline is behind a proxy here: come in through that.", status_code=401)
            if "text/html" in headers.get(b"accept", ""):
                return RedirectResponse(login_at, status_code=303)
            return PlainTextResponse(
                f"Log in at {login_at}, or send a token: `dateline token add NAME`.", status_code=401
            )
        return None

    def _is_open(self) -> bool:
        self._closed = self._closed or self._users.anybody()
        return not self._closed


def _called(headers: dict[bytes, str]) -> str:
    """The name by which the app is asked for; none, if that is no name."""
    try:
        called = urlsplit(f"//{headers.get(b'host', '')}")
        called.port  # noqa: B018  raises for one that is no number
        return called.hostname or ""
    except ValueError:
        return ""


def _from_elsewhere(headers: dict[bytes, str]) -> bool:
    """Whether another site's page sends this."""
    if (origin := headers.get(b"origin")) is None:
        return False
    try:
        return urlsplit(origin).netloc != headers.get(b"host", "")
    except ValueError:
        return True


def _is_text(scope: Scope) -> bool:
    """Whether what is asked for is text: bytes that are no characters, and NUL, are in no name of ours."""
    told = unquote_to_bytes(scope.get("raw_path") or scope["path"]) + unquote_to_bytes(scope["query_string"])
    try:
        return "\0" not in told.decode()
    except ValueError:
        return False


def routes(access: Access) -> APIRouter:
    """The way in and the way out."""
    router, users, doorkeeper = APIRouter(), access.users, Doorkeeper(access.users)

    @router.get("/login", response_class=HTMLResponse)
    def form() -> str:
        return _page("")

    @router.post("/login")
    async def login(
        request: Request, name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = ""
    ) -> Response:
        try:
            right = await doorkeeper.is_right(name, password, origin(request.scope, access.forwarders))
        except TooManyGuesses as error:
            return HTMLResponse(_page(str(error)), 429, {"Retry-After": str(error.wait)})
        if not right:
            return HTMLResponse(_page("This name and password do not belong together."), status_code=401)
        request.session["login"] = await anyio.to_thread.run_sync(users.log_in, name)
        return RedirectResponse(f"{request.scope['root_path']}/", status_code=303)

    @router.post("/logout")
    def logout(request: Request) -> Response:
        if login := request.session.get("login"):
            users.log_out(login)
        request.session.clear()
        return RedirectResponse(f"{request.scope['root_path']}/login", status_code=303)

    return router


def _page(trouble: str) -> str:
    alert = f'<p role="alert">{trouble}</p>' if trouble else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Dateline: log in</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="page/page.css">'
        f'<main class="login"><h1>Dateline</h1>{alert}<form method="post"><label>Name <input name="name" '
        'autocomplete="username" required autofocus></label><label>Password <input name="password" type="password" '
        'autocomplete="current-password" required></label><button>Log in</button></form></main></html>'
    )
