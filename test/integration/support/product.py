"""One catalogue of rucio-stac as a person has it: settings, a database, a place for COGs, commands and a server.

Everything is a real process of `node src/bin.mjs`. A catalogue has a database of its own (a folder, or a database on
the PostgreSQL server that DATABASE_URL names) and, on S3, a prefix of its own, so that tests do not meet.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import boto3
import requests

ROOT = Path(__file__).resolve().parents[3]
KIND = os.environ.get("RUCIO_STAC_TEST_DB", "embedded")
POSTGRES = os.environ.get("DATABASE_URL")
S3 = {name: os.environ[name] for name in ("S3_ENDPOINT", "S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "S3_FORCE_PATH_STYLE", "S3_PUBLIC_URL") if name in os.environ}
# Over https, with the development CA: the storage is https first, too.
RUCIO = {"RUCIO_CONFIG": os.environ.get("RUCIO_CONFIG_HTTPS", "")}
INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "XDG_CACHE_HOME", "NODE_EXTRA_CA_CERTS")
# A stack trace: never for a fault that a person can mend.
STACK = re.compile(r"^\s+at .+:\d+:\d+\)?$|node:internal|UnhandledPromise", re.MULTILINE)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, seconds, what, every=0.05):
    """Polls until `condition()` is true; its value. Bounded."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(every)


def clean_env(**extra):
    env = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return env | {"NO_PROXY": "127.0.0.1,localhost"} | {name: str(value) for name, value in extra.items() if value is not None}


@dataclass
class Result:
    code: int
    out: str
    err: str
    seconds: float

    def __str__(self):
        return f"exit {self.code} in {self.seconds:.1f} s\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    @property
    def lines(self):
        return [line for line in self.err.splitlines() if line.strip()]

    def ok(self):
        assert self.code == 0, str(self)
        return self

    def refused(self, *words):
        """One clear sentence on stderr, exit code 1, nothing of the program's inside."""
        assert self.code == 1, str(self)
        assert not STACK.search(self.err + self.out), str(self)
        told = [line for line in self.lines if line.startswith("rucio-stac: ")]
        assert len(told) == 1 and self.lines[-1] == told[0], str(self)
        sentence = told[0].removeprefix("rucio-stac: ")
        assert len(sentence) < 400 and "(set RUCIO_STAC_DEBUG" not in sentence, str(self)
        for word in words:
            assert word.lower() in sentence.lower(), f"{word!r} is not in: {sentence}"
        return sentence


def run(command, *, env, cwd=ROOT, timeout=300, stdin=None):
    began = time.monotonic()
    # A session of its own: what it leaves behind at a time-out is ended with it.
    with subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"{command} did not end within {timeout} s\n{out}\n{err}") from None
    return Result(process.returncode, out, err, time.monotonic() - began)


class Process:
    """A long-running command, its output kept."""

    def __init__(self, command, *, env, cwd=ROOT):
        self.output = tempfile.TemporaryFile("w+")
        self.popen = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True)

    @property
    def pid(self):
        return self.popen.pid

    @property
    def text(self):
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode(errors="replace")

    def await_text(self, pattern, seconds):
        def found():
            match = re.search(pattern, self.text)
            if match is None and self.popen.poll() is not None:
                raise AssertionError(f"it ended with {self.popen.returncode}:\n{self.text}")
            return match

        return until(found, seconds, f"{pattern!r} in the output:\n{self.text}")

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, seconds):
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it still ran after {seconds} s:\n{self.text}") from None

    def end(self, seconds=30):
        """SIGTERM, and its exit code."""
        if self.popen.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        if self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait(10)
        self.output.close()

    def memory(self):
        """Most resident memory so far, in bytes, of the process and its children."""
        total = 0
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                stat = (folder / "stat").read_text()
                session = int(stat[stat.rindex(")") + 2 :].split()[3])
                if session == self.pid:
                    peak = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
                    total += int(peak[1]) * 1024 if peak else 0
        return total


def psql(sql):
    done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", POSTGRES, "-c", sql], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def s3_client():
    return boto3.client("s3", endpoint_url=S3["S3_ENDPOINT"], region_name=S3["AWS_REGION"], aws_access_key_id=S3["AWS_ACCESS_KEY_ID"], aws_secret_access_key=S3["AWS_SECRET_ACCESS_KEY"], config=boto3.session.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}, connect_timeout=5, read_timeout=30))


@dataclass
class Catalogue:
    store: str = "s3"  # or "folder": the embedded asset folder
    kind: str = KIND  # or "postgres"
    settings: dict = field(default_factory=dict)
    root: Path = ROOT
    folder: Path = None
    server: Process = None
    servers: list = field(default_factory=list)

    def __post_init__(self):
        self.name = f"it{secrets.token_hex(4)}"
        # Short: the folder holds a unix socket.
        self.folder = Path(tempfile.mkdtemp(prefix="rs-"))
        self.port = free_port()
        self.env = clean_env(**RUCIO, RUCIO_STAC_DATA=self.folder / "data", RUCIO_STAC_SAMPLE="false", RUCIO_STAC_BROWSER="false", HOST="127.0.0.1", PORT=self.port)
        if self.kind == "postgres":
            assert POSTGRES, "DATABASE_URL is not set; eval \"$(test/servers/postgres/start)\""
            psql(f'create database "{self.name}"')
            self.env["DATABASE_URL"] = urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{self.name}"))
        if self.store == "s3":
            assert S3, "S3_ENDPOINT is not set; eval \"$(test/servers/s3/start)\""
            self.env |= S3 | {"S3_PREFIX": self.name}
        self.env |= {name: str(value) for name, value in self.settings.items()}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self):
        return self.folder / "data"

    def with_env(self, extra):
        env = self.env | {name: str(value) for name, value in extra.items() if value is not None}
        return {name: value for name, value in env.items() if extra.get(name, "") is not None}

    def command(self, *args):
        return ["node", str(self.root / "src" / "bin.mjs"), *map(str, args)]

    def cli(self, *args, timeout=300, cwd=None, **env):
        """Runs a command to its end. An environment name set to None is left out."""
        return run(self.command(*args), env=self.with_env(env), cwd=cwd or self.root, timeout=timeout)

    def spawn(self, *args, **env):
        process = Process(self.command(*args), env=self.with_env(env), cwd=self.root)
        self.servers.append(process)
        return process

    def start(self, seconds=120, **env):
        """Starts the server and waits until it is ready; seconds it took."""
        began = time.monotonic()
        self.server = self.spawn("serve", **env)

        def ready():
            if self.server.popen.poll() is not None:
                raise AssertionError(f"the server ended with {self.server.popen.returncode}:\n{self.server.text}")
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200

        until(ready, seconds, "the server is ready")
        return time.monotonic() - began

    def stop(self):
        code = self.server.end()
        assert code == 0, f"the server ended with {code}:\n{self.server.text}"
        self.server = None

    def close(self):
        for process in self.servers:
            process.kill()
        if self.kind == "postgres":
            psql(f'drop database if exists "{self.name}" with (force)')
        shutil.rmtree(self.folder, ignore_errors=True)

    def get(self, path, **kwargs):
        return requests.get(self.url + path, timeout=60, **kwargs)

    def json(self, path, status=200, **kwargs):
        response = self.get(path, **kwargs)
        assert response.status_code == status, f"{path}: {response.status_code} {response.text[:500]}"
        return response.json()

    def items(self, collection):
        """All Items of a Collection by the pages, as sent."""
        found, address = [], f"{self.url}/collections/{collection}/items?limit=1000"
        while address:
            page = requests.get(address, timeout=60)
            assert page.status_code == 200, page.text
            found += page.json()["features"]
            address = next((link["href"] for link in page.json()["links"] if link["rel"] == "next"), None)
        return found

    def objects(self):
        """What the store holds: key -> (size, time of writing, what tells its content)."""
        if self.store == "s3":
            pages = s3_client().get_paginator("list_objects_v2").paginate(Bucket=S3["S3_BUCKET"], Prefix=self.name)
            return {each["Key"]: (each["Size"], each["LastModified"], each["ETag"]) for page in pages for each in page.get("Contents", [])}
        files = [path for path in (self.data / "assets").rglob("*") if path.is_file()]
        return {str(path.relative_to(self.data / "assets")): (path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_ino) for path in files}


def clone_folder(prefix):
    """A folder as a clone has it, for commands that are run within."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, folder)
    for name in ("src", "examples", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    return folder


class Background(threading.Thread):
    """Runs a function beside the test; `result()` gives what it gave or raises what it raised."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.value, self.error = work, None, None
        self.start()

    def run(self):
        try:
            self.value = self.work()
        except BaseException as error:  # noqa: BLE001
            self.error = error

    def result(self, seconds=300):
        self.join(seconds)
        assert not self.is_alive(), f"still running after {seconds} s"
        if self.error:
            raise self.error
        return self.value


@contextlib.contextmanager
def served(world):
    """A world with a catalogue, `made`: it is stopped in order, and taken away whatever happens."""
    try:
        yield world
        world.made.stop()
    finally:
        world.made.close()
