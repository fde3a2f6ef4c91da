"""The permanent address of a file with replicas at two ends of a made-up map (test/servers/rucio/lib/geoip.py): which one readers are led to."""

import json
import secrets
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from test_assets import ask, rucio, written

pytestmark = pytest.mark.one_database

# Their networks have places in the map; nobody answers there.
SOUTH, NORTH, INSIDE, CACHE = "198.51.100.1", "203.0.113.1", "192.0.2.1", "192.0.2.2"
# name, attribute pos, and of each protocol the domain that it is for and its host
MAKE = """
scope, name, rses = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
client.add_scope('root', scope)
for rse, kind, pos, protocols in rses:
    client.add_rse(rse, deterministic=True, rse_type=kind)
    client.add_rse_attribute(rse, 'pos', pos)
    client.add_rse_attribute(rse, 'site', 'HERE')
    for domain, host in protocols:
        ranks = {each: {op: 1 if each == domain else None for op in ('read', 'write', 'delete')} for each in ('wan', 'lan')}
        client.add_protocol(rse, {'scheme': 'https', 'hostname': host, 'port': 443, 'prefix': '/data/', 'impl': 'rucio.rse.protocols.webdav.Default', 'domains': ranks})
    client.add_replicas(rse, [{'scope': scope, 'name': name, 'bytes': 3, 'adler32': '024d0127'}])
"""


@pytest.fixture(scope="module")
def file():
    tag = secrets.token_hex(4).upper()
    made = SimpleNamespace(scope=f"near-{tag.lower()}", name="x.tif", south=f"SOUTH-{tag}", north=f"NORTH-{tag}", inner=f"INNER-{tag}", tape=f"TAPE-{tag}", tag=tag)
    rses = [
        (made.south, "DISK", f"south{tag}", [("wan", SOUTH), ("lan", "10.0.0.5")]),
        (made.north, "DISK", f"north{tag}", [("wan", NORTH)]),
        (made.inner, "DISK", f"inner{tag}", [("lan", INSIDE)]),
        (made.tape, "TAPE", f"tape{tag}", [("wan", CACHE)]),
    ]
    rucio(MAKE, made.scope, made.name, json.dumps(rses))
    return made


@pytest.fixture(scope="module")
def behind_proxy(leading_catalogue, file):
    written(leading_catalogue, file.scope, file.name)
    return leading_catalogue


def host(catalogue, reader=None, **query):
    led = ask(catalogue, "written", "a", "source", headers={"x-forwarded-for": reader} if reader else {}, **query)
    assert led.status_code == 302, led.text
    return urlsplit(led.headers["location"]).hostname


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ("203.0.113.77", NORTH),
        ("198.51.100.9", SOUTH),
        # Between both, nearer to the south; a tape and an address of the inside are nearer still.
        ("192.0.2.9", SOUTH),
        # The first that is known outside is the reader's.
        ("10.1.2.3, 203.0.113.200:4711, 198.51.100.9", NORTH),
        # In no map: Rucio's own order.
        ("unknown", SOUTH),
        ("2001:db8::1", SOUTH),
    ],
)
def test_the_nearest_replica_as_the_reader_sees_it(behind_proxy, reader, expected):
    for _ in range(2):
        assert host(behind_proxy, reader) == expected


def test_an_address_for_the_inside_of_a_site_is_never_given(behind_proxy, file):
    for reader in ("192.0.2.9", "10.0.0.9"):
        listed = ask(behind_proxy, "written", "a", "source", "application/json", headers={"x-forwarded-for": reader}).json()["replicas"]
        assert {urlsplit(each["href"]).hostname for each in listed} == {SOUTH, NORTH, CACHE}
        assert urlsplit(listed[-1]["href"]).hostname == CACHE
    refused = ask(behind_proxy, "written", "a", "source", rse=file.inner)
    assert refused.status_code == 404 and file.inner in refused.json()["description"], refused.text


def test_rucio_itself_would_sort_so(file):
    """By Rucio's own client, which is where it is run."""
    code = "client.session.headers['X-Forwarded-For'] = sys.argv[3]\n[line] = client.list_replicas([{'scope': sys.argv[1], 'name': sys.argv[2]}], schemes=['https'], rse_expression=sys.argv[4])\nprint(min(line['pfns'].items(), key=lambda each: each[1]['priority'])[0])"
    for reader, expected in (("203.0.113.77", NORTH), ("192.0.2.9", SOUTH)):
        assert urlsplit(rucio(code, file.scope, file.name, reader, f"pos=north{file.tag}|pos=south{file.tag}").strip()).hostname == expected
