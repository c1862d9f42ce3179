"""Who changed what, when and why."""

from __future__ import annotations

from pyapp.answers import audit as answers
from pyapp.http.endpoints import read_page
from pyapp.http.route import ADMIN, Route
from pyapp.schemas import audit

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/audit",
        endpoint=read_page,
        summary="List who changed what, when and why",
        statement="select * from api.list_audit($1, $2, $3, $4)",
        answer=answers.AuditPage,
        roles=ADMIN,
        query=audit.AuditQuery,
        errors=("VA001",),
    ),
)
