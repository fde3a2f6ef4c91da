"""Takes a Python client off the Internet: published schemas come from the project, all else but loopback is refused.

Put this folder on PYTHONPATH of stac-api-validator and the like, which fetch schemas with `requests` at each run and
have no setting for it. Nothing of what they check is changed.
"""

import socket

import schemas

_connect = socket.socket.connect
LOOPBACK = ("127.", "::1", "localhost")


def _guarded(self, address):
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        raise OSError(f"offline: no connection to {address[0]}")
    return _connect(self, address)


socket.socket.connect = _guarded

_getaddrinfo = socket.getaddrinfo


def _lookup(host, *args, **kwargs):
    if host is not None and not str(host).startswith(LOOPBACK):
        raise socket.gaierror(f"offline: no look-up of {host}")
    return _getaddrinfo(host, *args, **kwargs)


socket.getaddrinfo = _lookup

try:
    import io

    import requests
    import urllib3
except ImportError:
    requests = None

if requests is not None:
    _send = requests.Session.send
    _request = urllib3.PoolManager.request

    def _send_or_read(self, request, **kwargs):
        path = schemas.schema_path(request.url)
        if path is None:
            return _send(self, request, **kwargs)
        response = requests.Response()
        response.status_code = 200
        response.url = request.url
        response.request = request
        response.headers["content-type"] = "application/schema+json"
        response.encoding = "utf-8"
        response.raw = io.BytesIO(path.read_bytes())
        return response

    def _request_or_read(self, method, url, *args, **kwargs):
        path = schemas.schema_path(url)
        if path is None:
            return _request(self, method, url, *args, **kwargs)
        preload = kwargs.get("preload_content", True)
        return urllib3.HTTPResponse(body=io.BytesIO(path.read_bytes()), status=200, preload_content=preload)

    requests.Session.send = _send_or_read  # stac-validator, stac-check
    urllib3.PoolManager.request = _request_or_read  # pystac
