"""An RSE in a private bucket of the real S3 server, for whose addresses Rucio holds the keys (sign_url): put, read, and led to."""

import json
import os
import secrets
import select
import socket
import ssl
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import rasterio
import requests
from support.lake import UTM, new_scope, ramp, write_tiff
from support.product import S3, s3_client
from test_assets import CA, ask, rucio
from test_publish import as_alice, replicas

pytestmark = pytest.mark.one_database

STATE = Path(os.environ.get("RUCIO_DEV_STATE", "/nowhere"))
# Rucio signs for its protocol "https" only, and takes keys by the id of the RSE.
MAKE = """
rse, bucket, port = sys.argv[1:4]
client.add_rse(rse, deterministic=True)
client.add_protocol(rse, {'scheme': 'https', 'hostname': '127.0.0.1', 'port': int(port), 'prefix': f'/{bucket}/lake/', 'impl': 'rucio.rse.protocols.webdav.Default', 'domains': {each: {'read': 1, 'write': 1, 'delete': 1} for each in ('wan', 'lan')}})
client.add_rse_attribute(rse, 'sign_url', 's3')
client.add_rse_attribute(rse, 's3_url_style', 'path')
client.set_local_account_limit('root', rse, -1)
print(client.get_rse(rse)['id'])
"""


class TlsDoor:
    """https before the S3 server, which speaks http: Rucio signs for https only."""

    def __init__(self, far):
        self.far = (far.hostname, far.port)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(STATE / "tls" / "server.crt", STATE / "tls" / "server.key")
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        # The first line of each request.
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.join, args=(near,), daemon=True).start()

    def join(self, near):
        try:
            with self.context.wrap_socket(near, server_side=True) as inner, socket.create_connection(self.far) as outer:
                while True:
                    ready = [inner] if inner.pending() else select.select([inner, outer], [], [], 60)[0]
                    for each in ready:
                        data = each.recv(1 << 16)
                        if not data:
                            return
                        if each is inner and data[:4] in (b"GET ", b"PUT ", b"HEAD", b"MOVE", b"MKCO", b"DELE"):
                            self.asked.append(data.split(b"\r\n", 1)[0].decode())
                        (outer if each is inner else inner).sendall(data)
        except OSError:
            return

    def close(self):
        self.listening.close()


@pytest.fixture(scope="module")
def storage():
    door = TlsDoor(urlsplit(S3["S3_ENDPOINT"]))
    bucket = f"lake-{secrets.token_hex(4)}"
    s3_client().create_bucket(Bucket=bucket)
    rse = f"SIGNED-{secrets.token_hex(4).upper()}"
    number = rucio(MAKE, rse, bucket, str(door.port)).strip()
    accounts = STATE / "server" / "etc" / "rse-accounts.cfg"
    known = json.loads(accounts.read_text()) if accounts.exists() else {}
    known[number] = {"access_key": S3["AWS_ACCESS_KEY_ID"], "secret_key": S3["AWS_SECRET_ACCESS_KEY"], "signature_version": "s3v4", "region": S3["AWS_REGION"]}
    # Whole at each moment: Rucio reads it for every address.
    part = accounts.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(known))
    part.replace(accounts)
    yield SimpleNamespace(rse=rse, bucket=bucket, door=door, base=f"https://127.0.0.1:{door.port}/{bucket}/lake/")
    door.close()


@pytest.fixture(scope="module")
def catalogue(leading_catalogue):
    return leading_catalogue


@pytest.fixture(scope="module")
def scene(catalogue, storage, tmp_path_factory):
    """Put there by `upload`, then ingested."""
    scope = new_scope()
    rucio("client.add_scope('root', sys.argv[1])", scope)
    path = write_tiff(tmp_path_factory.mktemp("signed") / "tile_20240301T101500.tif", ramp((1, 150, 130), "int16", 5), crs="EPSG:32632", transform=UTM, names=["red"])
    done = catalogue.cli("upload", path, "--scope", scope, "--rse", storage.rse, "--dataset", f"{scope}:ds", "--ingest").ok()
    return SimpleNamespace(scope=scope, path=path, name=path.name, item=path.stem, collection=f"{scope}.ds", done=done)


# What a signature is made of, and whose it is.
SECRET = ("X-Amz-Signature", "X-Amz-Credential", "Signature=", S3.get("AWS_ACCESS_KEY_ID", "none"))


def test_upload_puts_it_there_by_an_address_that_rucio_signed(scene, storage):
    [(size, _, _, states)] = replicas(scene.scope, scene.name).values()
    assert (size, states) == (scene.path.stat().st_size, {storage.rse: "AVAILABLE"})
    [key] = [each["Key"] for each in s3_client().list_objects_v2(Bucket=storage.bucket)["Contents"]]
    assert key.endswith(f"/{scene.name}") and s3_client().get_object(Bucket=storage.bucket, Key=key)["Body"].read() == scene.path.read_bytes()
    assert any(line.startswith("PUT ") and "X-Amz-Signature=" in line for line in storage.door.asked)


def test_what_is_ingested_has_the_pixels_and_no_signature(catalogue, scene, storage):
    text = catalogue.get(f"/collections/{scene.collection}/items/{scene.item}").text
    assert not [each for each in SECRET if each in text + scene.done.out + scene.done.err]
    item = json.loads(text)
    [replica] = item["assets"]["source"]["alternate"].values()
    assert replica["href"].startswith(storage.base) and "?" not in replica["href"]
    with rasterio.open(item["assets"]["red"]["href"]) as cog, rasterio.open(scene.path) as source:
        assert (cog.read() == source.read()).all()


def test_the_permanent_address_leads_to_a_signed_one(catalogue, scene, storage):
    assert requests.get(next(iter(catalogue.json(f"/collections/{scene.collection}/items/{scene.item}")["assets"]["source"]["alternate"].values()))["href"], verify=CA, timeout=60).status_code == 403
    for _ in range(3):
        led = ask(catalogue, scene.collection, scene.item, "source")
        assert led.status_code == 302, led.text
        location = led.headers["location"]
        assert location.startswith(storage.base) and "X-Amz-Signature=" in location and S3["AWS_SECRET_ACCESS_KEY"] not in location
        assert int(location.split("X-Amz-Expires=")[1].split("&")[0]) == 3600
        assert requests.get(location, verify=CA, timeout=60).content == scene.path.read_bytes()
    part = requests.get(location, headers={"range": "bytes=8-15"}, verify=CA, timeout=60)
    assert (part.status_code, part.content) == (206, scene.path.read_bytes()[8:16])
    [listed] = ask(catalogue, scene.collection, scene.item, "source", "application/json").json()["replicas"]
    assert listed["readable"] and requests.get(listed["href"], verify=CA, timeout=60).status_code == 200


def test_get_show_and_sync_tell_no_signature(catalogue, scene, storage, tmp_path):
    got = catalogue.cli("get", f"{scene.scope}:{scene.name}", "--out", tmp_path).ok()
    [path] = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert path.read_bytes() == scene.path.read_bytes()
    shown = catalogue.cli("show", f"{scene.scope}:{scene.name}").ok()
    assert storage.base in shown.out
    compared = catalogue.cli("sync", f"{scene.scope}:ds", "--check").ok()
    for each in (got, shown, compared):
        assert not [word for word in SECRET if word in each.out + each.err], str(each)


def test_an_account_for_which_rucio_does_not_sign(catalogue, scene, storage, tmp_path):
    refused = catalogue.cli("get", f"{scene.scope}:{scene.name}", "--out", tmp_path / "got", RUCIO_CONFIG=as_alice(tmp_path))
    assert refused.code == 1 and "403" in refused.err and storage.rse in refused.err, str(refused)


def test_unless_the_server_is_to_sign_addresses_are_plain(scene, storage, catalogue):
    catalogue.stop()
    catalogue.start(RUCIO_STAC_SIGN_ASSETS="false")
    led = ask(catalogue, scene.collection, scene.item, "source")
    assert led.status_code == 302 and led.headers["location"].startswith(storage.base) and "?" not in led.headers["location"]
