"""Runs in the Rucio client's own environment: a description of a small lake (JSON on stdin) -> the lake in Rucio.

    {"scope": str, "files": [{"path", "name", "rses": [str], "meta": {}}], "datasets": [{"name", "files": [str], "meta": {}}],
     "containers": [{"name", "children": [str], "meta": {}}]}

Prints {name: {rse: path in the storage}}. Files go over WebDAV by Rucio's UploadClient, as a person's do.
"""

import json
import sys
from urllib.parse import urlsplit

import urllib3
from rucio.client import Client
from rucio.client.uploadclient import UploadClient
from rucio.common.exception import Duplicate

# Rucio's webdav client never verifies the storage's certificate; say so here, once.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


def main():
    lake = json.load(sys.stdin)
    scope, client = lake["scope"], Client()
    try:
        client.add_scope("root", scope)
    except Duplicate:
        pass
    for file in lake["files"]:
        for rse in file["rses"]:
            UploadClient(client).upload(
                [{"path": file["path"], "rse": rse, "did_scope": scope, "did_name": file["name"], "force_scheme": "https", "register_after_upload": True}]
            )
        if file.get("meta"):
            client.set_metadata_bulk(scope, file["name"], file["meta"])
    for dataset in lake.get("datasets", []):
        client.add_dataset(scope, dataset["name"])
        if dataset.get("meta"):
            client.set_metadata_bulk(scope, dataset["name"], dataset["meta"])
        if dataset["files"]:
            client.attach_dids(scope, dataset["name"], [{"scope": scope, "name": name} for name in dataset["files"]])
    for container in lake.get("containers", []):
        client.add_container(scope, container["name"])
        if container.get("meta"):
            client.set_metadata_bulk(scope, container["name"], container["meta"])
        client.attach_dids(scope, container["name"], [{"scope": scope, "name": name} for name in container["children"]])
    places = {}
    for file in lake["files"]:
        for replica in client.list_replicas([{"scope": scope, "name": file["name"]}], schemes=["file"]):
            places[file["name"]] = {rse: urlsplit(pfns[0]).path for rse, pfns in replica["rses"].items()}
    json.dump(places, sys.stdout)


if __name__ == "__main__":
    main()
