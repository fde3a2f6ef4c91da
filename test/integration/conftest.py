"""Fixtures: the lake in Rucio, catalogues with it inside, empty catalogues.

Needs the servers of test/servers in the environment (eval "$(…/start)"); .ci/run sets it. RUCIO_STAC_TEST_DB says which
database the catalogues are on: embedded (default) or postgres.
"""

import os
import subprocess

import pytest
from support.lake import Lake
from support.product import KIND, ROOT, Catalogue, clean_env

NEEDED = ("RUCIO_CONFIG", "RUCIO_CONFIG_HTTPS", "RUCIO_CA_CERT", "RUCIO_URL", "RUCIO_HTTPS_URL", "RUCIO_DEV_BIN", "RUCIO_DEV_STATE", "S3_ENDPOINT", "S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")


def pytest_sessionstart(session):
    missing = [name for name in (*NEEDED, *(["DATABASE_URL"] if KIND == "postgres" else [])) if not os.environ.get(name)]
    if missing:
        pytest.exit(f"not in the environment: {', '.join(missing)}; start the servers of test/servers first", returncode=2)
    if KIND not in ("embedded", "postgres"):
        pytest.exit(f"RUCIO_STAC_TEST_DB is {KIND!r}; accepted are embedded and postgres", returncode=2)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    # GDAL looks for sidecar files beside each COG otherwise; and trusts the development CA.
    os.environ |= {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_HTTP_TIMEOUT": "60", "VSI_CACHE": "FALSE"}
    # Install and build once, so that no test's own time limit meets it.
    subprocess.run(["node", str(ROOT / "src" / "bootstrap.mjs"), "build"], env=clean_env(), cwd=ROOT, check=True, timeout=900, stdin=subprocess.DEVNULL)


def pytest_collection_modifyitems(config, items):
    other = "one_database" if KIND == "postgres" else "postgres"
    others = [item for item in items if item.get_closest_marker(other) is None]
    if len(others) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in others])
        items[:] = others


NOTES = []


def pytest_terminal_summary(terminalreporter):
    for note in NOTES:
        terminalreporter.write_line(note)


@pytest.fixture(scope="session")
def note():
    """Tells something at the run's end, such as a time that was taken."""
    return NOTES.append


def pytest_report_header():
    return f"database: {KIND}"


@pytest.fixture(scope="session")
def lake(tmp_path_factory):
    return Lake(tmp_path_factory.mktemp("lake"))


SHARED = []


@pytest.fixture(autouse=True)
def servers_live():
    """A shared server that has ended fails one test, with what it said, and is started again for the others."""
    yield
    for made in SHARED:
        if made.server is not None and made.server.popen.poll() is not None:
            code, text = made.server.popen.returncode, made.server.text
            made.start()
            pytest.fail(f"the shared server ended with {code}:\n{text[-5000:]}")


@pytest.fixture(scope="session", params=["s3", "folder"])
def catalogue(request, lake):
    """A served catalogue with the lake's container ingested while it was serving."""
    made = Catalogue(store=request.param)
    try:
        made.start()
        made.report = made.cli("ingest", lake.did).ok()
        SHARED.append(made)
        yield made
        SHARED.remove(made)
        made.stop()
    finally:
        made.close()


@pytest.fixture(scope="session")
def s3_catalogue(lake):
    made = Catalogue(store="s3")
    try:
        made.start()
        made.report = made.cli("ingest", lake.did).ok()
        SHARED.append(made)
        yield made
        SHARED.remove(made)
    finally:
        made.close()


@pytest.fixture(scope="session")
def leading_catalogue():
    """Behind a proxy, writable, and with signed addresses."""
    made = Catalogue(store="s3", settings={"RUCIO_STAC_TRANSACTIONS": "true", "RUCIO_STAC_TRUST_PROXY": "true", "RUCIO_STAC_SIGN_ASSETS": "true"})
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def make_catalogue():
    """Catalogues that are gone after the test."""
    made = []

    def make(**kwargs):
        made.append(Catalogue(**kwargs))
        return made[-1]

    yield make
    for each in made:
        each.close()
