"""Signatures by Standard Webhooks 1.0.0 (https://www.standardwebhooks.com)."""

from __future__ import annotations

import datetime
from functools import lru_cache

from standardwebhooks import Webhook

SIGNERS_MAX = 1024  # number of secrets with cached keys


def headers(message_id: str, body: str, secrets: tuple[str, ...], now: datetime.datetime) -> dict[str, str]:
    """webhook-id, webhook-timestamp and webhook-signature, which has one signature per secret, separated by spaces.

    `now` must be in UTC: the library assumes it.
    """
    if now.utcoffset() != datetime.timedelta(0):
        raise ValueError("the time of a signature must be in UTC")
    now = now.replace(microsecond=0)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(_signer(secret).sign(message_id, now, body) for secret in secrets),
    }


def read_secrets(array: bytes) -> tuple[str, ...]:
    """The secrets of a text[] as Postgres writes it: base64, which needs no escapes."""
    return tuple(array.decode()[1:-1].replace('"', "").split(","))


@lru_cache(SIGNERS_MAX)
def _signer(secret: str) -> Webhook:
    return Webhook(secret)
