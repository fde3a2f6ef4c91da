"""Jobs for Raster2STAC, as JSON on stdin -> what became of each, as JSON in the file that is named. Runs in its own Python.

A job: `name`, `data` (a path, or a list of them), `options` of Raster2STAC, `validate`. What became of it: `error`, or null,
and all that it `said`.
"""

import contextlib
import io
import json
import resource
import socket
import sys
import warnings

# Bound before the imports: what it takes is not the tests' to wait for.
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))

import pystac  # noqa: E402
import rioxarray  # noqa: E402,F401
from raster2stac import Raster2STAC  # noqa: E402

warnings.filterwarnings("ignore")
VALIDATE, ADDRESSES = pystac.Item.validate, socket.getaddrinfo


def loopback(host, *rest, **more):
    """Not every client of its goes by a proxy, so the network is shut here."""
    if host not in ("127.0.0.1", "localhost"):
        raise socket.gaierror(socket.EAI_AGAIN, f"no network: {host}")
    return ADDRESSES(host, *rest, **more)


socket.getaddrinfo = loopback


def became(job):
    # It asks for schemas of extensions over the network; the other jobs are to end without one.
    pystac.Item.validate = VALIDATE if job.get("validate") else lambda item: []
    said, error = io.StringIO(), None
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            Raster2STAC(data=job["data"], **job["options"]).generate_cog_stac()
        except Exception as failure:  # noqa: BLE001
            error = f"{type(failure).__name__}: {failure}"
    return {"error": error, "said": said.getvalue()}


results = {job["name"]: became(job) for job in json.load(sys.stdin)}
with open(sys.argv[1], "w", encoding="utf-8") as out:
    json.dump(results, out)
