"""STAC Browser at /browser, as a person uses it: in Chromium, over a catalogue with the lake inside.

Nothing may be asked of anybody but the catalogue, and nothing may go wrong in the console.
"""

import json
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
import requests
from playwright.sync_api import expect, sync_playwright
from support.product import KIND, ROOT, Catalogue, free_port, until
from support.proxy import reverse_proxy

CHROMIUM = "/usr/bin/chromium"
# Software rendering for the map's WebGL; root has no sandbox.
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader"]


def await_page(base):
    """The build goes on beside the server that answers."""

    def built():
        page = requests.get(f"{base}/browser/", timeout=10)
        assert page.status_code in (200, 503), page.text
        return page.status_code == 200

    until(built, 600, "the page of STAC Browser is built", every=1)


@pytest.fixture(scope="module")
def served(lake):
    """A catalogue with a page, and the lake in a scope of its own."""
    made = Catalogue(store="folder", settings={"RUCIO_STAC_BROWSER": "true"})
    try:
        made.start()
        made.cli("ingest", lake.did).ok()
        await_page(made.url)
        yield made
        made.stop()
    finally:
        made.close()


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A tab, with all that it asked and all that went wrong in it."""

    def __init__(self, page, base):
        self.page, self.base, self.asked, self.faults = page, base, [], []
        page.set_default_timeout(20_000)
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", self.note)

    def note(self, request):
        if not request.url.startswith(("data:", "blob:")):
            self.asked.append(request)

    def open(self, path="/"):
        self.page.goto(f"{self.base}/browser/#{path}")
        expect(self.page.locator("main")).to_be_visible()
        self.rest()
        return self.page

    def rest(self):
        self.page.wait_for_load_state("networkidle")

    def search(self):
        """The last search for Items: its body."""
        return [request.post_data_json for request in self.asked if request.url.endswith("/search") and request.method == "POST"][-1]


@contextmanager
def visit(chromium, base):
    context = chromium.new_context(viewport={"width": 1300, "height": 1100}, locale="en-GB")
    made = Visit(context.new_page(), base)
    try:
        yield made
        assert made.faults == []
        outside = [request.url for request in made.asked if not request.url.startswith(f"{base}/")]
        assert outside == []
    finally:
        context.close()


@pytest.fixture
def tab(chromium, served):
    with visit(chromium, served.url) as made:
        yield made


def shown(page):
    """Ids of the Items in the list, in its order."""
    links = page.locator(".items .item-card .card-title a").all()
    return [unquote(link.get_attribute("href").split("?")[0].rsplit("/", 1)[1]) for link in links]


def choose(page, kind):
    """The form of one of the two searches."""
    page.get_by_role("tab", name=f"Search for {kind}").click()
    form = page.locator(".tab-pane.active")
    expect(form.get_by_role("button", name="Submit")).to_be_visible()
    return form


def sort_by(form, name, direction=None):
    form.locator(".sort .multiselect").click()
    form.locator(".sort [role=option]", has_text=name).first.click()
    if direction:
        form.locator(".sort").get_by_role("button", name=direction).click()


def filter_by(page, form, title, value):
    form.get_by_role("button", name="Add filter").click()
    page.locator(".dropdown-item:visible", has_text=title).click()
    field = form.locator(".queryable-row .value").last
    if field.evaluate("element => element.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)


class TestTheCatalogue:
    def test_a_link_can_be_opened_in_a_tab_of_its_own(self, tab, served, chromium):
        page = tab.open()
        link = page.locator("main a[href*='/collections/']").first
        expect(link).to_be_visible()
        title, address = link.inner_text().strip(), link.evaluate("element => element.href")
        assert address.startswith(f"{served.url}/browser/#/"), address
        other = page.context.new_page()
        other.goto(address)
        expect(other.get_by_role("heading", name=title).first).to_be_visible(timeout=20_000)

    def test_it_is_shown_with_its_collections_and_scopes(self, tab, served, lake):
        page = tab.open()
        assert page.title() == "rucio-stac"
        collection = served.json(f"/collections/{lake.collection}")
        expect(page.get_by_role("link", name=collection["title"]).first).to_be_visible()
        expect(page.get_by_role("link", name=collection["rucio:scope"], exact=True)).to_be_visible()

    def test_a_scope_leads_to_its_collections_and_back(self, tab, served, lake):
        collection = served.json(f"/collections/{lake.collection}")
        page = tab.open()
        page.get_by_role("link", name=collection["rucio:scope"], exact=True).click()
        expect(page.get_by_role("heading", name=collection["rucio:scope"])).to_be_visible()
        page.get_by_role("link", name=collection["title"]).first.click()
        expect(page.get_by_role("heading", name=collection["title"])).to_be_visible()
        page.get_by_role("link", name="Up").click()
        expect(page.get_by_role("heading", name=collection["rucio:scope"])).to_be_visible()


class TestACollection:
    def test_it_has_a_map(self, tab, lake):
        page = tab.open(f"/collections/{lake.collection}")
        expect(page.locator(".ol-viewport canvas").first).to_be_visible()

    def test_its_items_are_listed(self, tab, served, lake):
        page = tab.open(f"/collections/{lake.collection}")
        ids = [item["id"] for item in served.items(lake.collection)]
        expect(page.locator(".items .item-card").first).to_be_visible()
        found = shown(page)
        assert found and set(found) <= set(ids)
        expect(page.locator(".items header .badge")).to_have_text(str(len(served.items(lake.collection))))


class TestAnItem:
    @pytest.fixture
    def item(self, served, lake):
        """One whose file has two replicas."""
        return max(served.items(lake.collection), key=lambda item: len(item["assets"]["source"]["alternate"]))

    def test_its_assets_and_replicas_are_shown(self, tab, served, item):
        page = tab.open(f"/collections/{item['collection']}/items/{item['id']}")
        assets = page.locator(".assets")
        for key, asset in item["assets"].items():
            if key != "source":
                expect(assets.get_by_role("button", name=asset.get("title", key)).first).to_be_visible()
        source = item["assets"]["source"]
        assets.get_by_role("button", name=source["title"]).click()
        replicas = source["alternate"]
        assert len(replicas) >= 2
        for rse, replica in replicas.items():
            assets.get_by_role("tab", name=rse).click()
            expect(assets.locator(f'a[href="{replica["href"]}"]:visible').first).to_be_visible()

    def test_a_cog_is_drawn_on_the_map(self, tab, served, lake):
        item = next(item for item in served.items(lake.collection) if item["properties"].get("proj:code") == "EPSG:3035")
        key = next(key for key in item["assets"] if key != "source")
        page = tab.open(f"/collections/{item['collection']}/items/{item['id']}")
        page.locator(".assets").get_by_role("button", name=item["assets"][key].get("title", key)).first.click()
        with page.expect_response(lambda answer: answer.url == item["assets"][key]["href"]) as answer:
            page.locator(".assets").get_by_role("button", name="Show on map").locator("visible=true").first.click()
        assert answer.value.status == 206
        tab.rest()
        # Not from epsg.io.
        assert f"{served.url}/browser/crs/3035" in [request.url for request in tab.asked]


class TestSearch:
    def test_items_by_a_filter(self, tab, served, lake):
        every = served.items(lake.collection)
        name = sorted(item["properties"]["rucio:name"] for item in every)[0]
        page = tab.open("/search/")
        form = choose(page, "Items")
        filter_by(page, form, "rucio:name", name)
        form.get_by_role("button", name="Submit").click()
        expect(page.locator(".items .item-card").first).to_be_visible()
        tab.rest()
        assert sorted(shown(page)) == sorted(item["id"] for item in every if item["properties"]["rucio:name"] == name)
        assert tab.search()["filter-lang"] == "cql2-json"

    @pytest.mark.parametrize("direction", ["Ascending", "Descending"])
    def test_items_in_order_page_by_page_and_back(self, tab, served, lake, direction):
        ids = sorted((item["id"] for item in served.items(lake.collection)), reverse=direction == "Descending")
        page = tab.open("/search/")
        form = choose(page, "Items")
        sort_by(form, "Identifier", direction)
        form.locator("input[type=number]").fill("3")
        form.get_by_role("button", name="Submit").click()
        buttons = {name: page.locator(".items").get_by_role("button", name=name).first for name in ("Next", "Previous")}
        for name, first in ((None, 0), ("Next", 3), ("Next", 6), ("Previous", 3), ("Previous", 0), ("Next", 3)):
            if name:
                buttons[name].click()
            expect(page.locator(".items .item-card .card-title a").first).to_have_attribute("href", re.compile(re.escape(f"/items/{quote(ids[first], safe='')}") + r"(\?|$)"))
            tab.rest()
            assert shown(page) == ids[first : first + 3]
        expect(page.locator(".items header .badge")).to_have_text(str(len(ids)))

    @pytest.mark.parametrize("name", ["Title", "Time of Data", "Created", "Updated"])
    def test_each_order_that_the_page_offers_is_taken(self, tab, served, lake, name):
        page = tab.open("/search/")
        form = choose(page, "Items")
        sort_by(form, name)
        form.get_by_role("button", name="Submit").click()
        expect(page.locator(".items .item-card").first).to_be_visible()

    @pytest.mark.parametrize("is_there", [True, False])
    def test_collections_by_words(self, tab, served, lake, is_there):
        collection = served.json(f"/collections/{lake.collection}")
        page = tab.open("/search/")
        form = choose(page, "Collections")
        form.locator(".filter-freetext .multiselect").click()
        page.keyboard.type(collection["description"].split()[0] if is_there else "nobodywrotethis")
        page.keyboard.press("Enter")
        sort_by(form, "Title", "Descending")
        form.get_by_role("button", name="Submit").click()
        if is_there:
            expect(page.locator(".right").get_by_role("link", name=collection["title"]).first).to_be_visible()
        else:
            expect(page.locator(".right .alert-warning")).to_be_visible()


class TestUnderAPrefix:
    @pytest.mark.parametrize("strip", [True, False])
    def test_the_page_and_its_catalogue_are_below_the_public_address(self, chromium, served, lake, make_catalogue, strip):
        port = free_port()
        base = f"http://127.0.0.1:{port}/a/stac"
        other = make_catalogue(store="folder", settings={"RUCIO_STAC_BROWSER": "true", "RUCIO_STAC_PUBLIC_URL": base, "RUCIO_STAC_SAMPLE": "true"})
        other.server = other.spawn("serve", "--sample")
        until(lambda: answers(other.url), 120, "the server answers")
        with reverse_proxy(port, other.url, "/a/stac", strip=strip):
            assert requests.get(f"{base}/browser", timeout=10).url == f"{base}/browser/"
            with visit(chromium, base) as tab:
                page = tab.open()
                page.get_by_role("link", name="Sample: a time series of scenes").first.click()
                page.locator(".items .item-card a").first.click()
                expect(page.locator(".assets").get_by_role("button", name="red").first).to_be_visible()
                tab.rest()


def answers(url):
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_the_first_answer_does_not_wait_for_the_page(make_catalogue):
    """Built or not, /browser/ answers at once, and says when to ask again."""
    made = make_catalogue(store="folder", settings={"RUCIO_STAC_BROWSER": "true"})
    made.start()
    page = made.get("/browser/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.status_code == 200 or (page.status_code == 503 and int(page.headers["retry-after"]) > 0)
    links = [link["href"] for link in made.json("/")["links"] if link["rel"] == "alternate" and link["type"] == "text/html"]
    assert links == [f"{made.url}/browser/"]
    assert f"{made.url}/browser/" in made.server.text
    made.stop()


def test_it_can_be_left_out(make_catalogue):
    made = make_catalogue(store="folder", settings={"RUCIO_STAC_BROWSER": "false"})
    made.start()
    assert made.get("/browser/").status_code == 404
    assert [link for link in made.json("/")["links"] if link["rel"] == "alternate"] == []


@pytest.fixture
def unbuilt(tmp_path):
    """The product as it is built, without the page: a folder that can build it."""
    (tmp_path / "src").mkdir()
    for name in ("bin.mjs", "bootstrap.mjs"):
        shutil.copy(ROOT / "src" / name, tmp_path / "src")
    for name in ("package.json", "package-lock.json", "node_modules", "migrations", "examples", "src/stac", "src/browser"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "dist", tmp_path / "dist", ignore=lambda folder, names: ["browser"] if folder == str(ROOT / "dist") else [])
    return tmp_path


@pytest.mark.skipif(KIND != "embedded", reason="the database has no part in it")
def test_two_servers_build_one_page_and_what_was_interrupted_is_begun_again(unbuilt, make_catalogue):
    pages = unbuilt / "dist" / "browser"
    first, second = (make_catalogue(store="folder", root=unbuilt, settings={"RUCIO_STAC_BROWSER": "true"}) for _ in range(2))
    for made in (first, second):
        made.start()
        waiting = made.get("/browser/")
        assert waiting.status_code == 503 and int(waiting.headers["retry-after"]) > 0
        assert 'http-equiv="refresh"' in waiting.text
    until(lambda: any(pages.glob("build-*/node_modules")), 120, "a build has begun")
    holder = json.loads((pages / "lock").read_text())["pid"]
    of_first = Path(f"/proc/{holder}/stat").read_text().rsplit(")", 1)[1].split()[1] == str(first.server.pid)
    ended, left = (first, second) if of_first else (second, first)
    ended.server.popen.kill()
    until(lambda: not Path(f"/proc/{holder}").exists(), 30, "the build ends with its server")
    await_page(left.url)
    until(lambda: len(list(pages.glob("[!l]*"))) == 1, 30, "what the build left behind is gone")
    left.stop()
    assert [each.name for each in pages.iterdir() if each.name.startswith(("build-", "lock"))] == []
