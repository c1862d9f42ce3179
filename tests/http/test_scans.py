"""Scans and labels over HTTP: what is printed is read by another decoder, and means the same."""

from __future__ import annotations

import re

import httpx2
import numpy as np
import pytest
import zxingcpp

from tests.calls import PACKAGING
from tests.http.conftest import Api, check_problem

LABEL = "/v1/inventory/HOTSAUCE-001/batches/BATCH-202404/label"


def decode(svg: str) -> zxingcpp.Barcode:
    """Paints the SVG and reads the picture."""
    [(width, height)] = re.findall(r'<svg width="(\d+)" height="(\d+)"', svg)
    picture = np.full((int(height), int(width)), 255, dtype=np.uint8)
    for path in re.findall(r' d="([^"]+)"', svg):
        for rectangle in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z", path):
            x, y, wide, high = (int(number) for number in rectangle)
            picture[y : y + high, x : x + wide] = 0
    read = zxingcpp.read_barcode(picture)
    assert read is not None, svg
    return read


@pytest.fixture
def packed(stocked: httpx2.Client) -> httpx2.Client:
    assert stocked.post("/v1/packagings", json=PACKAGING).status_code in (200, 201)
    return stocked


def test_lb1_a_printed_label_is_scanned_as_what_it_says(packed: httpx2.Client, warehouse: httpx2.Client) -> None:
    label = warehouse.get(LABEL, params={"packaging": "case", "format": "svg"})
    assert (label.status_code, "zpl" in label.json()) == (200, False), label.text
    for symbol, identifier in (("datamatrix", "]d8"), ("gs1_128", "]C1")):
        read = decode(label.json()[symbol])
        assert (read.symbology_identifier, read.bytes.decode()) == (identifier, label.json()["element_string"])
        scan = {"data": read.symbology_identifier + read.bytes.decode(), "warehouse_location": "WH-01"}
        answer = warehouse.post("/v1/scans", json=scan)
        assert answer.status_code == 200, answer.text
        meant = {name: answer.json()[name] for name in ("sku_id", "packaging", "units", "batch_number", "expiration_date")}
        assert meant == {name: label.json()[name] for name in meant}
        assert answer.json()["can"] == ["receive", "count", "adjust", "withhold", "ship"]
    cached = warehouse.get(LABEL, params={"packaging": "case"}, headers={"if-none-match": label.headers["etag"]})
    assert cached.status_code == 304


def test_a_label_for_a_printer(packed: httpx2.Client, warehouse: httpx2.Client) -> None:
    label = warehouse.get(LABEL, params={"format": "zpl"}).json()
    assert label["zpl"].startswith("^XA")
    assert all(part in label["zpl"] for part in ("^BXN", "^BCN", label["text"]))
    assert "datamatrix" not in label


def test_labels_and_scans_that_are_refused(
    packed: httpx2.Client, warehouse: httpx2.Client, sales: httpx2.Client, api: Api
) -> None:
    check_problem(warehouse.get(LABEL, params={"packaging": "crate"}), 422, "PK003")
    check_problem(warehouse.get(LABEL.replace("BATCH-202404", "NONE")), 404, "ST016")
    check_problem(warehouse.get(LABEL.replace("HOTSAUCE-001", "NONE")), 404, "ST010")
    check_problem(sales.get(LABEL), 403, "RQ403")
    check_problem(sales.post("/v1/scans", json={"data": "x"}), 403, "RQ403")
    check_problem(warehouse.post("/v1/scans", json={"data": "036000291453"}), 422, "SN001")
    other = api.client("warehouse", warehouses=["WH-02"])
    check_problem(other.post("/v1/scans", json={"data": "x", "warehouse_location": "WH-01"}), 422, "ST003")
    answers = warehouse.post("/v1/scans", json=[{"data": "BATCH-202404"}, {"data": "]C1"}]).json()
    assert len(answers["results"]) == 2


def test_um2_a_packaging_keeps_its_units(packed: httpx2.Client, warehouse: httpx2.Client) -> None:
    url = f"/v1/packagings/{PACKAGING['packaging_id']}"
    check_problem(packed.patch(url, json={"units": 6}), 409, "PK001")
    check_problem(warehouse.patch(url, json={"weight_g": 6}), 403, "RQ403")
    sku = packed.get("/v1/skus/HOTSAUCE-001").json()
    assert [packaging["gtin"] for packaging in sku["packagings"]] == [PACKAGING["gtin"]]
    assert [row["packaging_id"] for row in packed.get("/v1/packagings", params={"sku_id": "HOTSAUCE-001"}).json()["data"]] == [
        PACKAGING["packaging_id"]
    ]
    assert packed.delete(url).json()["active"] is False
