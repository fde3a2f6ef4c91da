"""The API to clients that ask for odd things, through proxies, and to documents with odd contents."""

import gzip
import http.client
import json
import re
import signal
from urllib.parse import quote, urlencode

import pystac_client
import pytest
import requests
from support.product import STACK, Background, free_port
from support.proxy import reverse_proxy

POLYGON = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}

# parameter at fault -> values that are wrong; an empty one counts as not given (forms send them), but for datetime
WRONG = {
    "bbox": ["1,2,3", "a,b,c,d", "0,0,0,0,0", "0,10,1,-10", "0,-91,1,1", "1,2,3,NaN", "0,0,1e400,1", "0,0,1,1,", "-181,0,1,1", "0,0,1,1,1,1,1"],
    "datetime": ["", "yesterday", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-01-02T00:00:00Z/2024-01-01T00:00:00Z", "../..", "/", "2024-01-01T00:00:00Z/2024-01-02T00:00:00Z/..", "2024-01-01T25:00:00Z", "2024-01-01"[:7]],
    "limit": ["-1", "0", "ten", "1.5", "1e3"],
    "token": ["nonsense", "%00", "next:abc", "e30", "🦆", "A" * 5000],
    "intersects": ["{", "{}", '{"type":"Polygon"}', '{"type":"Polygon","coordinates":[]}', '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}', '{"type":"Sphere","coordinates":[0,0]}', '{"type":"Point","coordinates":["a","b"]}', "[]", "7"],
}


@pytest.fixture(scope="module")
def api(s3_catalogue):
    return s3_catalogue


def problem(response, status=400, parameter=None):
    assert response.status_code == status, f"{response.request.url} {response.request.body}: {response.status_code} {response.text[:300]}"
    assert response.headers["content-type"].split(";")[0] == "application/problem+json"
    assert response.headers["access-control-allow-origin"] == "*"
    body = response.json()
    assert body["status"] == status and body["title"] and body["detail"] and body["code"] and body["description"]
    assert not STACK.search(response.text) and "select " not in response.text
    if parameter:
        assert body["parameter"] == parameter and parameter in body["detail"], body
    return body


class TestWrongParameters:
    @pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
    def test_get(self, api, name, value):
        problem(api.get(f"/search?{urlencode({name: value})}"), 400, name)
        if name != "intersects":
            problem(api.get(f"/collections/x/items?{urlencode({name: value})}"), 400, name)

    @pytest.mark.parametrize(("name", "value"), [
        ("bbox", "0,0,1,1"), ("bbox", [0, 0, 1]), ("bbox", [0, 0, None, 1]), ("bbox", ["0", "0", "1", "1"]), ("bbox", {}),
        ("datetime", 2024), ("datetime", ["2024-01-01T00:00:00Z"]), ("datetime", "now"),
        ("limit", "10"), ("limit", 0), ("limit", 1.5), ("limit", True),
        ("ids", "a"), ("ids", [1]), ("ids", {}), ("collections", "a"), ("collections", [None]),
        ("intersects", "POINT(0 0)"), ("intersects", {"type": "Polygon", "coordinates": [[[0, 0]]]}), ("intersects", []),
        ("token", 7), ("token", {}),
    ])  # fmt: skip
    def test_post(self, api, name, value):
        problem(requests.post(f"{api.url}/search", json={name: value}, timeout=30), 400, name)

    def test_empty_counts_as_not_given(self, api):
        for name in ("bbox", "limit", "ids", "collections", "intersects", "token"):
            assert api.json(f"/search?{name}=")["numberMatched"] == 12, name
            assert requests.post(f"{api.url}/search", json={name: None}, timeout=30).json()["numberMatched"] == 12, name

    def test_bbox_and_intersects(self, api):
        problem(api.get("/search?bbox=0,0,1,1&intersects=" + quote(json.dumps(POLYGON))))
        problem(requests.post(f"{api.url}/search", json={"bbox": [0, 0, 1, 1], "intersects": POLYGON}, timeout=30))

    @pytest.mark.parametrize("path", ["/search", "/collections", "/collections/x/items"])
    def test_unknown_parameter(self, api, path):
        problem(api.get(f"{path}?colections=x"), 400, "colections")

    def test_unknown_member(self, api):
        problem(requests.post(f"{api.url}/search", json={"colections": ["x"]}, timeout=30), 400, "colections")

    def test_given_twice(self, api):
        problem(api.get("/search?limit=1&limit=2"), 400, "limit")

    @pytest.mark.parametrize("body", ["{", "[]", "null", "7", '"x"', '{"limit":1}x', "\ufeff{", "{'limit':1}"])
    def test_bodies_that_are_no_object(self, api, body):
        problem(requests.post(f"{api.url}/search", data=body.encode(), headers={"content-type": "application/json"}, timeout=30))

    def test_a_deep_body(self, api):
        deep = '{"intersects":' + '{"type":"GeometryCollection","geometries":[' * 20000 + "]}" * 20000 + "}"
        problem(requests.post(f"{api.url}/search", data=deep, headers={"content-type": "application/json"}, timeout=60))
        assert api.get("/healthz").status_code == 200

    def test_a_body_too_large(self, api):
        response = requests.post(f"{api.url}/search", data='{"x":"' + "a" * 40_000_000 + '"}', headers={"content-type": "application/json"}, timeout=60)
        problem(response, 413)

    def test_broken_percent(self, api):
        connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
        for path in ("/collections/%E0%A4%A", "/collections/%ff", "/collections/%00", "/collections/a%2Fb/items/%00"):
            connection.request("GET", path)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            assert answer.status in (400, 404) and body["status"] == answer.status, path

    def test_many_ids(self, api):
        ids = [f"id-{n}" for n in range(20_000)]
        response = requests.post(f"{api.url}/search", json={"ids": ids}, timeout=60)
        assert response.status_code in (200, 400)
        if response.status_code == 200:
            assert response.json()["features"] == []


class TestTheProtocol:
    PATHS = ["/", "/conformance", "/collections", "/search", "/api", "/api.html", "/healthz", "/readyz", "/schemas/rucio/v1.0.0/schema.json"]

    @pytest.mark.parametrize("path", PATHS)
    def test_head_is_get_without_a_body(self, api, path):
        head, get = requests.head(api.url + path, timeout=30), api.get(path)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]

    @pytest.mark.parametrize("path", ["/", "/search", "/collections", "/nowhere"])
    def test_preflight(self, api, path):
        response = requests.options(api.url + path, headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-thing"}, timeout=30)
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == "*"
        assert "POST" in response.headers["access-control-allow-methods"]
        assert "content-type" in response.headers["access-control-allow-headers"].lower()

    def test_options_and_405_say_what_is_allowed(self, api):
        for path, allowed in [("/", "GET"), ("/search", "POST"), ("/collections", "GET"), ("/collections/x", "GET")]:
            response = requests.options(api.url + path, timeout=30)
            assert response.status_code in (200, 204) and allowed in response.headers["allow"]
            wrong = requests.patch(api.url + path, timeout=30)
            problem(wrong, 405)
            assert allowed in wrong.headers["allow"] and "PATCH" not in wrong.headers["allow"]

    def test_cors_on_everything(self, api):
        for path in ("/", "/search?limit=x", "/collections/none", "/nowhere", "/assets/none.tif"):
            assert api.get(path, headers={"Origin": "https://example.org"}).headers["access-control-allow-origin"] == "*", path

    def test_not_found(self, api, lake):
        for path in ("/nowhere", "/collections/none", "/collections/none/items", f"/collections/{lake.collection}/items/none", "/assets/none.tif", "/search/"[:-1] + "x"):
            problem(api.get(path), 404)

    def test_gzip(self, api):
        plain = requests.get(f"{api.url}/search", headers={"accept-encoding": "identity"}, timeout=30)
        raw = requests.get(f"{api.url}/search", headers={"accept-encoding": "gzip"}, stream=True, timeout=30)
        assert raw.headers["content-encoding"] == "gzip" and "accept-encoding" in raw.headers["vary"].lower()
        packed = raw.raw.read(decode_content=False)
        assert gzip.decompress(packed) == plain.content
        assert len(packed) < len(plain.content) / 3

    def test_etag(self, api):
        first = api.get("/collections")
        again = api.get("/collections", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304 and again.content == b""

    def test_openapi(self, api):
        landing = api.json("/")
        link = next(link for link in landing["links"] if link["rel"] == "service-desc")
        response = requests.get(link["href"], timeout=30)
        assert response.headers["content-type"] == link["type"]
        described = response.json()
        assert described["openapi"].startswith("3.1")
        assert {"/", "/conformance", "/collections", "/search"} <= described["paths"].keys()
        page = next(link for link in landing["links"] if link["rel"] == "service-doc")
        html = requests.get(page["href"], timeout=30)
        assert html.headers["content-type"].startswith("text/html")
        for address in re.findall(r'(?:src|href)="([^"]+)"', html.text):
            assert "//" not in address, "the page needs no network"
            assert requests.get(f"{api.url}/{address}", timeout=30).status_code == 200, address

    def test_conformance(self, api):
        classes = api.json("/conformance")["conformsTo"]
        assert classes == api.json("/")["conformsTo"]
        for name in ("core", "collections", "ogcapi-features", "item-search"):
            assert f"https://api.stacspec.org/v1.0.0/{name}" in classes

    def test_plus_in_a_time_zone(self, api, lake):
        wanted = [lake.scenes[0].stem]
        for written in ("2023-06-01T12:20:30%2B02:00", "2023-06-01T12:20:30+02:00", "2023-06-01T10:20:30.000Z", "2023-06-01t10:20:30z"):
            found = api.json(f"/search?datetime={written}")["features"]
            assert [item["id"] for item in found] == wanted, written

    def test_limit_beyond_the_most(self, api):
        assert len(api.json("/search?limit=10000")["features"]) == 12

    def test_a_host_header_does_not_get_into_links(self, api):
        for host in ('evil.example/"><script>', "evil example", "a" * 300 + "\\"):
            connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
            connection.putrequest("GET", "/", skip_host=True)
            connection.putheader("Host", host)
            connection.endheaders()
            answer = connection.getresponse()
            body = answer.read().decode()
            assert answer.status == 400 or ("<script" not in body and "\\\\" not in body and "evil example" not in body)

    def test_page_and_back(self, api):
        """next to the end, then prev to the start: the same pages, by GET and by POST."""
        for method in ("GET", "POST"):
            def fetch(link):
                if link.get("method", "GET") == "GET":
                    return requests.get(link["href"], timeout=30).json()
                return requests.post(link["href"], json=link["body"], timeout=30).json()

            page = api.json("/search?limit=5") if method == "GET" else requests.post(f"{api.url}/search", json={"limit": 5}, timeout=30).json()
            pages = [page]
            by = lambda page, rel: next((link for link in page["links"] if link["rel"] == rel), None)  # noqa: E731
            assert by(page, "prev") is None
            while link := by(pages[-1], "next"):
                pages.append(fetch(link))
            assert [len(each["features"]) for each in pages] == [5, 5, 2]
            assert all(each["numberMatched"] == 12 for each in pages)
            back = [pages[-1]]
            while link := by(back[-1], "prev"):
                back.append(fetch(link))
            ids = lambda page: [item["id"] for item in page["features"]]  # noqa: E731
            assert [ids(each) for each in reversed(back)] == [ids(each) for each in pages]


class TestAssets:
    """COGs that the server gives out itself."""

    @pytest.fixture(scope="class")
    def folder(self, lake):
        from support.product import Catalogue

        made = Catalogue(store="folder")
        try:
            made.start()
            made.cli("ingest", f"{lake.scope}:scenes").ok()
            yield made
        finally:
            made.close()

    @pytest.fixture(scope="class")
    def href(self, folder, lake):
        return folder.items(f"{lake.scope}.scenes")[0]["assets"]["red"]["href"]

    def test_ranges(self, href):
        whole = requests.get(href, timeout=30)
        assert whole.headers["accept-ranges"] == "bytes" and whole.headers["access-control-allow-origin"] == "*"
        size = len(whole.content)
        for asked, start, end in [("bytes=0-15", 0, 16), ("bytes=100-", 100, size), ("bytes=-7", size - 7, size), (f"bytes=0-{size * 9}", 0, size)]:
            part = requests.get(href, headers={"Range": asked}, timeout=30)
            assert part.status_code == 206 and part.content == whole.content[start:end], asked
            assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
            assert "content-encoding" not in part.headers
        beyond = requests.get(href, headers={"Range": f"bytes={size}-"}, timeout=30)
        assert beyond.status_code == 416 and beyond.headers["content-range"] == f"bytes */{size}"
        assert beyond.headers["access-control-allow-origin"] == "*"
        assert requests.get(href, headers={"Range": "apples=1-2"}, timeout=30).content == whole.content

    def test_conditions(self, href):
        whole = requests.get(href, timeout=30)
        for name, value in [("If-None-Match", whole.headers["etag"]), ("If-Modified-Since", whole.headers["last-modified"])]:
            same = requests.get(href, headers={name: value}, timeout=30)
            assert same.status_code == 304 and same.content == b"", name
        head = requests.head(href, timeout=30)
        assert head.headers["content-length"] == str(len(whole.content))
        exposed = requests.get(href, headers={"Origin": "https://example.org"}, timeout=30).headers["access-control-expose-headers"].lower()
        assert all(name in exposed for name in ("content-range", "etag", "content-length", "accept-ranges"))

    def test_nothing_but_assets(self, folder):
        connection = http.client.HTTPConnection("127.0.0.1", folder.port, timeout=30)
        for path in ("/assets/../lock", "/assets/%2e%2e/lock", "/assets/..%2flock", "/assets/..%5clock", "/assets/%2e%2e%2flock", "/assets/", "/assets", "/assets/.", "/assets/%00", "/assets//etc/passwd"):
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status in (400, 403, 404), (path, answer.status)
            assert b"pid" not in body.replace(b"rapid", b""), path


class TestBehindAProxy:
    def walk(self, base, lake):
        client = pystac_client.Client.open(f"{base}/")
        items = list(client.search(collections=[f"{lake.scope}.scenes"], limit=1).items())
        assert len(items) == 3
        assert len(list(client.search(method="GET", collections=[f"{lake.scope}.scenes"], limit=2).items())) == 3
        for item in items:
            item.get_parent()
            for name in ("self", "parent", "collection", "root"):
                assert item.get_single_link(name).get_absolute_href().startswith(f"{base}"), name
            assert requests.get(item.get_self_href(), timeout=30).json()["id"] == item.id
            assert requests.get(item.assets["red"].href, headers={"Range": "bytes=0-3"}, timeout=30).content[:2] == b"II"
            assert item.assets["red"].href.startswith(f"{base}/assets/")
        for collection in client.get_collections():
            assert len(list(collection.get_items())) == 3
        for path in ("/api", "/api.html", "/schemas/rucio/v1.0.0/schema.json"):
            assert requests.get(f"{base}{path}", timeout=30).status_code == 200
        for link in client.to_dict()["links"]:
            assert link["href"].startswith(base), link
            assert requests.get(link["href"], timeout=30).status_code == 200, link

    @pytest.mark.parametrize("strip", [True, False])
    def test_public_url_with_a_prefix(self, make_catalogue, lake, strip):
        port = free_port()
        made = make_catalogue(store="folder", settings={"RUCIO_STAC_PUBLIC_URL": f"http://127.0.0.1:{port}/stac"})
        made.start()
        with reverse_proxy(port, made.url, "/stac", strip=strip) as base:
            made.cli("ingest", f"{lake.scope}:scenes").ok()
            self.walk(base, lake)

    def test_forwarded_headers_only_when_trusted(self, make_catalogue, lake):
        port = free_port()
        told = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": f"127.0.0.1:{port}", "X-Forwarded-Prefix": "/lake"}
        made = make_catalogue(store="folder", settings={"RUCIO_STAC_TRUST_PROXY": "true"})
        made.start()
        made.cli("ingest", f"{lake.scope}:scenes").ok()
        with reverse_proxy(port, made.url, "/lake", headers=told) as base:
            self.walk(base, lake)
        made.stop()
        made.start(RUCIO_STAC_TRUST_PROXY="false")
        with reverse_proxy(port, made.url, "/lake", headers=told | {"X-Forwarded-Host": "evil.example"}) as base:
            text = requests.get(f"{base}/", timeout=30).text
            assert "evil.example" not in text and "/lake" not in text and made.url in text


def item(name, collection, **members):
    return {"type": "Feature", "stac_version": "1.1.0", "id": name, "collection": collection, "geometry": {"type": "Point", "coordinates": [1, 2]}, "bbox": [1, 2, 1, 2], "properties": {"datetime": "2024-01-01T00:00:00Z"}, "links": [], "assets": {}} | members


def collection(name):
    return {"type": "Collection", "stac_version": "1.1.0", "id": name, "description": "d", "license": "other", "links": [], "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}}


AWKWARD = ["with space", "dots.in.it", "slash/es/in", "ünï-çødé", "日本", "🛰️", "a%2Fb", "a+b&c=d?e#f", "..a", "...", "'; drop table items; --", "x" * 200, "UPPER", "upper", "comma,ted", '"quoted"', "back\\slash", "{curly}", ":colon"]


class TestDocumentsAsTheyCame:
    @pytest.fixture(scope="class")
    def open_catalogue(self):
        from support.product import Catalogue

        made = Catalogue(store="folder", settings={"RUCIO_STAC_TRANSACTIONS": "true"})
        try:
            made.start()
            for name in ("one", "two", "odd/näme .x"):
                self.post(made, "/collections", json.dumps(collection(name)), 201)
            yield made
        finally:
            made.close()

    def post(self, made, path, text, status, method="POST"):
        response = requests.request(method, made.url + path, data=text.encode(), headers={"content-type": "application/json"}, timeout=60)
        assert response.status_code == status, response.text[:500]
        return response

    def address(self, collection_id, item_id=None):
        path = f"/collections/{quote(collection_id, safe='')}"
        return path if item_id is None else f"{path}/items/{quote(item_id, safe='')}"

    def test_off_by_default(self, api):
        problem(requests.post(f"{api.url}/collections", json=collection("x"), timeout=30), 405)
        problem(requests.delete(f"{api.url}/collections/x", timeout=30), 405)

    @pytest.mark.parametrize("name", AWKWARD)
    def test_ids(self, open_catalogue, name):
        made = open_catalogue
        for home in ("one", "odd/näme .x"):
            sent = item(name, home, properties={"datetime": "2024-01-01T00:00:00Z", "home": home})
            created = self.post(made, f"{self.address(home)}/items", json.dumps(sent), 201)
            assert requests.get(created.headers["location"], timeout=30).json()["properties"]["home"] == home
            got = made.json(self.address(home, name))
            own = next(link["href"] for link in got["links"] if link["rel"] == "self")
            assert requests.get(own, timeout=30).json()["id"] == name
        found = requests.post(f"{made.url}/search", json={"ids": [name]}, timeout=30).json()["features"]
        assert sorted(each["collection"] for each in found) == ["odd/näme .x", "one"]
        assert all(each["id"] == name for each in found)
        if "," not in name:
            by_get = made.json(f"/search?{urlencode({'ids': name, 'collections': 'one'})}")["features"]
            assert [each["id"] for each in by_get] == [name]

    @pytest.mark.parametrize("name", [".", ".."])
    def test_ids_that_no_address_can_hold_are_refused(self, open_catalogue, name):
        # Clients resolve such a path segment away, encoded or not.
        response = self.post(open_catalogue, "/collections/one/items", json.dumps(item(name, "one")), 400)
        assert response.json()["parameter"] == "id"

    def test_pages_of_one_over_all_of_them(self, open_catalogue):
        made, seen = open_catalogue, []
        for name in AWKWARD:
            for home in ("one", "odd/näme .x"):
                sent = requests.post(f"{made.url}{self.address(home)}/items", json=item(name, home), timeout=30)
                assert sent.status_code in (201, 409), sent.text
        for name in ("next-a", "next-b"):
            self.post(made, "/collections/one/items", json.dumps(item(name, "one")), 201)
        address = f"{made.url}/search?limit=1"
        while address:
            page = requests.get(address, timeout=30).json()
            seen += [(each["collection"], each["id"]) for each in page["features"]]
            address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
            assert len(seen) < 200
        assert len(seen) == len(set(seen)) == page["numberMatched"]

    RAW = {
        "numbers": '{"a":1e-7,"b":1.0,"c":12345678901234567890,"d":-0.0,"e":1E+2,"f":0.1000,"g":123456789.123456789123456789}',
        "unknown": '{"deep":[{"er":[[[null,true,{"":""}]]]}],"__proto__":{"x":1},"constructor":"c"}',
        "text": '"\\u0041 \\ud83d\\udef0 \\n \\" tab\\t </script> \\u2028"',
        "empty": "{}",
    }

    @pytest.mark.parametrize("name", RAW)
    def test_members_come_back_letter_by_letter(self, open_catalogue, name):
        made, raw = open_catalogue, self.RAW[name]
        text = json.dumps(item(f"raw-{name}", "one"))[:-1] + f', "x:{name}": {raw}, "links": [{{"rel":"related","href":"https://example.org/ä?b=c","x": 1.0}}]}}'
        text = text.replace('"properties": {', f'"properties": {{"x:{name}": {raw}, ').replace('"links": [], ', "")
        self.post(made, "/collections/one/items", text, 201)
        for got in (made.get(f"/collections/one/items/raw-{name}").text, made.get(f"/search?ids=raw-{name}").text, made.get("/collections/one/items?limit=1000").text):
            assert got.count(raw) >= 2, got[:1500]
            assert '{"rel":"related","href":"https://example.org/ä?b=c","x": 1.0}' in got

    def test_null_geometry(self, open_catalogue):
        made = open_catalogue
        sent = item("nowhere", "two", geometry=None)
        del sent["bbox"]
        self.post(made, "/collections/two/items", json.dumps(sent), 201)
        got = made.json("/collections/two/items/nowhere")
        assert got["geometry"] is None and "bbox" not in got
        assert "nowhere" in [each["id"] for each in made.json("/search?collections=two")["features"]]
        assert "nowhere" not in [each["id"] for each in made.json("/search?collections=two&bbox=-180,-90,180,90")["features"]]

    def test_null_datetime_with_an_interval(self, open_catalogue):
        made = open_catalogue
        sent = item("while", "two", properties={"datetime": None, "start_datetime": "2020-01-01T00:00:00Z", "end_datetime": "2020-12-31T23:59:59.999999Z"})
        self.post(made, "/collections/two/items", json.dumps(sent), 201)
        assert made.json("/collections/two/items/while")["properties"] == sent["properties"]
        for asked, is_found in [("2020-06-01T00:00:00Z", True), ("../2020-01-01T00:00:00Z", True), ("2020-12-31T23:59:59.999999Z/..", True), ("2021-01-01T00:00:00Z/..", False), ("2019-01-01T00:00:00Z/2019-12-31T23:59:59Z", False)]:
            ids = [each["id"] for each in made.json(f"/search?collections=two&datetime={asked}")["features"]]
            assert ("while" in ids) == is_found, asked

    def test_antimeridian(self, open_catalogue):
        made = open_catalogue
        both = {"type": "MultiPolygon", "coordinates": [[[[179, -1], [180, -1], [180, 1], [179, 1], [179, -1]]], [[[-180, -1], [-179, -1], [-179, 1], [-180, 1], [-180, -1]]]]}
        self.post(made, "/collections/two/items", json.dumps(item("fiji", "two", geometry=both, bbox=[179, -1, -179, 1])), 201)
        for asked, is_found in [("178,-2,-178,2", True), ("179.5,0,179.6,0.1", True), ("-179.6,0,-179.5,0.1", True), ("-10,-2,10,2", False), ("178,-2,0,-178,2,0", True)]:
            ids = [each["id"] for each in made.json(f"/search?collections=two&bbox={asked}")["features"]]
            assert ("fiji" in ids) == is_found, asked

    @pytest.mark.parametrize(("changed", "path"), [
        ({"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}}, "geometry"),
        ({"properties": {}}, "datetime"), ({"properties": {"datetime": "2024"}}, "datetime"), ({"id": ""}, "id"), ({"id": None}, "id"),
        ({"collection": "other"}, "collection"), ({"type": "Thing"}, "type"), ({"assets": {"a": {}}}, "href"), ({"bbox": [1, 2]}, "bbox"),
        ({"stac_extensions": ["https://stac-extensions.github.io/projection/v1.2.0/schema.json"], "properties": {"datetime": "2024-01-01T00:00:00Z", "proj:epsg": "four"}}, "proj:epsg"),
    ])  # fmt: skip
    def test_wrong_documents_are_refused_with_the_path(self, open_catalogue, changed, path):
        response = self.post(open_catalogue, "/collections/two/items", json.dumps(item("wrong", "two") | changed), 400)
        assert path in problem(response)["detail"]

    def test_conflict_update_delete(self, open_catalogue):
        made = open_catalogue
        text = json.dumps(item("again", "two"))
        self.post(made, "/collections/two/items", text, 201)
        problem(self.post(made, "/collections/two/items", text, 409), 409)
        assert made.json("/collections/two/items/again")["properties"].get("v") is None
        self.post(made, "/collections/two/items/again", json.dumps(item("again", "two", properties={"datetime": "2024-01-01T00:00:00Z", "v": 2})), 200, "PUT")
        assert made.json("/collections/two/items/again")["properties"]["v"] == 2
        assert requests.delete(f"{made.url}/collections/two/items/again", timeout=30).status_code == 204
        problem(made.get("/collections/two/items/again"), 404)

    def test_memory_stays_bounded(self, open_catalogue):
        """5,000 Items of 4 kB in, and read through by pages while others search: no leak, no pile-up."""
        made = open_catalogue
        self.post(made, "/collections", json.dumps(collection("bulk")), 201)
        for part in range(5):
            items = [item(f"b{part}-{n}", "bulk", properties={"datetime": f"2021-01-{1 + n % 28:02}T00:00:{n % 60:02}Z", "x:filler": "f" * 3500}) for n in range(1000)]
            self.post(made, "/collections/bulk/items", json.dumps({"type": "FeatureCollection", "features": items}), 201)
        before = made.server.memory()

        def read():
            address, seen = f"{made.url}/search?collections=bulk&limit=500", 0
            while address:
                page = requests.get(address, timeout=120).json()
                seen += len(page["features"])
                address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
            return seen

        readers = [Background(read) for _ in range(4)]
        assert [reader.result(240) for reader in readers] == [5000] * 4
        grown = made.server.memory() - before
        assert grown < 400_000_000, f"{grown / 1e6:.0f} MB more"
        assert made.server.memory() < (2_500_000_000 if made.kind == "embedded" else 900_000_000)


def test_a_client_that_leaves_does_no_harm(make_catalogue, lake):
    made = make_catalogue()
    made.start()
    for _ in range(30):
        connection = http.client.HTTPConnection("127.0.0.1", made.port, timeout=10)
        connection.request("GET", "/search")
        connection.sock.close()
    assert made.get("/readyz").status_code == 200
    # Open, idle connections do not keep it from ending.
    idle = [http.client.HTTPConnection("127.0.0.1", made.port, timeout=10) for _ in range(5)]
    for connection in idle:
        connection.connect()
    made.server.signal(signal.SIGTERM)
    assert made.server.wait(15) == 0
