"""Permanent addresses of assets: what Rucio's own client and boto3 say is where the bytes are, a server on Rucio and S3 leads to."""

import os
import re
import secrets
import subprocess
from pathlib import Path

import pystac
import pytest
import requests
from support.product import RUCIO, S3, free_port, s3_client
from test_transaction import EXTENT, make_item

CA = os.environ.get("RUCIO_CA_CERT")


def rucio(code, *args):
    """Runs Python with Rucio's client, as `client`."""
    state = Path(os.environ["RUCIO_DEV_STATE"])
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "RUCIO_CONFIG": os.environ["RUCIO_CONFIG"], "X509_USER_PROXY": str(state / "tls" / "client.pem"), "NO_PROXY": "127.0.0.1,localhost"}
    done = subprocess.run([str(Path(os.environ["RUCIO_DEV_BIN"]) / "python"), "-c", f"import sys, json\nfrom rucio.client import Client\nclient = Client()\n{code}", *args], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(catalogue, collection, item, key, accept="*/*", headers=None, **query):
    return requests.get(f"{catalogue.url}/collections/{collection}/items/{item}/assets/{key}", params=query, headers={"accept": accept} | (headers or {}), allow_redirects=False, timeout=60)


@pytest.fixture(scope="module")
def scene(lake):
    """The one with a replica at each of two RSEs."""
    return lake.scenes[0]


def test_the_original_by_its_permanent_address(s3_catalogue, lake, scene):
    for query in ({}, {"rse": "DEV-DISK"}, {"rse": "DEV-CACHE"}, {"scheme": "http"}):
        led = ask(s3_catalogue, lake.collection, scene.stem, "source", **query)
        assert led.status_code == 302, led.text
        location = led.headers["location"]
        assert location.startswith(f"{query.get('scheme', 'https')}://"), location
        assert requests.get(location, verify=CA, timeout=60).content == scene.path.read_bytes()
        assert not any("token" in name.lower() for name in led.headers), led.headers


def test_the_list_is_what_rucio_says(s3_catalogue, lake, scene):
    listed = ask(s3_catalogue, lake.collection, scene.stem, "source", "application/json").json()
    replicas = listed["replicas"]
    assert {each["rse"] for each in replicas} == set(scene.rses) and all(each["readable"] and each["state"] == "AVAILABLE" for each in replicas)
    told = rucio("[line] = client.list_replicas([{'scope': sys.argv[1], 'name': sys.argv[2]}], schemes=['https', 'davs', 'http', 'file'])\nprint('\\n'.join(line['pfns']))", lake.scope, scene.name)
    assert {each["href"] for each in replicas} == {pfn.replace("davs://", "https://") for pfn in told.split()}
    assert next(link["href"] for link in listed["links"] if link["rel"] == "item") == f"{s3_catalogue.url}/collections/{lake.collection}/items/{scene.stem}"


def test_a_replica_that_cannot_be_read_now_is_passed_over(make_catalogue, s3_catalogue, lake, scene):
    block = "client.update_rse(sys.argv[1], {'availability_read': sys.argv[2] == 'on'})"
    # A server of its own: an answer of Rucio's counts for a moment.
    made = make_catalogue(store="s3")
    made.start()
    made.cli("ingest", f"{lake.scope}:{scene.name}", "--collection", "one").ok()
    rucio(block, "DEV-CACHE", "off")
    try:
        for _ in range(5):
            assert "/dev-disk/" in ask(made, "one", scene.stem, "source").headers["location"]
        refused = ask(made, "one", scene.stem, "source", rse="DEV-CACHE")
        assert refused.status_code == 503 and "DEV-CACHE" in refused.json()["description"], refused.text
        listed = ask(made, "one", scene.stem, "source", f="json").json()["replicas"]
        assert {each["rse"]: each["readable"] for each in listed} == {"DEV-DISK": True, "DEV-CACHE": False}
    finally:
        rucio(block, "DEV-CACHE", "on")


def test_a_cog_leads_to_its_object(s3_catalogue, lake, scene):
    item = s3_catalogue.json(f"/collections/{lake.collection}/items/{scene.stem}")
    led = ask(s3_catalogue, lake.collection, scene.stem, "red")
    assert (led.status_code, led.headers["location"]) == (302, item["assets"]["red"]["href"])


def test_a_private_bucket_by_signed_addresses(make_catalogue, lake, scene):
    bucket = f"private-{secrets.token_hex(4)}"
    s3_client().create_bucket(Bucket=bucket)
    made = make_catalogue(store="s3", settings={"S3_BUCKET": bucket, "RUCIO_STAC_SIGN_ASSETS": "true"})
    made.start()
    made.cli("ingest", f"{lake.scope}:{scene.name}", "--collection", "one").ok()
    href = made.json(f"/collections/one/items/{scene.stem}")["assets"]["red"]["href"]
    assert requests.get(href, timeout=60).status_code == 403
    location = ask(made, "one", scene.stem, "red").headers["location"]
    assert "X-Amz-Signature=" in location and S3["AWS_SECRET_ACCESS_KEY"] not in location
    whole = requests.get(location, timeout=60)
    key = next(each["Key"] for each in s3_client().list_objects_v2(Bucket=bucket)["Contents"] if each["Key"].endswith("red.tif"))
    assert whole.status_code == 200 and whole.content == s3_client().get_object(Bucket=bucket, Key=key)["Body"].read()
    part = requests.get(location, headers={"range": "bytes=0-15"}, timeout=60)
    assert (part.status_code, part.content) == (206, whole.content[:16])


def test_without_a_bucket_and_rucio_nothing_can_be_signed(make_catalogue):
    make_catalogue(store="folder").cli("serve", RUCIO_STAC_SIGN_ASSETS="true", RUCIO_CONFIG=None).refused("RUCIO_STAC_SIGN_ASSETS", "S3_BUCKET")


def written(catalogue, scope, name):
    """An Item whose asset is a file of the lake."""
    item = make_item("a")
    item.add_asset("source", pystac.Asset("https://gone.example/x.tif", extra_fields={"rucio:scope": scope, "rucio:name": name}))
    made = pystac.Collection("written", "Written over HTTP", EXTENT).to_dict()
    assert requests.post(f"{catalogue.url}/collections", json=made, timeout=60).status_code == 201
    assert requests.post(f"{catalogue.url}/collections/written/items", json=item.to_dict(), timeout=60).status_code == 201


def test_what_rucio_does_not_know_is_gone(make_catalogue, lake):
    made = make_catalogue(store="folder", settings={"RUCIO_STAC_TRANSACTIONS": "true"})
    made.start()
    written(made, lake.scope, "never/there.tif")
    refused = ask(made, "written", "a", "source")
    assert refused.status_code == 410 and "DataIdentifierNotFound" in refused.json()["description"], refused.text


@pytest.mark.parametrize("how", ["silent", "refuses"])
def test_rucio_gives_no_answer(make_catalogue, lake, tmp_path, how):
    config = Path(RUCIO["RUCIO_CONFIG"]).read_text()
    address = f"https://127.0.0.1:{free_port()}"
    changes = {"rucio_host": address, "auth_host": address} if how == "silent" else {"password": "wrong"}
    # No token of an earlier login is of use.
    changes["auth_token_file_path"] = tmp_path / "token"
    for name, value in changes.items():
        config = re.sub(rf"^{name} *=.*$", f"{name} = {value}", config, flags=re.MULTILINE)
    (tmp_path / "rucio.cfg").write_text(config)
    made = make_catalogue(store="folder", settings={"RUCIO_STAC_TRANSACTIONS": "true", "RUCIO_CONFIG": tmp_path / "rucio.cfg"})
    made.start()
    written(made, lake.scope, "x.tif")
    refused = ask(made, "written", "a", "source")
    assert refused.status_code == 503, refused.text
    told = refused.json()["description"]
    assert "Rucio was asked" in told and str(tmp_path) not in told and "wrong" not in told, told
    assert refused.headers.get("retry-after"), refused.headers
