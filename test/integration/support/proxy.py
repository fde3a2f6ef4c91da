"""A reverse proxy in a thread: http://127.0.0.1:PORT/PREFIX/… -> the product's server, as nginx or Traefik would."""

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host", "content-length"}


@contextmanager
def reverse_proxy(port, target, prefix, *, strip=True, headers=None):
    to = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            if self.path != prefix and not self.path.startswith((f"{prefix}/", f"{prefix}?")):
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            path = self.path[len(prefix) :] if strip else self.path
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP} | (headers or {})
            sent["Host"] = to.netloc
            upstream = http.client.HTTPConnection(to.hostname, to.port, timeout=60)
            try:
                upstream.request(self.command, path if path.startswith("/") else f"/{path}", body or None, sent)
                answer = upstream.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                length = answer.getheader("content-length") if self.command == "HEAD" else str(len(content))
                for name, value in answer.getheaders():
                    if name.lower() not in HOP:
                        self.send_header(name, value)
                if length is not None and answer.status not in (204, 304):
                    self.send_header("content-length", length)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)
            finally:
                upstream.close()

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = pass_on

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}{prefix}"
    finally:
        server.shutdown()
        server.server_close()
