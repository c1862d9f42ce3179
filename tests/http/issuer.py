"""An external token issuer and the keys that it publishes."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NOW = int(time.time())
GOOD: dict[str, Any] = {
    "iss": "scoville",
    "aud": "scoville-api",
    "sub": "someone",
    "role": "admin",
    "iat": NOW,
    "exp": NOW + 3600,
}
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_PEM = RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Keys:
    """The published keys and the number of requests for them."""

    def __init__(self, *kids: str) -> None:
        self.away = False
        self.hangs = False
        self.fetched = 0
        self.document: Any = None
        self.publish(*kids)

    def publish(self, *kids: str) -> None:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key()))
        self.document = {"keys": [public | {"kid": kid, "use": "sig"} for kid in kids]}

    async def fetch(self, _url: str) -> Any:
        self.fetched += 1
        if self.away:
            raise OSError("away")
        if self.hangs:
            await asyncio.sleep(3600)
        return self.document


def by(kid: str, subject: str = "someone") -> str:
    return jwt.encode(GOOD | {"sub": subject}, RSA_PEM, algorithm="RS256", headers={"kid": kid})
