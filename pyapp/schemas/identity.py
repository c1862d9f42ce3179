"""API clients, their secrets, and how a token is asked for."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.fields import CODE_PATTERN, Body, ChannelId, Json, Name, PageQuery, Region, WarehouseId
from pyapp.identity.tokens import Role

CODES_MAX = 500
OVERLAP_SECONDS_MAX = 30 * 86_400

ClientId = Annotated[
    str, Meta(pattern=CODE_PATTERN, description="The client; its tokens act under this name.", examples=["web-shop"])
]
Warehouses = Annotated[
    list[WarehouseId], Meta(max_length=CODES_MAX, description="Of a client of role warehouse: where it works.")
]
Channels = Annotated[
    list[ChannelId], Meta(max_length=CODES_MAX, description="Of a client of role sales or integration: what it sells through.")
]


class ClientDraft(Body):
    """A program or person that may ask for tokens. Without client_id one is chosen."""

    sample: ClassVar[Json] = {"client_id": "web-shop", "name": "Web shop", "role": "integration", "channels": ["web"]}

    name: Name
    role: Role
    client_id: ClientId | UnsetType = UNSET
    region_id: Region | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ClientChange(Body):
    """What is to be otherwise. Tokens issued for another role or scope end within a minute."""

    sample: ClassVar[Json] = {"name": "Web shop, new checkout"}

    name: Name | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    region_id: Region | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class SecretRotation(Body):
    """How long the secret so far lives on: a day, unless said otherwise."""

    sample: ClassVar[Json] = {"overlap_seconds": 86_400}

    overlap_seconds: Annotated[int, Meta(ge=0, le=OVERLAP_SECONDS_MAX, examples=[86_400])] | UnsetType = UNSET


class ClientQuery(PageQuery):
    q: Annotated[str, Meta(min_length=1, max_length=200, description="A part of id or name.")] | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class TokenRequest(Body):
    """RFC 6749, section 4.4.2. The secret stands here or, better, in HTTP Basic."""

    sample: ClassVar[Json] = {"grant_type": "client_credentials"}

    grant_type: Literal["client_credentials"]
    client_id: ClientId | UnsetType = UNSET
    client_secret: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    scope: Annotated[str, Meta(description="The role of the client; it may be left out.", examples=["sales"])] | UnsetType = UNSET
