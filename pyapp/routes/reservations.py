"""Reservations: hold, read, extend, release. POST /v1/orders converts one."""

from __future__ import annotations

from pyapp.answers import reservations as answers
from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import WriteQuery
from pyapp.http.route import ORDER_ROLES, Route
from pyapp.schemas import reservations

CHANGE_ERRORS = ("RV001", "RV002", "RV003", "ST009", "ID001", "ID002", "ID003")

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/reservations",
        endpoint=read_page,
        summary="List reservations by status, SKU or channel",
        statement="select * from api.list_reservations($1, $2, $3, $4)",
        answer=answers.ReservationPage,
        roles=ORDER_ROLES,
        query=reservations.ReservationQuery,
        errors=("VA001",),
    ),
    Route(
        method="POST",
        path="/v1/reservations",
        endpoint=write,
        summary="Hold units for a while, or make a list of such reservations",
        statement="select * from api.reserve_stock($1, $2)",
        answer=answers.Reservation,
        roles=ORDER_ROLES,
        query=WriteQuery,
        body=reservations.ReservationDraft,
        many=True,
        lane=True,
        key="required",
        status=201,
        location="/v1/reservations/{reservation_id}",
        errors=("ST001", "ST002", "OR006", "OR008", "OR009", "RV005", "ID001", "ID002", "ID003"),
    ),
    Route(
        method="GET",
        path="/v1/reservations/{reservation_id}",
        endpoint=read_document,
        summary="Read a reservation",
        statement="select * from api.get_reservation($1, $2)",
        answer=answers.Reservation,
        roles=ORDER_ROLES,
        errors=("RV001",),
    ),
    Route(
        method="PATCH",
        path="/v1/reservations/{reservation_id}",
        endpoint=change,
        summary="Hold the units longer, or for less long",
        statement="select * from api.extend_reservations($1, $2)",
        answer=answers.Reservation,
        roles=ORDER_ROLES,
        query=WriteQuery,
        body=reservations.Extension,
        key="optional",
        errors=CHANGE_ERRORS,
    ),
    Route(
        method="DELETE",
        path="/v1/reservations/{reservation_id}",
        endpoint=change,
        summary="Let the units go",
        statement="select * from api.release_reservations($1, $2)",
        answer=answers.Reservation,
        roles=ORDER_ROLES,
        query=WriteQuery,
        body=reservations.Release,
        body_required=False,
        key="optional",
        errors=CHANGE_ERRORS,
    ),
)
