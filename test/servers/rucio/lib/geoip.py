"""A GeoIP database of made-up places, where Rucio looks for its own (core/replica_sorter.py): sort by distance is real, the map is not.

Networks are those that are for documentation (RFC 5737), so no real address has a place. MaxMind DB format 2.0:
https://maxmind.github.io/MaxMind-DB/
"""

import ipaddress
import os
import struct
import time
from pathlib import Path

# Rucio's, which no setting changes.
PATH = Path("/tmp/GeoLite2-City.mmdb")
MARK = "made up for tests"
# Network: latitude, longitude.
PLACES = {"192.0.2.0/24": (41.4, 2.2), "198.51.100.0/24": (38.7, -9.1), "203.0.113.0/24": (59.3, 18.1)}


# Readers are particular about the types of these: number of the type, bytes.
INTEGERS = {"node_count": (6, 4), "build_epoch": (9, 8)}


def encode(value, key=""):
    """Type in three bits (0: an extended one, less 7, in the next byte), size in five (29: 29 more than the next byte)."""
    kind, body, size = {
        dict: lambda: (7, b"".join(encode(name) + encode(each, name) for name, each in value.items()), len(value)),
        list: lambda: (11, b"".join(map(encode, value)), len(value)),
        str: lambda: (2, value.encode(), len(value.encode())),
        float: lambda: (3, struct.pack(">d", value), 8),
        int: lambda: (INTEGERS.get(key, (5, 2))[0], value.to_bytes(INTEGERS.get(key, (5, 2))[1], "big"), INTEGERS.get(key, (5, 2))[1]),
    }[type(value)]()
    head = size if size < 29 else 29
    return bytes([(kind if kind < 8 else 0) << 5 | head]) + (bytes([kind - 7]) if kind > 7 else b"") + (bytes([size - 29]) if head == 29 else b"") + body


def build(places):
    nodes, records = [[None, None]], b""
    for network, (latitude, longitude) in places.items():
        net = ipaddress.ip_network(network)
        bits, at = format(int(net.network_address), "032b")[: net.prefixlen], 0
        for bit in bits[:-1]:
            if nodes[at][int(bit)] is None:
                nodes[at][int(bit)] = len(nodes)
                nodes.append([None, None])
            at = nodes[at][int(bit)]
        nodes[at][int(bits[-1])] = -1 - len(records)
        records += encode({"location": {"latitude": float(latitude), "longitude": float(longitude)}})
    # No place is the number of nodes; a record's offset comes behind it and 16 bytes of nothing.
    number = lambda child: len(nodes) if child is None else child if child >= 0 else len(nodes) + 16 - 1 - child
    tree = b"".join(number(child).to_bytes(3, "big") for node in nodes for child in node)
    about = {"node_count": len(nodes), "record_size": 24, "ip_version": 4, "database_type": "GeoLite2-City", "languages": ["en"], "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1_700_000_000, "description": {"en": MARK}}
    return tree + bytes(16) + records + b"\xab\xcd\xefMaxMind.com" + encode(about)


if __name__ == "__main__":
    ours, there = build(PLACES), PATH.read_bytes() if PATH.exists() else b""
    # A real one stays. Rucio wants it younger than a month.
    is_old = there != ours or time.time() - PATH.stat().st_mtime > 7 * 86_400
    if is_old and (there == b"" or MARK.encode() in there):
        part = PATH.with_suffix(f".{os.getpid()}")
        part.write_bytes(ours)
        part.replace(PATH)
