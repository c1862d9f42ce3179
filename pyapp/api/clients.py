"""API clients and their secrets."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from pyapp import values
from pyapp.api.tokens import ClientId, hash_of, new_secret
from pyapp.http.endpoints import change, change_with, read_document, read_page
from pyapp.http.fields import Answer, Body, ChannelId, Json, Name, Page, PageQuery, RegionDraft, WarehouseId, Words, WriteQuery
from pyapp.http.headers import Request
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.identity.tokens import Role
from pyapp.values import Moment, Region, Version

CODES_MAX = 500
OVERLAP_SECONDS_MAX = 30 * 86_400

Warehouses = Annotated[
    list[WarehouseId], Meta(max_length=CODES_MAX, description="For role warehouse: the warehouses it works in.")
]
Channels = Annotated[
    list[ChannelId], Meta(max_length=CODES_MAX, description="For role sales or integration: the channels it sells through.")
]


class ClientDraft(Body):
    """A program or person that may request tokens. Without client_id the server chooses one."""

    sample: ClassVar[Json] = {"client_id": "web-shop", "name": "Web shop", "role": "integration", "channels": ["web"]}

    name: Name
    role: Role
    client_id: ClientId | UnsetType = UNSET
    region_id: RegionDraft | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ClientChange(Body):
    """The members to change. Tokens issued for the old role or scope stop working within a minute."""

    sample: ClassVar[Json] = {"name": "Web shop, new checkout"}

    name: Name | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    region_id: RegionDraft | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class SecretRotation(Body):
    """How long the previous secret stays valid. Default: one day."""

    sample: ClassVar[Json] = {"overlap_seconds": 86_400}

    overlap_seconds: Annotated[int, Meta(ge=0, le=OVERLAP_SECONDS_MAX, examples=[86_400])] | UnsetType = UNSET


class ClientQuery(PageQuery):
    q: Words | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    active: bool | UnsetType = UNSET


Text = Annotated[str, Meta(examples=["Web shop"])]


class LiveSecret(Answer):
    """A valid secret, and the period of its validity. until null: it is the current one."""

    created_at: Moment
    expires_at: Moment | None


class Client(Answer, kw_only=True):
    """A program or person that may request tokens, with the role and scope that the tokens carry."""

    client_id: Annotated[str, Meta(examples=["web-shop"])]
    name: Text
    role: Role
    region_id: Region
    warehouses: list[values.Warehouse]
    channels: list[values.Channel]
    active: Annotated[bool, Meta(description="False: it gets no tokens.", examples=[True])]
    version: Version
    created_at: Moment
    updated_at: Moment
    secrets: Annotated[list[LiveSecret], Meta(max_length=2)]


class ClientWithSecret(Client, kw_only=True):
    """A client with its new secret."""

    client_secret: (
        Annotated[
            str,
            Meta(
                description="Shown only once, and not stored. Omitted in a dry run and in the answer to a repeat.",
                examples=["scs_Vb2y7TlqJmF4sW0hNnRk9cXeAzGdPuoI1E8L6ZtQw3M"],
            ),
        ]
        | UnsetType
    ) = UNSET


class ClientPage(Page, kw_only=True):
    """A page of clients, by ID."""

    data: list[Client]


async def give_secret(request: Request) -> Response:
    """Like change, for a client that gets a secret: Postgres receives the hash, and only this answer shows the secret."""
    secret = new_secret()
    return await change_with(request, {"secret_hash": hash_of(secret)}, shown={"client_secret": secret})


SCOPE_ERRORS = ("ID006", "ST003", "OR008")

CLIENT_ID = PathVariable("client_id", "The API client.", "web-shop")

NOUN = Noun(
    "clients",
    "The programs that may request tokens, and their secrets.",
    (
        Route(
            method="GET",
            path="/v1/clients",
            endpoint=read_page,
            summary="List API clients",
            function="list_clients",
            answer=ClientPage,
            query=ClientQuery,
        ),
        Route(
            method="POST",
            path="/v1/clients",
            endpoint=give_secret,
            summary="Create an API client; the answer shows its secret, once",
            function="create_clients",
            answer=ClientWithSecret,
            query=WriteQuery,
            body=ClientDraft,
            status=201,
            location="/v1/clients/{client_id}",
            description="The Idempotency-Key is ignored, because a stored answer would store the secret. A repeat is refused, "
            "because the client exists already.",
        ),
        Route(
            method="GET",
            path="/v1/clients/{client_id}",
            endpoint=read_document,
            summary="Read an API client",
            function="get_client",
            answer=Client,
        ),
        Route(
            method="PATCH",
            path="/v1/clients/{client_id}",
            endpoint=change,
            summary="Change an API client",
            function="change_clients",
            answer=Client,
            query=WriteQuery,
            body=ClientChange,
        ),
        Route(
            method="DELETE",
            path="/v1/clients/{client_id}",
            endpoint=change,
            summary="Revoke an API client: it gets no more tokens, and existing ones end within a minute",
            function="revoke_clients",
            answer=Client,
            query=WriteQuery,
        ),
        Route(
            method="POST",
            path="/v1/clients/{client_id}/rotate-secret",
            endpoint=give_secret,
            summary="Give an API client a new secret, in addition to the current one",
            function="rotate_secrets",
            answer=ClientWithSecret,
            query=WriteQuery,
            body=SecretRotation,
            body_required=False,
            description="The previous secret works until the overlap ends. At most two are valid: a third one replaces "
            "the oldest. So that a repeated request does not rotate twice, send an Idempotency-Key (a repeat returns the answer "
            "without the secret, which nobody keeps) or If-Match (a repeat is refused).",
            key="or_if_match",
        ),
    ),
    (CLIENT_ID,),
)
