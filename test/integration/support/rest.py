"""Rucio by its REST API, as curl would ask: for changes of a lake that its client has no command for."""

import http.server
import os
import subprocess
import threading
from pathlib import Path
from urllib.parse import quote

import requests
from support.product import ROOT


class Rest:
    def __init__(self, scope):
        self.url, self.scope = os.environ["RUCIO_URL"], scope
        headers = {"X-Rucio-Account": "root", "X-Rucio-Username": "ddmlab", "X-Rucio-Password": "secret"}
        answer = requests.get(f"{self.url}/auth/userpass", headers=headers, timeout=30)
        self.session = requests.Session()
        self.session.headers["X-Rucio-Auth-Token"] = answer.headers["X-Rucio-Auth-Token"]

    def ask(self, method, path, body=None):
        answer = self.session.request(method, self.url + path, json=body, timeout=120)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    def dids(self, *names):
        return [{"scope": self.scope, "name": name} for name in names]

    def path(self, name):
        return f"/dids/{self.scope}/{quote(name, safe='')}"

    def attach(self, dataset, *names):
        self.ask("POST", f"{self.path(dataset)}/dids", {"dids": self.dids(*names)})

    def detach(self, dataset, *names):
        self.ask("DELETE", f"{self.path(dataset)}/dids", {"dids": self.dids(*names)})

    def close(self, dataset):
        self.ask("PUT", f"{self.path(dataset)}/status", {"open": False})

    def set_meta(self, name, **meta):
        self.ask("POST", f"{self.path(name)}/meta", {"meta": meta, "recursive": False})

    def add_replicas(self, rse, files):
        self.ask("POST", "/replicas", {"rse": rse, "ignore_availability": True, "files": [{"scope": self.scope, **each} for each in files]})

    def core(self, code, *words):
        """Runs Python within Rucio's server, for what only its daemons and administrators may."""
        lines = ["import sys", "from rucio.common.types import InternalScope", "from rucio.core import did, replica, rse, rule", "from rucio.db.sqla import models", "from rucio.db.sqla.session import transactional_session", "scope = InternalScope(sys.argv[1])", "@transactional_session", "def run(*, session):", *(f"    {line}" for line in code.splitlines()), "run()"]
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "RUCIO_CONFIG": f"{os.environ['RUCIO_DEV_STATE']}/server/etc/rucio.cfg", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([str(Path(os.environ["RUCIO_DEV_BIN"]) / "python"), "-c", "\n".join(lines), self.scope, *map(str, words)], env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]

    def delete_replicas(self, *replicas):
        """As the reaper does, which alone may: (RSE, name), and its rules; a file whose last replica goes is erased."""
        self.core(
            "for at, name in zip(sys.argv[2::2], sys.argv[3::2]):\n"
            "    for each in list(rule.list_rules({'scope': scope, 'name': name}, session=session)):\n"
            "        if each['rse_expression'] == at: rule.delete_rule(each['id'], session=session)\n"
            "    replica.delete_replicas(rse.get_rse_id(at, session=session), [{'scope': scope, 'name': name}], session=session)",
            *(word for each in replicas for word in each),
        )

    def set_content(self, name, size, adler32, md5):
        """Tells of a file that its bytes are others, as an administrator may."""
        self.core(
            "name = sys.argv[2]\n"
            "did.set_metadata(scope, name, 'bytes', int(sys.argv[3]), session=session)\n"
            "did.set_metadata(scope, name, 'adler32', sys.argv[4], session=session)\n"
            "for table in (models.DataIdentifier, models.RSEFileAssociation):\n"
            "    session.query(table).filter_by(scope=scope, name=name).update({'md5': sys.argv[5]}, synchronize_session=False)",
            name, size, adler32, md5,
        )

    def declare_bad(self, rse, *names):
        self.ask("POST", "/replicas/bad/dids", {"dids": self.dids(*names), "rse": rse, "reason": "a test"})

    def erase(self, name):
        """Ends the lifetime of a DID, and lets the daemon delete it that does so."""
        self.ask("POST", f"{self.path(name)}/meta/lifetime", {"value": -3600})
        done = subprocess.run([str(ROOT / "test" / "servers" / "rucio" / "daemon"), "undertaker"], env=os.environ, capture_output=True, text=True, timeout=120)
        assert self.session.get(self.url + self.path(name), timeout=30).status_code == 404, done.stderr[-3000:]


class Between:
    """Stands between the product and Rucio, whose answers pass as they are until `answer` gives another: path -> (status, headers, body)."""

    def __init__(self, rest):
        self.answer = lambda path: None
        between = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def reply(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status, headers, content = between.answer(self.path) or self.passed(body)
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def passed(self, body):
                sent = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
                got = requests.request(self.command, rest.url + self.path, headers=sent, data=body, timeout=120, allow_redirects=False)
                kept = {name: value for name, value in got.headers.items() if name.lower() in ("content-type", "location") or name.lower().startswith(("x-rucio", "exception"))}
                return got.status_code, kept, got.content

            do_GET = do_POST = reply

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self, folder, **more):
        lines = {"rucio_host": self.url, "auth_host": self.url, "account": "root", "auth_type": "userpass", "username": "ddmlab", "password": "secret", "request_retries": "0", "auth_token_file_path": f"{folder}/token", **more}
        path = folder / "rucio.cfg"
        path.write_text("[client]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items()))
        return path

    def close(self):
        self.server.shutdown()
        self.server.server_close()
