"""COGs of every type, layout and compression, as GDAL, xarray and rio-cogeo see them."""

import os
import subprocess
import sys

import pytest
from support.product import ROOT


@pytest.mark.one_database
def test_cogs_hold_what_their_sources_hold(tmp_path):
    made = subprocess.run(["node", "--test", str(ROOT / "dist/test/raster/cog.test.js")], env={**os.environ, "RASTER_COG_OUT": str(tmp_path)}, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout[-3000:]
    seen = subprocess.run([sys.executable, str(ROOT / "test/raster/verify_cogs.py"), str(tmp_path)], capture_output=True, text=True, timeout=300)
    last = seen.stdout.splitlines()[-1]
    assert seen.returncode == 0 and last.endswith("COGs, 0 faults") and int(last.split()[0]) > 100, seen.stdout[-3000:] + seen.stderr[-2000:]
