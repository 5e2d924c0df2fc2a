"""Runs a command where everything that it would send beyond this machine is seen, and goes nowhere.

    unshare --user --map-root-user --net --mount python behind_glass.py COMMAND …

The network namespace has the loopback device and one cable that ends nowhere: the way to every other address, name
servers included. Prints the number of packets sent into that cable, as its last line.
"""

import subprocess
import sys
import tempfile

import psutil

_NAME_SERVER = "198.51.100.53"  # of the addresses for documentation (RFC 5737)
# without an address of IPv6, for the kernel itself would ask for routers with it
_LAID = """
ip link set lo up
ip link add cable type veth peer name loose
ip link set cable addrgenmode none
ip addr add 198.51.100.1/24 dev cable
ip link set loose up
ip link set cable up
ip route add default via 198.51.100.2
"""


def main() -> int:
    for line in _LAID.strip().splitlines():
        subprocess.run(line.split(), check=True)
    with tempfile.NamedTemporaryFile("w") as resolver:
        resolver.write(f"nameserver {_NAME_SERVER}\n")
        resolver.flush()
        subprocess.run(["mount", "--bind", resolver.name, "/etc/resolv.conf"], check=True)
        code = subprocess.run(sys.argv[1:]).returncode
    print(psutil.net_io_counters(pernic=True)["cable"].packets_sent)
    return code


if __name__ == "__main__":
    sys.exit(main())
