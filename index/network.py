"""What the environment says of servers, proxies and certificates, read where a server is asked for, and checked.

httpx reads all of it whenever a client is made, libraries make clients while they are imported, and one variable
that cannot be used, for whatever address, is an exception from there. So they are imported in a `plain_environment`,
and our own clients are told what holds for their address: `http_options`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.errors import SettingsError

if TYPE_CHECKING:
    import ssl

_READ_AT_IMPORT = ("OLLAMA_HOST", "OLLAMA_API_KEY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PORT = 11434
_PORTS_OF_URLS = {"http": 80, "https": 443}
_importing = threading.RLock()


@contextmanager
def plain_environment() -> Iterator[None]:
    """Hides what a library that is imported here would build its own HTTP clients from, and could fail over."""
    with _importing:
        hidden = {
            name: os.environ.pop(name)
            for name in list(os.environ)
            if name.lower().endswith("_proxy") or name in _READ_AT_IMPORT
        }
        os.environ["no_proxy"] = "*"  # else macOS and Windows are asked for theirs
        try:
            yield
        finally:
            del os.environ["no_proxy"]
            os.environ.update(hidden)


def is_here(address: str) -> bool:
    """Whether a URL's host is this machine, by its loopback addresses and names."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


# -- where Ollama is --------------------------------------------------------------------------------


def default_host(environ: Mapping[str, str]) -> str:
    """The URL that OLLAMA_HOST means, by Ollama's own rules; http://127.0.0.1:11434 without it.

    A server's "every address" (0.0.0.0, ::) becomes this machine, and a bare "ollama.com" is https, as Ollama
    reads it. A URL that comes out goes in unchanged. Raises SettingsError for what cannot be an address.
    """
    given = environ.get("OLLAMA_HOST", "").strip().strip("\"'").strip()
    scheme, mark, rest = given.partition("://")
    if given == "ollama.com":
        scheme, rest, port = "https", given, _PORTS_OF_URLS["https"]
    elif not mark:
        scheme, rest, port = "http", given, _PORT
    elif scheme.lower() in _PORTS_OF_URLS:
        scheme, port = scheme.lower(), _PORTS_OF_URLS[scheme.lower()]
    else:
        raise _bad_host(given)
    authority, _, path = rest.partition("/")
    host, own_port = _host_and_port(authority, given)
    address = f"{scheme}://{host}:{own_port or port}"
    return f"{address}/{path.strip('/')}" if path.strip("/") else address


def _host_and_port(authority: str, given: str) -> tuple[str, int | None]:
    if (bare := _ipv6(authority)) is not None:
        return bare, None
    host, colon, port = authority.rpartition(":")
    if not colon:
        host, port = authority, ""
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise _bad_host(given)
    host = _ipv6(host) or host
    if host in ("", "0.0.0.0"):
        host = "127.0.0.1"
    if not host.startswith("[") and not re.fullmatch(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?", host):
        raise _bad_host(given)
    return host, int(port) if port else None


def _ipv6(text: str) -> str | None:
    try:
        address = ipaddress.IPv6Address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return "[::1]" if address.is_unspecified else f"[{address}]"


def _bad_host(given: str) -> SettingsError:
    return SettingsError(
        f"OLLAMA_HOST is {given!r}, which is no address: write it like 127.0.0.1:11434 or https://example.org."
    )


# -- how a server is reached ------------------------------------------------------------------------


def http_options(url: str) -> dict[str, Any]:
    """What httpx needs to know to reach `url`, beside its time-out: its proxy and its certificates.

    This machine is never asked through a proxy, whatever HTTP_PROXY says; and plain HTTP to it does not wait
    40 ms for certificates to be read: an empty trust store refuses every TLS server. Raises SettingsError if the
    proxy, or the certificates, that the environment names for this URL cannot be used.
    """
    import ssl  # as httpx below, for those who reach a server: every command reads `default_host`

    parts = urlsplit(url)
    host = parts.hostname or ""
    here = is_here(url)
    plain = here and parts.scheme == "http"
    return {
        "trust_env": False,
        "proxy": None if here else _proxy(parts.scheme, host),
        "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else _certificates(),
    }


def _proxy(scheme: str, host: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass

    import httpx

    proxies = getproxies()
    kind = next((kind for kind in (scheme, "all") if proxies.get(kind)), None)
    without = [entry.strip() for entry in proxies.get("no", "").split(",")]
    if kind is None or proxy_bypass(host) or any(_in_network(host, entry) for entry in without):
        return None
    name, proxy = f"{kind}_proxy".upper(), proxies[kind] if "://" in proxies[kind] else f"http://{proxies[kind]}"
    remedy = f"write it like http://proxy.example.org:3128, or name {host} in NO_PROXY."
    try:
        known = httpx.Proxy(proxy).url
    except httpx.InvalidURL as error:  # nothing of it is repeated: it may hold a password
        raise SettingsError(f"{name} is no URL: {remedy}") from error
    except ValueError as error:
        raise SettingsError(
            f"{name} names a {proxy.partition('://')[0]} proxy, which cannot be used: {remedy}"
        ) from error
    if known.scheme.startswith("socks") and find_spec("socksio") is None:
        raise SettingsError(
            f"{name} names a SOCKS proxy: install what speaks to one, `pip install socksio`; or {remedy}"
        )
    return proxy


def _in_network(host: str, network: str) -> bool:
    """Whether `host` is an address in `network`, as NO_PROXY may name one: fe80::/10, 10.0.0.7, [::1]."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def _certificates() -> ssl.SSLContext:
    import httpx

    try:
        return httpx.create_ssl_context()
    except OSError as error:
        name = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
        raise SettingsError(
            f"{name} is {os.environ.get(name)!r}, where no certificates can be read "
            f"({error.strerror or error}): correct it, or unset it."
        ) from error


# -- and left ----------------------------------------------------------------------------------------


class Sockets:
    """The sockets of some requests, which another thread can cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._over = threading.Event()

    @property
    def over(self) -> bool:
        """Whether they have been cut."""
        return self._over.is_set()

    def trace(self, event: str, told: dict[str, Any]) -> None:
        """Hears what httpx tells of a request's connection (its extension `trace`)."""
        # TLS goes on in a socket of its own
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._sockets.append(told["return_value"].get_extra_info("socket"))
                if self.over:
                    _break(self._sockets[-1])

    def cut(self) -> None:
        """Breaks what is open at once, and the rest as soon as it is connected."""
        with self._lock:
            self._over.set()
            for connection in self._sockets:
                _break(connection)

    def cut_within(self, seconds: float) -> bool:
        """Waits so long, or until they are cut, and says whether they are."""
        return self._over.wait(seconds)


def _break(connection: socket.socket) -> None:
    with suppress(OSError):  # it was closed before
        connection.shutdown(socket.SHUT_RDWR)
