"""Where a request comes from: who connects, and whom a proxy that we trust says it passes on."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from rag.errors import SettingsError

Networks = Collection[IPv4Network | IPv6Network]
_ONES_OWN = 64
"""Bits of an IPv6 address that name a household or a machine: it chooses the others as it likes."""


def networks(option: str, addresses: Collection[str]) -> Networks:
    """Addresses or networks, as `option` gave them. Raises SettingsError."""
    try:
        return [ip_network(address) for address in addresses]
    except ValueError as error:
        raise SettingsError(f"{error}: give {option} an address like 10.0.0.7, or a network like 10.0.0.0/8.") from None


def peer_is_in(scope: Scope, trusted: Networks) -> bool:
    """Whether who connects is one of these."""
    peer = _address(scope["client"][0] if scope["client"] else "")
    return _is_in(peer, trusted)


def origin(scope: Scope, forwarders: Networks) -> str:
    """Where a request comes from, so far as whoever sends it cannot choose: an address, or a network of IPv6.

    That is who connects; or, where one of the `forwarders` does, whom that names last in X-Forwarded-For.
    """
    address = _address(scope["client"][0] if scope["client"] else "")
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    passed_on = ",".join(lines).split(",")
    while passed_on and _is_in(address, forwarders):
        if (before := _address(passed_on.pop().strip())) is None:
            break
        address = before
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _ONES_OWN), strict=False))
    return str(address)


def _address(told: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(told)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address  # as it arrives where IPv6 is listened on for both


def _is_in(address: IPv4Address | IPv6Address | None, trusted: Networks) -> bool:
    return address is not None and any(address in network for network in trusted)
