"""Inputs that Raster2STAC and rucio-stac are both given, and what Raster2STAC makes of them."""

import json
import os
from pathlib import Path

import netCDF4
import numpy as np
from pyproj import CRS
from support.lake import UTM, ramp, write_tiff
from support.product import S3, clean_env, free_port, run

RUNNER = Path(__file__).parent / "run_raster2stac.py"
FILL = -32767
DAYS = ["2024-03-01T00:00:00", "2024-03-02T00:00:00", "2024-03-03T00:00:00"]
LAT, LON = 45 + 0.25 * np.arange(20), 5 + 0.25 * np.arange(30)


def write_cube(path, seconds):
    """t2m, packed into int16, and rain, rows from south to north; steps in seconds since 2024-03-01, or None for no time. -> t2m as stored."""
    steps = [] if seconds is None else ["time"]
    with netCDF4.Dataset(path, "w") as file:
        file.Conventions = "CF-1.8"
        for name, values, attributes in [
            *([] if seconds is None else [("time", seconds, dict(units="seconds since 2024-03-01", calendar="standard", standard_name="time"))]),
            ("lat", LAT, dict(units="degrees_north", standard_name="latitude")),
            ("lon", LON, dict(units="degrees_east", standard_name="longitude")),
        ]:
            file.createDimension(name, len(values))
            axis = file.createVariable(name, "f8", (name,))
            axis[:] = values
            axis.setncatts(attributes)
        crs = file.createVariable("crs", "i4")
        crs.setncatts(dict(grid_mapping_name="latitude_longitude", crs_wkt=CRS(4326).to_wkt(), spatial_ref=CRS(4326).to_wkt()))
        t2m = file.createVariable("t2m", "i2", (*steps, "lat", "lon"), fill_value=np.int16(FILL))
        t2m.set_auto_maskandscale(False)
        t2m.setncatts(dict(scale_factor=0.01, add_offset=280.0, units="K", grid_mapping="crs"))
        stored = np.random.default_rng(6).integers(-3000, 3000, t2m.shape).astype("i2")
        stored[..., :4, :5] = FILL
        t2m[:] = stored
        rain = file.createVariable("rain", "f4", (*steps, "lat", "lon"))
        rain.setncatts(dict(units="m", grid_mapping="crs"))
        rain[:] = ramp(rain.shape, "float32", 7)
    return stored


class Inputs:
    def __init__(self, folder):
        self.folder = folder
        self.cube, self.subsecond, self.timeless = (folder / f"{name}.nc" for name in ("cube", "subsecond", "timeless"))
        self.t2m = write_cube(self.cube, [0, 86400, 2 * 86400])
        write_cube(self.subsecond, [0, 0.25, 0.5])
        write_cube(self.timeless, None)
        self.pixels = [ramp((1, 40, 50), "uint16", seed) for seed in (1, 2)]
        self.tiffs = [write_tiff(folder / "tiffs" / f"scene_2024010{n}.tif", pixels, crs="EPSG:32632", transform=UTM, nodata=0) for n, pixels in enumerate(self.pixels, 1)]


class Theirs:
    """Raster2STAC on all inputs, in one process, within time and memory, and with no network but the S3 server's."""

    def __init__(self, inputs, folder):
        self.folder = folder
        common = {"collection_id": "theirs", "collection_url": "https://stac.example.org/collections"}
        s3 = {"s3_upload": True, "bucket_name": S3["S3_BUCKET"], "bucket_file_prefix": f"theirs-{folder.name}", "aws_region": S3["AWS_REGION"], "aws_access_key": S3["AWS_ACCESS_KEY_ID"], "aws_secret_key": S3["AWS_SECRET_ACCESS_KEY"], "s3_endpoint_url": S3["S3_ENDPOINT"]}
        self.prefix = s3["bucket_file_prefix"]

        def job(name, data, validate=False, output=None, **options):
            data = [str(each) for each in data] if isinstance(data, list) else str(data)
            return {"name": name, "data": data, "validate": validate, "options": {**common, "output_folder": output or str(folder / name), **options}}

        jobs = [
            job("cube", inputs.cube),
            job("relative", inputs.cube, output="relative"),
            job("subsecond", inputs.subsecond),
            job("timeless", inputs.timeless),
            job("tiffs", inputs.tiffs),
            job("tiff", inputs.tiffs[0]),
            job("s3", inputs.cube, **s3),
            job("validated", inputs.cube, validate=True),
        ]
        command = [str(Path(os.environ["RASTER2STAC_BIN"]) / "python"), str(RUNNER), str(folder / "results.json")]
        closed = f"http://127.0.0.1:{free_port()}"
        env = clean_env(HTTP_PROXY=closed, HTTPS_PROXY=closed, http_proxy=closed, https_proxy=closed, no_proxy="127.0.0.1,localhost", AWS_EC2_METADATA_DISABLED="true", OMP_NUM_THREADS=2, OPENBLAS_NUM_THREADS=2)
        run(command, env=env, cwd=folder, timeout=180, stdin=json.dumps(jobs)).ok()
        self.results = json.loads((folder / "results.json").read_text())

    def items(self, name):
        """Item documents of a job that ended well, in the order of their ids."""
        assert self.results[name]["error"] is None, self.results[name]
        return [json.loads(path.read_text()) for path in sorted((self.folder / name / "items").glob("*.json"))]
