"""Runs a command where everything that it would send beyond this machine is seen, and goes nowhere.

    unshare --user --map-root-user --net --mount python behind_glass.py COMMAND …

The network namespace has the loopback device and one cable that ends nowhere: the way to every other address, name
servers included. Prints the number of packets on that cable, as its last line.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from contextlib import suppress

_EVERY_PROTOCOL = 3  # ETH_P_ALL of linux/if_ether.h
_NAME_SERVER = "198.51.100.53"  # of the addresses for documentation (RFC 5737)
_LAID = """
ip link set lo up
ip link add cable type veth peer name loose
ip addr add 198.51.100.1/24 dev cable
ip link set loose up
ip link set cable up
ip route add default via 198.51.100.2
"""


def _packets(sniffer: socket.socket) -> int:
    """How many have come since it was last asked."""
    count = 0
    with suppress(BlockingIOError):
        while True:
            # IPv6 routers are asked for by the kernel itself
            count += sniffer.recv(2048)[12:14] != b"\x86\xdd"
    return count


def main() -> int:
    for line in _LAID.strip().splitlines():
        subprocess.run(line.split(), check=True)
    with tempfile.NamedTemporaryFile("w") as resolver:
        resolver.write(f"nameserver {_NAME_SERVER}\n")
        resolver.flush()
        subprocess.run(["mount", "--bind", resolver.name, "/etc/resolv.conf"], check=True)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL)) as sniffer:
            sniffer.bind(("cable", 0))
            sniffer.setblocking(False)
            code = subprocess.run(sys.argv[1:]).returncode
            print(_packets(sniffer))
    return code


if __name__ == "__main__":
    sys.exit(main())
