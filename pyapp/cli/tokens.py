"""`token`, and the scopes of tokens that users request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pyapp.cli import context
from pyapp.cli.options import DataDir, seconds

if TYPE_CHECKING:
    from pyapp.settings import Settings

DEMO_TOKEN_SECONDS = 12 * 3600
SCOPES: dict[str, tuple[list[str], list[str]]] = {  # warehouses, channels
    "admin": ([], []),
    "warehouse": (["WH-01"], []),
    "sales": ([], ["web"]),
    "integration": ([], ["web"]),
}


def token(
    role: Annotated[Literal["admin", "warehouse", "sales", "integration"], typer.Option(help="Role of the token.")],
    warehouse: Annotated[list[str] | None, typer.Option(help="A warehouse of its scope; repeat for several.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="A sales channel of its scope; repeat for several.")] = None,
    region: Annotated[int, typer.Option(min=1, max=32767)] = 1,
    subject: Annotated[str | None, typer.Option(help="The actor that the audit shows (by default the role's name).")] = None,
    ttl: Annotated[str, typer.Option(help="How long it is valid: 15m, 1h, 7d.")] = "1h",
    data_dir: DataDir = None,
) -> None:
    """Print a token, and nothing else. Without a scope: warehouse WH-01, sales and integration channel web."""
    from pyapp.identity.tokens import mint_token

    settings = context.with_demo_key(context.settings(data_dir=data_dir))
    warehouses, channels = (warehouse or [], channel or []) if warehouse or channel else SCOPES[role]
    print(
        mint_token(settings, role, subject=subject, warehouses=warehouses, channels=channels, region=region, seconds=seconds(ttl))
    )


def role_tokens(settings: Settings) -> dict[str, tuple[str, str]]:
    """For each role, the variable name that the documentation uses, and a token with the demo's scope."""
    from pyapp.identity.tokens import ROLES, mint_token

    tokens: dict[str, tuple[str, str]] = {}
    for role in ROLES:
        warehouses, channels = SCOPES[role]
        made = mint_token(settings, role, warehouses=warehouses, channels=channels, seconds=DEMO_TOKEN_SECONDS)
        tokens[role] = ("TOKEN" if role == "admin" else f"{role.upper()}_TOKEN", made)
    return tokens
