"""`token`, and the scopes of tokens that a person at the keyboard asks for."""

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
    role: Annotated[Literal["admin", "warehouse", "sales", "integration"], typer.Option(help="What the token may do.")],
    warehouse: Annotated[list[str] | None, typer.Option(help="A warehouse of its scope; may stand several times.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="A sales channel of its scope; may stand several times.")] = None,
    region: Annotated[int, typer.Option(min=1, max=32767)] = 1,
    subject: Annotated[str | None, typer.Option(help="Who it is for, as the audit will show it (the role's name).")] = None,
    ttl: Annotated[str, typer.Option(help="How long it is good: 15m, 1h, 7d.")] = "1h",
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
    """For each role the name that the documentation gives its token, and a token of the demo's scope."""
    from pyapp.identity.tokens import ROLES, mint_token

    tokens: dict[str, tuple[str, str]] = {}
    for role in ROLES:
        warehouses, channels = SCOPES[role]
        made = mint_token(settings, role, warehouses=warehouses, channels=channels, seconds=DEMO_TOKEN_SECONDS)
        tokens[role] = ("TOKEN" if role == "admin" else f"{role.upper()}_TOKEN", made)
    return tokens
