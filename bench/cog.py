"""COGs by rucio-stac, gdal_translate and rio-cogeo: wall time, CPU time and memory of each process, in turn, on this machine.

    python bench/cog.py [--rounds N] [--only NAME] [--folder FOLDER] [--markdown FILE]

Needs a build, rasterio and rio-cogeo in this Python, gdal_translate on the PATH. Inputs are made anew where they are not in the
folder. Before a time counts, the COG is compared with its source pixel by pixel, and is valid to rio-cogeo's strict eye.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate

HERE = Path(__file__).parent
THREADS = str(os.cpu_count())


def smooth(rng, height, width, step):
    """Hills `step` pixels wide: what neighbours share in a picture of the earth."""
    knots = rng.standard_normal((height // step + 2, width // step + 2)).astype("f4")
    y, x = np.arange(height) / step, np.arange(width) / step
    yi, xi = y.astype(int), x.astype(int)
    fy, fx = (y - yi)[:, None].astype("f4"), (x - xi)[None].astype("f4")
    upper = knots[yi][:, xi] * (1 - fx) + knots[yi][:, xi + 1] * fx
    lower = knots[yi + 1][:, xi] * (1 - fx) + knots[yi + 1][:, xi + 1] * fx
    return upper * (1 - fy) + lower * fy


def picture(rng, height, width, dtype):
    hills = smooth(rng, height, width, 200) + smooth(rng, height, width, 23) * 0.4
    noise = rng.standard_normal((height, width), dtype="f4")
    if dtype == "float32":
        return 280 + hills * 8 + noise * 0.3
    middle, scale, grain, top = (110, 30, 2, 255) if dtype == "uint8" else (1500, 600, 25, 10000)
    return np.clip(middle + hills * scale + noise * grain, 1, top).astype(dtype)


CASES = {
    "10,980 x 10,980 uint16": ("uint16", 1, 10980),
    "12 x 1,000 x 1,000 float32": ("float32", 12, 1000),
    "40,000 x 40,000 byte": ("uint8", 1, 40000),
}


def make(path, dtype, bands, size):
    rng = np.random.default_rng(size)
    profile = dict(driver="GTiff", height=size, width=size, count=bands, dtype=dtype, crs="EPSG:32632", transform=from_origin(600000, 5200020, 10, 10), tiled=True, blockxsize=512, blockysize=512, compress="deflate", BIGTIFF="IF_SAFER")
    with rasterio.open(path, "w", **profile) as out:
        for band in range(1, bands + 1):
            for top in range(0, size, 2048):
                rows = min(2048, size - top)
                out.write(picture(rng, rows, size, dtype), band, window=Window(0, top, size, rows))


def commands(source, target, dtype):
    predictor = "3" if dtype == "float32" else "2"
    options = ["-co", "COMPRESS=DEFLATE", "-co", f"PREDICTOR={predictor}", "-co", f"NUM_THREADS={THREADS}", "-co", "BIGTIFF=IF_SAFER"]
    # rio-cogeo's own profile, with the predictor that the two others have.
    rio = ["--cog-profile", "deflate", "--co", f"PREDICTOR={predictor}", "--co", "BIGTIFF=IF_SAFER", "--threads", THREADS, "--quiet"]
    return {
        "rucio-stac": ["node", str(HERE / "write-cog.mjs"), str(source), str(target)],
        "gdal_translate": ["gdal_translate", "-q", "-of", "COG", *options, str(source), str(target)],
        "rio cogeo create": [str(Path(sys.executable).parent / "rio"), "cogeo", "create", *rio, str(source), str(target)],
    }


# In a process that is small itself: a child starts out with its parent's memory.
RUNNER = """
import os, subprocess, sys, time
began = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(status != 0)
"""


def run(command):
    """Seconds, CPU seconds and MB at most of a process."""
    done = subprocess.run([sys.executable, "-S", "-c", RUNNER, *command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr[-500:]}")
    return tuple(map(float, done.stdout.split()))


def check(source, target):
    valid, errors, warnings = cog_validate(target, strict=True, quiet=True)
    assert valid and not errors and not warnings, (target, errors, warnings)
    with rasterio.open(source) as a, rasterio.open(target) as b:
        assert a.dtypes == b.dtypes and a.shape == b.shape
        for top in range(0, a.height, 2048):
            window = Window(0, top, a.width, min(2048, a.height - top))
            assert (a.read(window=window) == b.read(window=window)).all(), f"{target} differs from {source}"


def measure(name, folder, rounds):
    dtype, bands, size = CASES[name]
    source = folder / f"{dtype}-{bands}-{size}.tif"
    if not source.exists():
        make(source, dtype, bands, size)
    found = {}
    for turn in range(rounds):
        for tool, command in commands(source, folder / "made.tif", dtype).items():
            target = folder / "made.tif"
            target.unlink(missing_ok=True)
            figures = run(command)
            if turn == 0:
                check(source, target)
            found.setdefault(tool, []).append((*figures, target.stat().st_size / 1e6))
            target.unlink()
            print(f"{name}: {tool}: {figures[0]:.1f} s, {figures[1]:.1f} CPU-s, {figures[2]:.0f} MB", file=sys.stderr)
    return {tool: tuple(float(np.median(column)) for column in zip(*rows)) for tool, rows in found.items()}


def table(results):
    lines = ["| raster | tool | wall | CPU | memory | size | wall, of GDAL's | memory, of GDAL's |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, found in results.items():
        base = found["gdal_translate"]
        for tool, (wall, cpu, memory, size) in found.items():
            lines.append(f"| {name} | {tool} | {wall:.1f} s | {cpu:.1f} s | {memory:.0f} MB | {size:.1f} MB | {wall / base[0]:.2f} | {memory / base[2]:.2f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=list(CASES), action="append")
    parser.add_argument("--folder", type=Path, help="for inputs (1.2 GB), which stay there; a temporary one otherwise")
    parser.add_argument("--markdown", type=Path, help="also write the table there")
    chosen = parser.parse_args()
    if shutil.which("gdal_translate") is None:
        raise SystemExit("gdal_translate is not on the PATH; apt-get install gdal-bin.")
    with tempfile.TemporaryDirectory() as spare:
        folder = chosen.folder or Path(spare)
        folder.mkdir(parents=True, exist_ok=True)
        results = {name: measure(name, folder, chosen.rounds) for name in chosen.only or CASES}
    version = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()[0]  # noqa: E731
    rio = version(sys.executable, "-c", "import rio_cogeo, rasterio; print(f'rio-cogeo {rio_cogeo.__version__} with GDAL {rasterio.__gdal_version__}')")
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}; Node {version('node', '--version')}, {version('gdal_translate', '--version')}, {rio}; median of {chosen.rounds}"
    text = f"{table(results)}\n\n{machine}\n"
    print(text)
    if chosen.markdown:
        chosen.markdown.write_text(text)


main()
