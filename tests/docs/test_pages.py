"""Error pages and their assets: readable without scripts, and without requests to other hosts."""

from __future__ import annotations

import re

import httpx2
import pytest

from pyapp.problems import KINDS
from tests.http.conftest import Api, check_problem


@pytest.fixture
def anyone(shared_api: Api) -> httpx2.Client:
    return shared_api.client()


@pytest.mark.parametrize("code", KINDS)
def test_each_problem_type_has_a_page(anyone: httpx2.Client, code: str) -> None:
    response = anyone.get(f"/docs/errors/{KINDS[code].slug}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    shown = response.text.replace("&#x27;", "'").replace("&quot;", '"')
    kind = KINDS[code]
    for text in (code, kind.title, kind.when, kind.remedy, f'"code": "{code}"'):
        assert text in shown


def test_the_type_of_a_problem_leads_to_its_page(anyone: httpx2.Client) -> None:
    problem = check_problem(anyone.get("/v1/orders"), 401, "RQ401")
    assert KINDS["RQ401"].title in anyone.get(problem["type"]).text


def test_the_list_leads_to_every_page(anyone: httpx2.Client) -> None:
    text = anyone.get("/docs/errors").text
    assert set(re.findall(r'href="/docs/errors/([a-z-]+)"', text)) == {kind.slug for kind in KINDS.values()}


def test_a_page_names_the_operations_that_answer_its_code(anyone: httpx2.Client) -> None:
    text = anyone.get("/docs/errors/price-changed").text
    assert "POST /v1/orders" in text
    assert "GET /v1/orders" not in text


@pytest.mark.parametrize("path", ["/docs/errors/no-such-thing", "/docs/templates.py", "/docs/nothing.js", "/docs/errors/"])
def test_nothing_else_is_there(anyone: httpx2.Client, path: str) -> None:
    check_problem(anyone.get(path), 404, "RQ404")


@pytest.mark.parametrize("path", ["/docs", "/docs/errors", "/docs/errors/not-found", "/docs/docs.css", "/docs/swagger.js"])
def test_a_page_may_load_from_its_own_host_only(anyone: httpx2.Client, path: str) -> None:
    response = anyone.get(path)
    assert response.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert anyone.get(path, headers={"if-none-match": response.headers["etag"]}).status_code == 304
    if response.headers["content-type"].startswith("text/html"):
        assert not re.search(r'(?:src|href)="(?!/|data:,)', response.text)
        assert "<style" not in response.text
        assert not re.search(r"<script(?![^>]*\bsrc=)", response.text)


@pytest.mark.parametrize("path", ["/docs/errors", "/docs/docs.css", "/openapi.json", "/asyncapi.json"])
def test_a_page_is_compressed_for_those_who_take_it(anyone: httpx2.Client, path: str) -> None:
    for accept in ("gzip", "br, gzip;q=0.5", "*"):
        assert anyone.get(path, headers={"accept-encoding": accept}).headers["content-encoding"] == "gzip"
    for accept in ("identity", "gzip;q=0", "*, gzip;q=0", "br"):
        assert "content-encoding" not in anyone.get(path, headers={"accept-encoding": accept}).headers
