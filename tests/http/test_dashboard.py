"""How the dashboard's files are served. The browser tests in tests/ui cover their behavior."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pyapp.describe.dashboard import Dashboard
from pyapp.serve.app import create_app
from pyapp.settings import Settings
from tests.http.conftest import KEY, check_problem

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def client(built: None) -> TestClient:
    """The whole application without a database connection: static files need none."""
    app = create_app(Settings(database_url="postgresql://nobody@/nothing", jwt_key=KEY))
    return TestClient(app, headers={"accept": "*/*", "accept-encoding": "identity"})


def test_the_page_is_checked_each_time_and_its_files_are_kept_for_good(client: TestClient) -> None:
    page = client.get("/", headers=BROWSER)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    names = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert len(names) == 4
    for name in names:
        asset = client.get(name)
        assert asset.status_code == 200, name
        assert "immutable" in asset.headers["cache-control"]
        assert re.search(r"-[A-Z0-9]{8}\.", name)
    assert client.get("/", headers={**BROWSER, "if-none-match": page.headers["etag"]}).status_code == 304


def test_files_are_sent_compressed_to_those_who_take_it(client: TestClient) -> None:
    plain = client.get("/")
    for accept in ("gzip", "br, gzip;q=0.5", "*", "GZIP; q=1.0", "*;q=0, gzip"):
        packed = client.get("/", headers={"accept-encoding": accept})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["etag"] != plain.headers["etag"]
        assert packed.text == plain.text
    for accept in ("identity", "gzip;q=0", "br", "*, gzip;q=0", "", "x-gzip"):
        assert "content-encoding" not in client.get("/", headers={"accept-encoding": accept}).headers


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline(client: TestClient) -> None:
    for path in ("/", "/orders"):
        headers = client.get(path, headers=BROWSER).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "connect-src": "'self'",
            "img-src": "'self' data:",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
            "form-action": "'self'",
        }
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_inner_pages_are_for_browsers_and_a_client_without_v1_is_told_so(client: TestClient) -> None:
    for path in ("/orders", "/orders/ORD-1-1", "/stock/HOTSAUCE-001"):
        assert client.get(path, headers=BROWSER).headers["content-type"].startswith("text/html")
        check_problem(client.get(path), 404, "RQ404")
    check_problem(client.get("/assets/nothing.js"), 404, "RQ404")
    check_problem(client.get("/assets/..%2f..%2fapp.py"), 404, "RQ404")


def test_without_built_files_the_page_says_how_to_build_them(tmp_path: Path) -> None:
    answer = TestClient(Starlette(routes=Dashboard(tmp_path).routes())).get("/")
    assert answer.status_code == 503
    assert "python ui/build.py" in answer.text
