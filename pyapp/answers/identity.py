"""API clients and tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.answers import fields
from pyapp.answers.fields import Answer, Moment, Page, Region, Version
from pyapp.answers.problems import Problem
from pyapp.identity.tokens import Role

Text = Annotated[str, Meta(examples=["Web shop"])]


class LiveSecret(Answer):
    """A secret that works: since when, and until when. null: it is the current one."""

    created_at: Moment
    expires_at: Moment | None


class Client(Answer, kw_only=True):
    """A program or person that may ask for tokens, with the role and scope that the tokens carry."""

    client_id: Annotated[str, Meta(examples=["web-shop"])]
    name: Text
    role: Role
    region_id: Region
    warehouses: list[fields.Warehouse]
    channels: list[fields.Channel]
    active: Annotated[bool, Meta(description="False: it gets no token.", examples=[True])]
    version: Version
    created_at: Moment
    updated_at: Moment
    secrets: Annotated[list[LiveSecret], Meta(max_length=2)]


class ClientWithSecret(Client, kw_only=True):
    """A client that was given a secret just now."""

    client_secret: (
        Annotated[
            str,
            Meta(
                description="Shown this once, and kept nowhere. Left out in a dry run.",
                examples=["scs_Vb2y7TlqJmF4sW0hNnRk9cXeAzGdPuoI1E8L6ZtQw3M"],
            ),
        ]
        | UnsetType
    ) = UNSET


class ClientPage(Page, kw_only=True):
    """Clients by id."""

    data: list[Client]


class TokenProblem(Problem, kw_only=True):
    """RFC 6749, section 5.2, with the members of our problem documents beside; the media type is application/json."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]
    error_description: Annotated[
        str, Meta(pattern=r"^[\x20-\x21\x23-\x5b\x5d-\x7e]+$", examples=["No active client has this client_id and secret."])
    ]


class Token(Answer):
    """RFC 6749, section 5.1."""

    access_token: Annotated[str, Meta(description="Send it as Authorization: Bearer.", examples=["eyJhbGciOiJIUzI1NiJ9.eyJ..."])]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Meta(description="Seconds.", le=900, examples=[900])]
    scope: Annotated[str, Meta(description="The role of the client.", examples=["sales"])]
