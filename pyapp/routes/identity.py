"""API clients, and the tokens that they ask for."""

from __future__ import annotations

from pyapp.answers import identity as answers
from pyapp.api import tokens as oauth
from pyapp.http.endpoints import change, give_secret, read_document, read_page
from pyapp.http.fields import WriteQuery
from pyapp.http.route import ADMIN, Route
from pyapp.schemas import identity

SCOPE_ERRORS = ("ID006", "ST003", "OR008")

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/oauth/token",
        endpoint=oauth.token,
        summary="Get a token with client id and secret",
        statement=oauth.STATEMENT,
        answer=answers.Token,
        refusal=answers.TokenProblem,
        roles=(),
        body=identity.TokenRequest,
        body_type=oauth.FORM_TYPE,
        regional=False,
        description="The grant client_credentials of RFC 6749. A token is good for at most 15 minutes.",
    ),
    Route(
        method="GET",
        path="/v1/clients",
        endpoint=read_page,
        summary="List API clients",
        statement="select * from api.list_clients($1, $2, $3)",
        answer=answers.ClientPage,
        roles=ADMIN,
        query=identity.ClientQuery,
        regional=False,
        errors=("VA001",),
    ),
    Route(
        method="POST",
        path="/v1/clients",
        endpoint=give_secret,
        summary="Create an API client; the answer shows its secret, once",
        statement="select * from api.create_clients($1)",
        answer=answers.ClientWithSecret,
        roles=ADMIN,
        query=WriteQuery,
        body=identity.ClientDraft,
        regional=False,
        status=201,
        location="/v1/clients/{client_id}",
        errors=("ID005", *SCOPE_ERRORS),
        description="An Idempotency-Key is not looked at, since a kept answer would keep the secret: a repeat is refused, the "
        "client being there already.",
    ),
    Route(
        method="GET",
        path="/v1/clients/{client_id}",
        endpoint=read_document,
        summary="Read an API client",
        statement="select * from api.get_client($1)",
        answer=answers.Client,
        roles=ADMIN,
        regional=False,
        errors=("ID004",),
    ),
    Route(
        method="PATCH",
        path="/v1/clients/{client_id}",
        endpoint=change,
        summary="Change an API client",
        statement="select * from api.change_clients($1)",
        answer=answers.Client,
        roles=ADMIN,
        query=WriteQuery,
        body=identity.ClientChange,
        regional=False,
        errors=("ID004", "ST009", *SCOPE_ERRORS),
    ),
    Route(
        method="DELETE",
        path="/v1/clients/{client_id}",
        endpoint=change,
        summary="Revoke an API client: no more tokens, and those that it has end within a minute",
        statement="select * from api.revoke_clients($1)",
        answer=answers.Client,
        roles=ADMIN,
        query=WriteQuery,
        regional=False,
        errors=("ID004", "ST009"),
    ),
    Route(
        method="POST",
        path="/v1/clients/{client_id}/rotate-secret",
        endpoint=give_secret,
        summary="Give an API client a new secret, beside the one it has",
        statement="select * from api.rotate_secrets($1)",
        answer=answers.ClientWithSecret,
        roles=ADMIN,
        query=WriteQuery,
        body=identity.SecretRotation,
        body_required=False,
        regional=False,
        errors=("ID004", "ID007", "ST009"),
        description="The secret so far works until the overlap ends. Two live at most: a third rotation takes the place of the "
        "oldest. An Idempotency-Key is not looked at: each call gives another secret; If-Match guards against two.",
    ),
)
