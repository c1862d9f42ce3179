"""A shop with webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import run_clone
from tests.hooks import Hooks
from tests.world import Shop, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Server


@pytest.fixture(scope="module")
def shop(server: Server, furnished: str) -> Iterator[Shop]:
    """One shop for all tests here: each test starts without webhooks."""
    with run_clone(server, furnished, "webhooks") as name, open_shop(server, name) as shop:
        shop.receive(10_000)
        shop.receive(10_000, "SAUCE-2")
        yield shop


@pytest.fixture
def hooks(shop: Shop) -> Hooks:
    """Starts without webhooks and without events to dispatch."""
    shop.connection.execute("truncate webhooks.endpoints, webhooks.deliveries, webhooks.attempts, identity.clients cascade")
    shop.connection.execute("delete from pgmq.q_webhook_deliveries")
    hooks = Hooks(shop)
    hooks.sequence()
    shop.connection.execute("update webhooks.dispatchers set last_seq = (select last_seq from events.stream)")
    return hooks
