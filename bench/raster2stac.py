"""A cube -> COGs and STAC by rucio-stac and by Raster2STAC: wall time, CPU time and memory of each process, in turn, on this machine.

    python bench/raster2stac.py [--rounds N] [--size PIXELS] [--folder FOLDER] [--markdown FILE]

Needs a build, rasterio, rio-cogeo, netCDF4 and boto3 in this Python, and RASTER2STAC_BIN (test/servers/raster2stac/install); on S3, too, where S3_ENDPOINT
is set (test/servers/s3/start). Before a time counts, every COG is compared with the cube, pixel by pixel.
"""

import argparse
import json
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import boto3
import netCDF4
import numpy as np
import rasterio
from pyproj import CRS
from rio_cogeo.cogeo import cog_validate

ROOT = Path(__file__).parents[1]
JOBS = ROOT / "test/integration/support/run_raster2stac.py"
STEPS, FILL = 60, -32767
# name: what a step of the packed values is, and what zero is
VARIABLES = {"t2m": (0.01, 280.0), "tp": (0.0001, 3.0)}
LIMIT = 900


def fields(size, name):
    """Hills that move from step to step, with noise and a corner without values: int16 as stored, by step, row and column."""
    rng = np.random.default_rng([size, len(name)])
    y, x = np.mgrid[0:size, 0:size].astype("f4")
    for step in range(STEPS):
        hills = 900 * np.sin((x + 7 * step) / 61) + 700 * np.cos((y - 5 * step) / 83)
        values = (hills + rng.standard_normal((size, size), dtype="f4") * 40).astype("i2")
        values[: size // 10, : size // 10] = FILL
        yield values


def make(path, size):
    """NetCDF-4 with two packed variables of a day each step, deflated, rows from north to south."""
    with netCDF4.Dataset(path, "w") as file:
        for name, values, attributes in [
            ("time", np.arange(STEPS), dict(units="days since 2024-01-01", calendar="standard", standard_name="time")),
            ("lat", 60 - 0.01 * np.arange(size), dict(units="degrees_north", standard_name="latitude")),
            ("lon", 5 + 0.01 * np.arange(size), dict(units="degrees_east", standard_name="longitude")),
        ]:
            file.createDimension(name, len(values))
            axis = file.createVariable(name, "f8", (name,))
            axis[:] = values
            axis.setncatts(attributes)
        crs = file.createVariable("crs", "i4")
        crs.setncatts(dict(grid_mapping_name="latitude_longitude", crs_wkt=CRS(4326).to_wkt(), spatial_ref=CRS(4326).to_wkt()))
        for name, (scale, offset) in VARIABLES.items():
            variable = file.createVariable(name, "i2", ("time", "lat", "lon"), zlib=True, complevel=4, chunksizes=(1, size, size), fill_value=np.int16(FILL))
            variable.set_auto_maskandscale(False)
            variable.setncatts(dict(scale_factor=scale, add_offset=offset, grid_mapping="crs"))
            for step, values in enumerate(fields(size, name)):
                variable[step] = values


# In a process that is small itself: a child starts out with its parent's memory.
RUNNER = """
import os, subprocess, sys, time
began = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(status != 0)
"""


def run(command, env, stdin=""):
    """Seconds, CPU seconds and MB at most of a process."""
    done = subprocess.run([sys.executable, "-S", "-c", RUNNER, *map(str, command)], env=env, input=stdin, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed: {done.stderr[-1500:]}")
    return tuple(map(float, done.stdout.split()))


def on_s3(prefix):
    """Addresses of all COGs below a prefix of the bucket, which everybody may read."""
    client = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"], config=boto3.session.Config(s3={"addressing_style": "path"}))
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=os.environ["S3_BUCKET"], Prefix=prefix)
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return [f"{os.environ['S3_ENDPOINT']}/{os.environ['S3_BUCKET']}/{key}" for key in keys if key.endswith(".tif")]


def environment(**more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"NO_PROXY": "127.0.0.1,localhost"} | {name: str(value) for name, value in more.items()}


def theirs(cube, folder, s3):
    name = f"bench-{secrets.token_hex(4)}"
    options = {"collection_id": "bench", "collection_url": "https://stac.example.org/collections", "output_folder": str(folder)}
    if s3:
        options |= {"s3_upload": True, "bucket_name": os.environ["S3_BUCKET"], "bucket_file_prefix": name, "aws_region": os.environ["AWS_REGION"], "aws_access_key": os.environ["AWS_ACCESS_KEY_ID"], "aws_secret_key": os.environ["AWS_SECRET_ACCESS_KEY"], "s3_endpoint_url": os.environ["S3_ENDPOINT"]}
    results = folder / "results.json"
    python = Path(os.environ["RASTER2STAC_BIN"]) / "python"
    figures = run([python, JOBS, results], environment(), json.dumps([{"name": "bench", "data": str(cube), "options": options}]))
    error = json.loads(results.read_text())["bench"]["error"]
    if error:
        raise SystemExit(f"Raster2STAC: {error}")
    nothing = run([python, JOBS, results], environment(), "[]")
    return (*figures, nothing[1]), on_s3(name) if s3 else sorted(folder.glob("*/*.tif"))


def ours(cube, folder, s3):
    name = f"bench-{secrets.token_hex(4)}"
    settings = {each: os.environ[each] for each in ("S3_ENDPOINT", "S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "S3_FORCE_PATH_STYLE")} | {"S3_PREFIX": name} if s3 else {}
    env = environment(RUCIO_STAC_DATA=folder / "data", **settings)
    command = ["node", ROOT / "src/bin.mjs"]
    # A catalogue that is there already, as it is for all cubes but the first.
    run([*command, "migrate"], env)
    figures = run([*command, "ingest", cube, "--collection", "bench"], env)
    # All is done already.
    nothing = run([*command, "ingest", cube, "--collection", "bench"], env)
    return (*figures, nothing[1]), on_s3(name) if s3 else sorted((folder / "data").rglob("*.tif"))


TOOLS = {"rucio-stac": ours, "Raster2STAC": theirs}


def check(tool, cogs, size):
    """Every COG against the fields: packed values as they are, or what they stand for."""
    assert len(cogs) == STEPS * len(VARIABLES), f"{tool}: {len(cogs)} COGs"
    by_name = {}
    for cog in cogs:
        day = re.search(r"(2024\d{4})T?000000", str(cog))[1]
        key = next(name for name in VARIABLES if re.search(rf"[/_.]{name}[_.]", str(cog)))
        by_name[key, day] = cog
    for name, (scale, offset) in VARIABLES.items():
        for step, values in enumerate(fields(size, name)):
            day = str(np.datetime64("2024-01-01") + step).replace("-", "")
            valid, errors, _ = cog_validate(str(by_name[name, day]), quiet=True)
            with rasterio.open(by_name[name, day]) as cog:
                pixels = cog.read(1)
            if pixels.dtype == "int16":
                assert valid and (pixels == values).all(), (tool, name, day, errors)
            else:
                wanted = np.where(values == FILL, np.nan, values * scale + offset)
                np.testing.assert_allclose(pixels, wanted, rtol=1e-6, err_msg=f"{tool} {name} {day}")


def size_of(cogs):
    total = 0
    for cog in cogs:
        if isinstance(cog, Path):
            total += cog.stat().st_size
        else:
            with urllib.request.urlopen(urllib.request.Request(cog, method="HEAD"), timeout=60) as answer:
                total += int(answer.headers["content-length"])
    return total / 1e6


def measure(cube, size, rounds, s3):
    found = {}
    for turn in range(rounds):
        for tool, work in TOOLS.items():
            folder = Path(tempfile.mkdtemp(prefix="bench-"))
            try:
                figures, cogs = work(cube, folder, s3)
                if turn == 0:
                    check(tool, cogs, size)
                found.setdefault(tool, []).append((*figures, size_of(cogs)))
            finally:
                shutil.rmtree(folder)
            print(f"{'S3' if s3 else 'files'}: {tool}: {figures[0]:.1f} s, {figures[1]:.1f} CPU-s, {figures[2]:.0f} MB", file=sys.stderr)
    return {tool: tuple(float(np.median(column)) for column in zip(*rows)) for tool, rows in found.items()}


def table(results, pixels):
    lines = ["| COGs to | tool | wall | CPU | CPU with nothing to do | memory | size of the COGs | pixels a second and core | without the start |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for store, found in results.items():
        for tool, (wall, cpu, memory, start, size) in found.items():
            lines.append(f"| {store} | {tool} | {wall:.1f} s | {cpu:.1f} s | {start:.1f} s | {memory:.0f} MB | {size:.1f} MB | {pixels / cpu / 1e6:.1f} million | {pixels / (cpu - start) / 1e6:.1f} million |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=500, help=f"rows and columns of each of the {STEPS} steps")
    parser.add_argument("--folder", type=Path, help="for the cube, which stays there; a temporary one otherwise")
    parser.add_argument("--markdown", type=Path, help="also write the table there")
    chosen = parser.parse_args()
    if "RASTER2STAC_BIN" not in os.environ:
        raise SystemExit('RASTER2STAC_BIN is not set; eval "$(test/servers/raster2stac/install)" first.')
    with tempfile.TemporaryDirectory() as spare:
        folder = chosen.folder or Path(spare)
        folder.mkdir(parents=True, exist_ok=True)
        cube = folder / f"cube-{chosen.size}.nc"
        if not cube.exists():
            make(cube, chosen.size)
        stores = {"files": False, **({"S3": True} if "S3_ENDPOINT" in os.environ else {})}
        results = {store: measure(cube, chosen.size, chosen.rounds, s3) for store, s3 in stores.items()}
        cube_size = cube.stat().st_size / 1e6
    version = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()[0]  # noqa: E731
    their = version(Path(os.environ["RASTER2STAC_BIN"]) / "python", "-c", "from importlib.metadata import version as v; import rasterio; print(f\"raster2stac {v('raster2stac')} with rioxarray {v('rioxarray')}, GDAL {rasterio.__gdal_version__}\")")
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}; Node {version('node', '--version')}, {their}; {len(VARIABLES)} variables x {STEPS} steps x {chosen.size} x {chosen.size} int16 ({cube_size:.1f} MB of NetCDF-4); median of {chosen.rounds}"
    text = f"{table(results, len(VARIABLES) * STEPS * chosen.size**2)}\n\n{machine}.\n"
    print(text)
    if chosen.markdown:
        chosen.markdown.write_text(text)


main()
