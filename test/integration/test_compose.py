"""docker-compose.yml and the image builds agree with the code. No Docker engine here: the app's image is built by hand,
instruction by instruction, in a folder, and what its commands say is run."""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from support.product import ROOT, Catalogue, Process, clean_env, free_port, until

# The services run on PostgreSQL.
pytestmark = pytest.mark.postgres

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
# Settings of images that are not ours, by their documentation.
FOREIGN = {"postgis": {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"}, "s3": {"ROOT_ACCESS_KEY", "ROOT_SECRET_KEY"}}


def instructions(path):
    """[(stage, word, rest)] of a Dockerfile; stages by name or number."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE))
    stage, count, found = None, 0, []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            name = re.search(r"\bAS (\S+)", rest)
            stage, count = name[1] if name else str(count), count + 1
        found.append((stage, word, rest.strip()))
    return found


def ignored(path):
    patterns = [line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines() if line.strip() and not line.startswith("#")]
    parts = Path(path).parts
    return any(fnmatch.fnmatch("/".join(parts[: n + 1]), pattern) or (pattern.startswith("**/") and fnmatch.fnmatch(parts[n], pattern[3:])) for n in range(len(parts)) for pattern in patterns)


def dockerfiles():
    return {Path(SERVICES[name]["build"]["context"]) / SERVICES[name]["build"]["dockerfile"] for name in OURS}


def known_settings():
    """Names that the code reads from the environment."""
    text = "\n".join(path.read_text() for folder in ("src", "test/servers/s3") for path in (ROOT / folder).rglob("*") if path.suffix in (".ts", ".mjs"))
    names = set(re.findall(r"\benv\.([A-Z][A-Z0-9_]+)|\benv, '([A-Z][A-Z0-9_]+)'", text))
    names = {a or b for a, b in names} | {name for line in re.findall(r"const \{([^}]+)\} = process\.env", text) for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", line)}
    # The AWS SDK's own, which bucket.mjs leaves to it.
    return names | {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "NODE_ENV"}


def test_every_setting_is_one_that_the_code_reads():
    known = known_settings()
    assert {"PORT", "HOST", "DATABASE_URL", "RUCIO_STAC_PUBLIC_URL", "S3_BUCKET", "S3_PUBLIC_URL", "S3_FORCE_PATH_STYLE", "RUCIO_CONFIG"} <= known
    for name, service in SERVICES.items():
        unknown = set(service.get("environment", {})) - FOREIGN.get(name, known)
        assert not unknown, f"{name}: {unknown}"
    for path in dockerfiles():
        for _, word, rest in instructions(ROOT / path):
            if word == "ENV":
                names = {part.split("=")[0] for part in shlex.split(rest)}
                assert names <= known | {"RUCIO_DEV_CACHE", "RUCIO_DEV_STATE"}, f"{path}: {names}"


def test_the_readme_tells_the_same_settings():
    text = (ROOT / "README.md").read_text()
    for service in ("app", "ingest"):
        for name in SERVICES[service]["environment"]:
            assert name in text, f"README.md says nothing of {name}"


@pytest.mark.parametrize("path", sorted(map(str, dockerfiles())))
def test_what_images_copy_is_there(path):
    assert (ROOT / path).exists()
    stages, tracked = set(), set(subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout.split("\n"))
    for stage, word, rest in instructions(ROOT / path):
        stages.add(stage)
        if word != "COPY":
            continue
        origin = re.match(r"--from=(\S+)\s+(.*)", rest)
        if origin:
            assert origin[1] in stages
            continue
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists(), f"{path}: COPY {source}"
            assert not ignored(source), f"{path}: {source} is in .dockerignore"
            assert source in tracked or any(name.startswith(f"{source}/") for name in tracked), f"{path}: {source} is not in git"


def test_volumes_ports_and_names_fit_together():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])
    for name, service in SERVICES.items():
        for other in service.get("depends_on", {}):
            assert other in SERVICES, f"{name} depends on {other}"
            condition = service["depends_on"][other]["condition"]
            if condition == "service_healthy":
                image = SERVICES[other].get("build")
                assert "healthcheck" in SERVICES[other] or any(word == "HEALTHCHECK" for _, word, _ in instructions(ROOT / image["dockerfile"])), other
        if service.get("network_mode", "").startswith("service:"):
            assert service["network_mode"].split(":")[1] in SERVICES
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port} is open to others"
    postgis, s3 = SERVICES["postgis"]["environment"], SERVICES["s3"]["environment"]
    for name in ("app", "ingest"):
        url = urlsplit(SERVICES[name]["environment"]["DATABASE_URL"])
        assert (url.hostname, url.port, url.username, url.password, url.path) == ("postgis", 5432, postgis["POSTGRES_USER"], postgis["POSTGRES_PASSWORD"], f"/{postgis['POSTGRES_DB']}")
    for name in ("bucket", "ingest"):
        environment = SERVICES[name]["environment"]
        assert (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]) == (s3["ROOT_ACCESS_KEY"], s3["ROOT_SECRET_KEY"])
        endpoint = urlsplit(environment["S3_ENDPOINT"])
        assert endpoint.hostname == "s3" and f":{endpoint.port}" in SERVICES["s3"]["command"]
    public = urlsplit(SERVICES["ingest"]["environment"]["S3_PUBLIC_URL"])
    assert f"127.0.0.1:{public.port}:{endpoint.port}" in SERVICES["s3"]["ports"]
    assert public.path == f"/{SERVICES['ingest']['environment']['S3_BUCKET']}"
    app = SERVICES["app"]["environment"]
    assert f"127.0.0.1:{urlsplit(app['RUCIO_STAC_PUBLIC_URL']).port}:{app['PORT']}" in SERVICES["app"]["ports"]
    # The version that the tests run against.
    assert re.search(r"VERSITYGW_VERSION=(\S+)", (ROOT / "test/servers/s3/common").read_text())[1] == SERVICES["s3"]["image"].split(":")[1]


def test_the_rucio_image_and_its_state_fit_the_scripts():
    settings = next(rest for _, word, rest in instructions(ROOT / ".docker/rucio.Dockerfile") if word == "ENV")
    state = dict(part.split("=") for part in settings.split())["RUCIO_DEV_STATE"]
    assert f"lake:{state}" in SERVICES["rucio"]["volumes"] and f"lake:{state}" in SERVICES["ingest"]["volumes"]
    config = Path(SERVICES["ingest"]["environment"]["RUCIO_CONFIG"])
    # The same file under the state folder of the instance that runs now.
    assert (Path(os.environ["RUCIO_DEV_STATE"]) / config.relative_to(state)).exists()
    common = (ROOT / "test/servers/rucio/lib/common").read_text()
    health = next(rest for _, word, rest in instructions(ROOT / ".docker/rucio.Dockerfile") if word == "HEALTHCHECK")
    port = re.search(r"127\.0\.0\.1:(\d+)/ping", health)[1]
    assert f"RUCIO_DEV_HTTP_PORT:-{port}" in common
    for script in re.findall(r"/rucio/(\w+)", (ROOT / ".docker/rucio-entrypoint").read_text()):
        assert os.access(ROOT / "test" / "servers" / "rucio" / script, os.X_OK), script
    assert subprocess.run(["bash", "-n", str(ROOT / ".docker/rucio-entrypoint")], timeout=10).returncode == 0


@pytest.fixture(scope="module")
def image():
    """The app's last stage as a folder, its ENV and its words, by carrying out .docker/Dockerfile."""
    top = Path(tempfile.mkdtemp(prefix="rs-image-"))
    stages, env, words = {}, {}, {}
    try:
        for stage, word, rest in instructions(ROOT / ".docker/Dockerfile"):
            root = stages.setdefault(stage, {"root": top / stage, "cwd": "/"})
            inside = lambda path: root["root"] / os.path.normpath(os.path.join(root["cwd"], path)).lstrip("/")  # noqa: B023, E731
            if word == "FROM":
                root["root"].mkdir()
                env, words = {}, {}
            elif word == "WORKDIR":
                root["cwd"] = rest
                inside(".").mkdir(parents=True)
            elif word == "ENV":
                env |= dict(part.split("=", 1) for part in shlex.split(rest))
            elif word == "COPY":
                origin = re.match(r"--from=(\S+)\s+(.*)", rest)
                *sources, target = (origin[2] if origin else rest).split()
                for source in sources:
                    path = stages[origin[1]]["root"] / source.lstrip("/") if origin else ROOT / source
                    to = inside(target) / path.name if target.endswith("/") and path.is_file() else inside(target)
                    to.parent.mkdir(parents=True, exist_ok=True)
                    if path.is_dir():
                        shutil.copytree(path, to, symlinks=True, dirs_exist_ok=True)
                    else:
                        shutil.copy2(path, to)
            elif word == "RUN":
                if "chown" in rest:  # the one line that is about users, of whom a folder has none
                    continue
                done = subprocess.run(["bash", "-c", rest], cwd=inside("."), env=clean_env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
                assert done.returncode == 0, f"RUN {rest}\n{done.stdout}{done.stderr}"
            else:
                words[word] = rest
        yield stages[stage]["root"], env, words
    finally:
        shutil.rmtree(top, ignore_errors=True)


def test_the_image_serves(image):
    root, env, words = image
    entry, command = json.loads(words["ENTRYPOINT"]), json.loads(words["CMD"])
    assert words["EXPOSE"] == env["PORT"] == SERVICES["app"]["environment"]["PORT"]
    assert words["VOLUME"] == env["RUCIO_STAC_DATA"]
    assert words["USER"] == "node"
    health = json.loads(words["HEALTHCHECK"].split("CMD", 1)[1])
    made = Catalogue(store="folder")
    port = free_port()
    # What compose sets, with this machine's addresses in place of the containers'.
    settings = SERVICES["app"]["environment"] | {"PORT": port, "RUCIO_STAC_PUBLIC_URL": f"http://localhost:{port}"}
    settings.pop("DATABASE_URL")
    settings |= {"DATABASE_URL": made.env["DATABASE_URL"]}
    # A container's work tree is not its user's to write.
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file() and "node_modules" not in path.parts}
    process = Process([entry[0], str(root / entry[1].lstrip("/")), *command], env=clean_env(**env | settings | {"RUCIO_STAC_DATA": made.data}), cwd=root / "app")
    try:
        def ready():
            assert process.popen.poll() is None, process.text
            try:
                return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
            except requests.RequestException:
                return False

        until(ready, 120, "the image's server is ready")
        check = [health[0], *[word.replace(f":{env['PORT']}/", f":{port}/") for word in health[1:]]]
        assert subprocess.run(check, env=clean_env(), timeout=30).returncode == 0
        links = requests.get(f"http://127.0.0.1:{port}/", timeout=30).json()["links"]
        assert all(link["href"].startswith(f"http://localhost:{port}") for link in links)
        assert requests.get(f"http://127.0.0.1:{port}/api.html", timeout=30).status_code == 200
        assert process.end() == 0, process.text
        assert subprocess.run(check, env=clean_env(), timeout=30).returncode == 1
        assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file() and "node_modules" not in path.parts} == before
    finally:
        process.kill()
        made.close()


def test_the_image_ingests_and_makes_the_bucket(image, lake):
    root, env, _ = image
    made = Catalogue(store="s3")
    try:
        entry = SERVICES["bucket"]["entrypoint"]
        bucket = subprocess.run([entry[0], str(root / entry[1].lstrip("/"))], env=clean_env(**made.env | {"S3_BUCKET": made.name}), capture_output=True, text=True, timeout=60)
        assert bucket.returncode == 0, bucket.stderr
        entry = SERVICES["ingest"]["entrypoint"]
        told = subprocess.run([entry[0], str(root / entry[1].lstrip("/")), *entry[2:], f"{lake.scope}:scenes"], env=clean_env(**env | made.env | {"S3_BUCKET": made.name}), cwd=root / "app", capture_output=True, text=True, timeout=240)
        assert told.returncode == 0, told.stdout + told.stderr
        made.start(S3_BUCKET=made.name)
        href = made.items(f"{lake.scope}.scenes")[0]["assets"]["red"]["href"]
        assert f"/{made.name}/" in href and requests.get(href, timeout=30).content[:2] == b"II"
    finally:
        made.close()
