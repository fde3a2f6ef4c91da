"""Tiles by rucio-stac and by TiTiler (rio-tiler, GDAL): time of each, CPU time and memory of the server, in turn, on this machine.

    python bench/tiles.py [--rounds N] [--tiles N] [--size PIXELS] [--folder FOLDER] [--markdown FILE]

Needs a build, and titiler.core, uvicorn, pillow and rasterio in this Python. COGs are made by rucio-stac where they are not in the folder.
Before a time counts, the tiles of both are compared. No tile is asked for twice of one server, so none is answered from memory alone.
"""

import argparse
import io
import json
import math
import os
import platform
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds

HERE = Path(__file__).parent
ROOT = HERE.parent
COLOURS = ("red", "green", "blue")
WORLD = 2 * math.pi * 6378137
AT_ONCE = 4

TITILER = """
from fastapi import FastAPI
from rio_tiler.io import STACReader
from titiler.core.factory import MultiBaseTilerFactory, TilerFactory
app = FastAPI()
app.include_router(TilerFactory().router, prefix="/cog")
app.include_router(MultiBaseTilerFactory(reader=STACReader).router, prefix="/stac")
"""


def make(folder, colour, size):
    """Hills and grain, as a Sentinel-2 band has them, as a COG."""
    target = folder / f"{colour}-{size}.tif"
    if target.exists():
        return target
    rng = np.random.default_rng(COLOURS.index(colour))
    y, x = np.mgrid[0:size, 0:size].astype("f4")
    hills = sum(np.sin(x / step + rng.uniform(0, 6)) * np.cos(y / (step * 1.3) + rng.uniform(0, 6)) for step in (900, 170, 31)) * 400
    values = np.clip(2000 + hills + rng.normal(0, 25, (size, size)), 1, 10000).astype("u2")
    values[: size // 20, : size // 20] = 0
    source = folder / "source.tif"
    profile = dict(driver="GTiff", width=size, height=size, count=1, dtype="uint16", nodata=0, crs="EPSG:32632", transform=from_origin(600000, 5200020, 10, 10))
    with rasterio.open(source, "w", **profile) as out:
        out.write(values, 1)
    subprocess.run(["node", str(HERE / "write-cog.mjs"), str(source), str(target)], check=True)
    source.unlink()
    return target


def item(cogs, href):
    assets = {name: {"href": href(path), "type": "image/tiff; application=geotiff; profile=cloud-optimized", "roles": ["data"]} for name, path in cogs.items()}
    with rasterio.open(cogs["red"]) as source:
        west, south, east, north = transform_bounds(source.crs, "EPSG:4326", *source.bounds)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Feature", "stac_version": "1.1.0", "id": "i", "collection": "c", "geometry": {"type": "Polygon", "coordinates": [ring]}, "bbox": [west, south, east, north], "properties": {"datetime": "2024-01-01T00:00:00Z"}, "links": [], "assets": assets}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that answers at `probe`, with what it takes of the machine."""

    def __init__(self, command, port, probe, env):
        self.base = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(command, env=os.environ | env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(self.base + probe, timeout=5).read()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.close()
        raise SystemExit(f"{command[0]} does not answer at {probe}")

    def get(self, path):
        with urllib.request.urlopen(self.base + path, timeout=60) as response:
            return response.read()

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, name):
        """MB: VmRSS, now; VmHWM, at most since `forget_most`."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

    def forget_most(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def close(self):
        self.process.terminate()
        self.process.wait(30)


def start_own(folder, cogs):
    data = folder / "data"
    env = {"RUCIO_STAC_DATA": str(data), "RUCIO_STAC_SAMPLE": "false", "RUCIO_STAC_BROWSER": "false", "S3_BUCKET": "", "RUCIO_CONFIG": "", "RUCIO_HOME": ""}
    node = ["node", "--import", str(HERE / "loop-delay.mjs"), str(ROOT / "src" / "bin.mjs")]
    if not data.exists():
        (data / "assets").mkdir(parents=True)
        for path in cogs.values():
            os.link(path, data / "assets" / path.name)
        # What is served is what ingest would have made of the files.
        document = folder / "item.ndjson"
        document.write_text(json.dumps(item(cogs, lambda path: f"rucio-stac://api/assets/{path.name}")) + "\n")
        load = [*node, "load", str(document), "--create-collections", "--no-validate"]
        subprocess.run(load, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    return Server([*node, "serve"], port, "/conformance", env | {"PORT": str(port), "LOOP_DELAY_FILE": str(folder / "delay.json")})


def start_titiler(folder, cogs):
    (folder / "titiler_app.py").write_text(TITILER)
    (folder / "item.json").write_text(json.dumps(item(cogs, str)))
    port = free_port()
    # As TiTiler's own guide on performance has them.
    env = {"GDAL_CACHEMAX": "200", "CPL_VSIL_CURL_CACHE_SIZE": "200000000", "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "VSI_CACHE": "TRUE", "VSI_CACHE_SIZE": "5000000", "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "uvicorn", "titiler_app:app", "--port", str(port), "--log-level", "error"]
    return Server(command, port, "/openapi.json", env)


def addresses(tool, folder, cogs, kind, tile):
    z, x, y = tile
    place = f"{z}/{x}/{y}.png"
    rescale = "rescale=1000,3000"
    if tool == "rucio-stac":
        own = "/collections/c/items/i"
        return f"{own}/assets/red/tiles/{place}?{rescale}" if kind == "one band" else f"{own}/tiles/{place}?assets=red,green,blue&{rescale}"
    if kind == "one band":
        return f"/cog/tiles/WebMercatorQuad/{place}?url={cogs['red']}&{rescale}"
    return f"/stac/tiles/WebMercatorQuad/{place}?url={folder / 'item.json'}&assets=red&assets=green&assets=blue&{rescale}"


def tiles_within(cogs, count):
    """Tiles of six zooms that are wholly or mostly on the image, in an order that is always the same."""
    with rasterio.open(cogs["red"]) as source:
        west, south, east, north = transform_bounds(source.crs, "EPSG:3857", *source.bounds)
    found = []
    for zoom in range(9, 15):
        side = WORLD / 2**zoom
        columns = range(int((west + WORLD / 2) // side), int((east + WORLD / 2) // side) + 1)
        rows = range(int((WORLD / 2 - north) // side), int((WORLD / 2 - south) // side) + 1)
        here = [(zoom, x, y) for x in columns for y in rows]
        random.Random(zoom).shuffle(here)
        found += here[: count // 6 + 1]
    random.Random(0).shuffle(found)
    return found[:count]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)


def compare(servers, folder, cogs, kind, tiles):
    """Mean of differences of colours where both have one, and how often only one of them has."""
    colours, one_only = [], []
    for tile in tiles:
        one, other = (pixels(server.get(addresses(tool, folder, cogs, kind, tile))) for tool, server in servers.items())
        both = (one[..., 3] > 0) & (other[..., 3] > 0)
        one_only.append(np.mean((one[..., 3] > 0) != (other[..., 3] > 0)))
        if both.any():
            colours.append(np.abs(one - other)[both][:, :3].mean())
    difference, edges = float(np.mean(colours)), float(np.mean(one_only))
    assert difference < 4 and edges < 0.01, f"{kind}: tiles differ by {difference:.2f} of 255, {edges:.2%} of pixels are there in one alone"
    return difference, edges


def measure(server, folder, paths):
    def timed(path):
        began = time.perf_counter()
        server.get(path)
        return time.perf_counter() - began

    delay = folder / "delay.json"
    delay.unlink(missing_ok=True)
    is_own = any("loop-delay" in word for word in server.process.args)
    if is_own:
        ask_delay(server, delay)
    cpu, began = server.cpu(), time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        times = list(pool.map(timed, paths))
    wall, cpu = time.perf_counter() - began, server.cpu() - cpu
    held = ask_delay(server, delay) if is_own else {}
    return dict(p50=np.percentile(times, 50) * 1000, p99=np.percentile(times, 99) * 1000, rate=len(paths) / wall, cpu=cpu / len(paths) * 1000, held99=held.get("p99"), held=held.get("max"))


def ask_delay(server, path):
    server.process.send_signal(signal.SIGUSR2)
    for _ in range(100):
        if path.exists():
            found = json.loads(path.read_text())
            path.unlink()
            return found
        time.sleep(0.05)
    raise SystemExit("the server did not tell how long it was held up")


STARTS = {"rucio-stac": start_own, "TiTiler": start_titiler}


def run(folder, cogs, tiles, rounds):
    found, agreement = {}, {}
    for kind in ("one band", "three assets, RGB"):
        servers = {tool: start(folder, cogs) for tool, start in STARTS.items()}
        try:
            agreement[kind] = compare(servers, folder, cogs, kind, tiles[:24])
        finally:
            for server in servers.values():
                server.close()
        for turn in range(rounds):
            for tool, start in STARTS.items():
                server = start(folder, cogs)
                try:
                    idle = server.memory("VmRSS")
                    server.forget_most()
                    # What is loaded at the first request is not of a tile.
                    for tile in tiles[:8]:
                        server.get(addresses(tool, folder, cogs, kind, tile))
                    figures = measure(server, folder, [addresses(tool, folder, cogs, kind, tile) for tile in tiles[8:]])
                    figures |= dict(idle=idle, most=server.memory("VmHWM"))
                finally:
                    server.close()
                found.setdefault((kind, tool), []).append(figures)
                print(kind, tool, {name: round(float(value), 1) for name, value in figures.items() if value is not None}, file=sys.stderr)
    return found, agreement


def table(found):
    lines = ["| tiles | server | p50 | p99 | tiles a second | CPU a tile | memory before the first tile, and at most | event loop held up, p99 and at most |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for (kind, tool), rows in found.items():
        middle = {name: float(np.median([row[name] for row in rows])) for name in rows[0] if rows[0][name] is not None}
        held = f"{middle['held99']:.1f} ms, {middle['held']:.0f} ms" if "held" in middle else ""
        lines.append(f"| {kind} | {tool} | {middle['p50']:.0f} ms | {middle['p99']:.0f} ms | {middle['rate']:.0f} | {middle['cpu']:.0f} ms | {middle['idle']:.0f}, {middle['most']:.0f} MB | {held} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiles", type=int, default=400)
    parser.add_argument("--size", type=int, default=10980)
    parser.add_argument("--folder", type=Path, help="for the COGs, which stay there; a temporary one otherwise")
    parser.add_argument("--markdown", type=Path, help="also write the table there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder and chosen.folder.mkdir(parents=True, exist_ok=True) or chosen.folder) as spare:
        kept = (chosen.folder or Path(spare)).resolve()
        cogs = {colour: make(kept, colour, chosen.size) for colour in COLOURS}
        found, agreement = run(Path(spare).resolve(), cogs, tiles_within(cogs, chosen.tiles), chosen.rounds)
    agree = "; ".join(f"{kind}: colours differ by {colour:.2f} of 255 on average, {edges:.2%} of pixels are there in one alone" for kind, (colour, edges) in agreement.items())
    version = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()[0]  # noqa: E731
    rio = version(sys.executable, "-c", "import titiler.core, rio_tiler, rasterio; print(f'titiler.core {titiler.core.__version__}, rio-tiler {rio_tiler.__version__} with GDAL {rasterio.__gdal_version__}')")
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}; Node {version('node', '--version')}, {rio}; {chosen.size} x {chosen.size} uint16, {chosen.tiles} tiles, {AT_ONCE} at once, median of {chosen.rounds}"
    text = f"{table(found)}\n\n{machine}. {agree}.\n"
    print(text)
    if chosen.markdown:
        chosen.markdown.write_text(text)


main()
