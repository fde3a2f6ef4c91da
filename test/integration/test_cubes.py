"""Cubes of several kinds -> COGs and Items, as xarray and rasterio see them."""

import functools
import hashlib
import http.server
import json
import shutil
import threading

import netCDF4
import numpy as np
import pytest
import requests
from rasterio.io import MemoryFile
from support.documents import use_offline_schemas, validate_document
from support.lake import Source, new_scope, upload
from support.product import ROOT, Catalogue
from test_ingest_rerun import summary

LEVELS, MEMBERS, STEPS = [850, 500], [1, 2, 3], 2


def write_cube(path, format):
    """tas(time, number, level, lat, lon), packed; time of 365-day years."""
    values = np.arange(STEPS * 3 * 2 * 8 * 10, dtype="i2").reshape(STEPS, 3, 2, 8, 10)
    with netCDF4.Dataset(path, "w", format=format) as file:
        for name, data, attributes in [
            ("time", [58, 59], dict(units="days since 2020-01-01", calendar="noleap", standard_name="time")),
            ("number", MEMBERS, dict(standard_name="realization", units="1")),
            ("level", LEVELS, dict(standard_name="air_pressure", units="hPa", axis="Z")),
            ("lat", 40 + 0.5 * np.arange(8), dict(units="degrees_north")),
            ("lon", 350 + 0.5 * np.arange(10), dict(units="degrees_east")),
        ]:
            file.createDimension(name, None if name == "time" else len(data))
            variable = file.createVariable(name, "f8", (name,))
            variable[:] = data
            variable.setncatts(attributes)
        tas = file.createVariable("tas", "i2", ("time", "number", "level", "lat", "lon"), fill_value=np.int16(-1))
        tas.set_auto_maskandscale(False)
        tas[:] = values
        tas.setncatts(dict(scale_factor=0.5, add_offset=200.0, units="K", long_name="air temperature"))
    return values


def read(href):
    with MemoryFile(requests.get(href, timeout=30).content) as file, file.open() as cog:
        return cog.read(), cog.scales, cog.descriptions


@pytest.fixture(scope="module")
def made():
    catalogue = Catalogue(kind="embedded", store="folder")
    try:
        catalogue.start()
        yield catalogue
    finally:
        catalogue.close()


@pytest.mark.one_database
def test_levels_and_members_become_assets_or_bands(made, tmp_path):
    values = write_cube(tmp_path / "cube.nc", "NETCDF3_64BIT_OFFSET")

    made.cli("ingest", tmp_path / "cube.nc", "--collection", "cube").ok()
    items = sorted(made.items("cube"), key=lambda item: item["id"])
    assert [item["properties"]["datetime"] for item in items] == ["2020-02-28T00:00:00Z", "2020-03-01T00:00:00Z"]
    for step, item in enumerate(items):
        assert set(item["assets"]) == {f"tas_number{number}_level{level}" for number in MEMBERS for level in LEVELS}
        assert item["bbox"] == [-10.25, 39.75, -5.25, 43.75]
        pixels, scales, names = read(item["assets"]["tas_number2_level500"]["href"])
        assert (pixels[0] == values[step, 1, 1, ::-1]).all() and scales == (0.5,)
        assert names == ("air temperature, number 2, level 500 hPa",)
    # A COG at an address: read by range, or left where it is.
    href = items[0]["assets"]["tas_number1_level850"]["href"]
    assert summary(made.cli("ingest", href, "--collection", "address").ok())["ingested"] == 1
    (copied,) = made.items("address")
    assert (read(next(asset["href"] for asset in copied["assets"].values() if asset["roles"] == ["data"]))[0][0] == values[0, 0, 0, ::-1]).all()
    assert copied["assets"]["source"]["href"] == href and copied["assets"]["source"]["roles"] == ["source"]
    assert summary(made.cli("ingest", href, "--collection", "address").ok())["unchanged"] == 1
    made.cli("ingest", href, "--collection", "address", "--in-place").ok()
    (left,) = made.items("address")
    assert [(asset["href"], asset["roles"]) for asset in left["assets"].values()] == [(href, ["data"])]
    collection = requests.get(f"{made.url}/collections/cube", timeout=30).json()
    assert collection["cube:dimensions"]["level"] == {"type": "spatial", "axis": "z", "values": LEVELS, "unit": "hPa"}
    assert collection["cube:dimensions"]["number"] == {"type": "other", "values": MEMBERS, "unit": "1"}
    assert collection["cube:variables"]["tas"]["dimensions"] == ["time", "number", "level", "lat", "lon"]

    again = summary(made.cli("ingest", tmp_path / "cube.nc", "--collection", "cube", "--dimensions", "assets").ok())
    assert again["unchanged"] == 1
    assert summary(made.cli("ingest", tmp_path / "cube.nc", "--collection", "cube", "--dimensions", "bands").ok())["ingested"] == 1
    first = min(made.items("cube"), key=lambda item: item["id"])
    assert set(first["assets"]) == {"tas"}
    pixels, _, _ = read(first["assets"]["tas"]["href"])
    assert (pixels == values[0].reshape(6, 8, 10)[:, ::-1]).all()
    assert [band["name"] for band in first["assets"]["tas"]["bands"]] == [f"tas_number{n}_level{level}" for n in MEMBERS for level in LEVELS]
    made.cli("ingest", tmp_path / "cube.nc", "--collection", "cube", "--dimensions", "layers").refused("--dimensions", "assets, bands")


FIXTURES = ROOT / "test/raster/fixtures"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())


@pytest.mark.one_database
def test_a_cube_stays_together_as_one_item(made, tmp_path):
    values = write_cube(tmp_path / "whole.nc", "NETCDF4")
    made.cli("ingest", tmp_path / "whole.nc", "--collection", "whole", "--cube", "item", "--dimensions", "bands").ok()
    (item,) = made.items("whole")
    assert set(item["assets"]) == {"tas"}
    told = item["properties"]
    assert (told["start_datetime"], told["end_datetime"]) == ("2020-02-28T00:00:00Z", "2020-03-01T00:00:00Z")
    assert told["cube:variables"]["tas"]["dimensions"] == ["time", "number", "level", "lat", "lon"]
    assert told["cube:dimensions"]["time"]["values"] == ["2020-02-28T00:00:00Z", "2020-03-01T00:00:00Z"]
    assert told["cube:dimensions"]["level"]["values"] == LEVELS
    pixels, scales, names = read(item["assets"]["tas"]["href"])
    # Time, member and level in the file's order.
    assert (pixels.reshape(values.shape) == values[..., ::-1, :]).all() and set(scales) == {0.5}
    assert names[7] == "air temperature, number 1, level 500 hPa, 2020-03-01T00:00:00Z"
    assert [band["name"] for band in item["assets"]["tas"]["bands"]][7] == "tas_number1_level500_20200301T000000Z"
    use_offline_schemas(lambda uri: requests.get(uri, timeout=30).json())
    assert any("/datacube/v2.3.0/" in uri for uri in validate_document(item))
    again = summary(made.cli("ingest", tmp_path / "whole.nc", "--collection", "whole", "--cube", "item", "--dimensions", "bands").ok())
    assert (again["unchanged"], again["rows"]) == (1, 0)


def sums(made, collection, key):
    """Of the pixels of an asset, in the order of time."""
    items = sorted(made.items(collection), key=lambda item: item["id"])
    return [hashlib.sha256(read(item["assets"][key]["href"])[0][0].tobytes()).hexdigest() for item in items]


@pytest.mark.one_database
def test_zarr_stores_become_cogs_from_a_folder_and_from_the_lake(made, tmp_path):
    folder = tmp_path / "stores"
    shutil.copytree(FIXTURES / "packed-3.zarr", folder / "day" / "packed.zarr")
    (folder / "notes.txt").write_text("no raster")
    assert summary(made.cli("ingest", folder, "--collection", "stores").ok())["ingested"] == 1
    wanted = EXPECTED["packed-3.zarr"]["variables"]
    assert sums(made, "stores", "t2m") == wanted["t2m"]["sha256"] and sums(made, "stores", "tp") == wanted["tp"]["sha256"]
    assert {item["id"] for item in made.items("stores")} == {f"day.packed_2024010{day}T000000Z" for day in (1, 2, 3)}
    assert summary(made.cli("ingest", folder, "--collection", "stores").ok())["unchanged"] == 1
    (folder / "day/packed.zarr/t2m/c/0/0/0").write_bytes((FIXTURES / "packed-3.zarr/t2m/c/1/0/0").read_bytes())
    assert summary(made.cli("ingest", folder, "--collection", "stores").ok())["ingested"] == 1

    scope = new_scope()
    root = FIXTURES / "packed-3.zarr"
    parts = [Source(path, f"2024/packed.zarr/{path.relative_to(root)}", ("DEV-DISK",), None) for path in sorted(root.rglob("*")) if path.is_file() and not {"tp", "lsm"} & set(path.parts)]
    upload(scope, parts, [{"name": "zarr", "files": [part.name for part in parts]}])
    assert summary(made.cli("ingest", f"{scope}:zarr").ok())["ingested"] == 1
    assert sums(made, f"{scope}.zarr", "t2m") == wanted["t2m"]["sha256"]
    (first, *_) = sorted(made.items(f"{scope}.zarr"), key=lambda item: item["id"])
    assert first["id"] == "2024.packed_20240101T000000Z"
    source = first["assets"]["source"]
    assert source["type"] == "application/vnd.zarr; version=3" and source["title"] == "packed.zarr"
    assert source["rucio:did"] == f"{scope}:2024/packed.zarr/zarr.json"
    assert source["file:size"] == sum(part.path.stat().st_size for part in parts) and "file:checksum" not in source
    assert "0 differences" in made.cli("sync", f"{scope}:zarr").ok().err
    # The storage places each part by a hash of its name, so that no address leads to all of them.
    assert "2024/packed.zarr cannot stay in place: no storage has all of its 12 parts beneath one" in made.cli("ingest", f"{scope}:zarr", "--in-place").err


@pytest.fixture
def files_at():
    """Fixtures over http, as a plain server gives them."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=FIXTURES)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.one_database
def test_a_zarr_store_stays_at_its_address(made, files_at):
    made.cli("ingest", f"{files_at}/packed-2.zarr/", "--collection", "left", "--in-place").ok()
    (item,) = made.items("left")
    (asset,) = item["assets"].values()
    assert asset["href"] == f"{files_at}/packed-2.zarr" and asset["roles"] == ["data"]
    assert asset["type"] == "application/vnd.zarr; version=2"
    assert (asset["zarr:zarr_format"], asset["zarr:node_type"], asset["zarr:consolidated"]) == (2, "group", True)
    assert asset["cube:dimensions"]["time"]["extent"] == ["2024-01-01T00:00:00Z", "2024-01-03T00:00:00Z"]
    assert asset["cube:variables"]["t2m"]["dimensions"] == ["time", "lat", "lon"]
    assert item["bbox"] == [9.875, 39.875, 12.875, 42.125]
    assert item["properties"]["start_datetime"] == "2024-01-01T00:00:00Z" and item["properties"]["end_datetime"] == "2024-01-03T00:00:00Z"
    assert "https://stac-extensions.github.io/zarr/v1.1.0/schema.json" in item["stac_extensions"]
    made.cli("ingest", f"{files_at}/sharded.zarr", "--collection", "sharded", "--in-place").ok()
    (asset,) = made.items("sharded")[0]["assets"].values()
    assert asset["type"] == "application/vnd.zarr; version=3" and asset["cube:dimensions"]["level"]["axis"] == "z"
    assert "packed-3.zarr has no consolidated metadata" in made.cli("ingest", f"{files_at}/packed-3.zarr", "--collection", "none", "--in-place").err
    assert "can only stay in place: give --in-place" in made.cli("ingest", f"{files_at}/packed-2.zarr", "--collection", "none").err
