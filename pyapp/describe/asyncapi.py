"""The AsyncAPI 3.0 document: the inventory socket, the stream of events, and each type of event.

Built from events.event_types and from the structs of pyapp/eventlog/messages.py and pyapp/api/event_types.py. This module adds
what these do not contain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from pyapp import __version__
from pyapp.api.event_types import DATA, Event
from pyapp.describe.openapi import compose
from pyapp.eventlog import messages
from pyapp.eventlog.types import EVENT_TYPES
from pyapp.http.fields import Json
from pyapp.http.results import Problem
from pyapp.live.inventory import MESSAGES_PER_SECOND, SOCKETS_MAX, SOCKETS_OF_ONE_MAX
from pyapp.live.stream import STREAMS_MAX, STREAMS_OF_ONE_MAX, TicketQuery

DESCRIPTION = """\
Every change on every screen within milliseconds. No client is ever wrong without a notice.

- **A position** in the event log (member `place`) is `<epoch>:<seq>`. Keep the position of the last message. Reconnect with it to
  receive what you missed.
- **A reset** means that a position cannot be continued from: a backup was restored, or it is older than the events kept.
  On the socket a snapshot follows; after a reset on the stream, read the current state again.
- **Your token decides what you see**: staff see the stock of their warehouses, sales and integrations the orders of their
  channels and the stock that these can sell: of the active warehouses that serve them. Of stock, an integration sees only the
  available units. If other warehouses serve a channel, or one is retired or reopened, sockets get a reset and a snapshot.
"""
SOCKET = """\
Open it with `?ticket=` (from `POST /v1/ws/tickets`, valid once, for 30 seconds) or with the header Authorization, then subscribe.
You receive a snapshot, then every change. Each message has at most the newest state of each level, so a slow client skips states
but never ends on a stale one. Within a subscription, the version of a level only ever increases.

Without changes, the position is sent every 15 seconds. Also at `/ws/inventory`.
"""
STREAM = """\
Server-sent events: each event that the caller may see, once and in order. Open it with the header Authorization, or with
`?ticket=` (from `POST /v1/ws/tickets`, valid once, for 30 seconds), as a browser's EventSource must. `id` is the position.
Send it back as Last-Event-ID or as `?after=` to resume from there. An EventSource that lost its connection asks again with a
ticket that is used: open a new one, with a new ticket and `?after=` the last id. Each event has the name of its type: listen by
type, because `onmessage` receives none. Without a position the stream begins now. `?types=stock.low,stock.out` selects types. A
comment carries the position every 15 seconds.
"""
CLOSE_CODES = {
    1008: "an invalid query, or too many messages or sockets",
    1009: "the message is too large",
    1011: "an error on our side",
    1012: "the server is stopping: reconnect at once, with `after`",
    1013: "the database is unreachable: reconnect in a moment",
    4401: "the token or ticket is missing, invalid, expired or revoked: get a new one",
    4403: "a page of another origin, or a region that is not yours",
    4408: "too slow: nothing was accepted for 30 seconds; reconnect with `after`",
}
RESET = "streamReset"  # named reset on the stream, like the message on the socket
REF = "#/components/schemas/{name}"
TO_CLIENT: tuple[type[msgspec.Struct], ...] = (
    messages.Snapshot,
    messages.Changes,
    messages.Reset,
    messages.Pong,
    messages.Error,
)
TO_SERVER: tuple[type[msgspec.Struct], ...] = (messages.Subscribe, messages.Ping)


def build() -> Json:
    """Returns the document as a JSON object."""
    schemas = _schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Scoville live",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "MIT"},
            "tags": [{"name": "stock"}, {"name": "events"}],
        },
        "defaultContentType": "application/json",
        "servers": {
            "sockets": {"host": "{host}", "protocol": "wss", "description": "The address of the API.", **_server()},
            "streams": {"host": "{host}", "protocol": "https", "description": "The address of the API.", **_server()},
        },
        "channels": {"inventory": _inventory(), "events": _events()},
        "operations": _operations(),
        "components": {
            "schemas": schemas,
            "messages": {**_messages(schemas), **_event_messages(schemas)},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "ticket": {"type": "httpApiKey", "name": "ticket", "in": "query", "description": "From POST /v1/ws/tickets."},
            },
        },
    }


@cache
def encoded() -> bytes:
    """Returns the document as it is served."""
    return msgspec.json.encode(build())


def _server() -> Json:
    return {
        "variables": {"host": {"default": "localhost:8000", "description": "Host and port of the API."}},
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("bearer", "ticket")],
    }


def _inventory() -> Json:
    codes = "\n".join(f"- `{code}` {text}" for code, text in CLOSE_CODES.items())
    limits = (
        f"At most {MESSAGES_PER_SECOND:g} messages per second and client, {SOCKETS_MAX} sockets per process (then 503), "
        f"{SOCKETS_OF_ONE_MAX} of them per caller (then 1008)."
    )
    return {
        "address": "/v1/ws/inventory",
        "title": "Inventory",
        "description": f"{SOCKET}\n{limits}\n\nClose codes:\n\n{codes}\n",
        "servers": [{"$ref": "#/servers/sockets"}],
        "messages": {name_of(type_): {"$ref": f"#/components/messages/{name_of(type_)}"} for type_ in (*TO_SERVER, *TO_CLIENT)},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {
                    "type": "object",
                    "properties": {
                        "ticket": {"type": "string", "description": "From POST /v1/ws/tickets."},
                        "region": {"type": "integer", "description": "Only an admin may choose the region."},
                    },
                },
                "bindingVersion": "0.1.0",
            }
        },
    }


def _events() -> Json:
    limits = (
        f"At most {STREAMS_MAX} streams per process (then 503), {STREAMS_OF_ONE_MAX} of them per caller (then 429). Opening "
        "one counts as a read if rate limits are set."
    )
    return {
        "address": "/v1/events/stream",
        "title": "Events",
        "description": f"{STREAM}\n{limits}\n",
        "servers": [{"$ref": "#/servers/streams"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*DATA, RESET)},
    }


def _query_of_streams() -> Json:
    _, components = msgspec.json.schema_components([TicketQuery], ref_template=REF)
    properties = json.loads(json.dumps(components["TicketQuery"]["properties"]).replace(r"$(?!\\n)", "$"))
    return {"http": {"method": "GET", "query": {"type": "object", "properties": properties}, "bindingVersion": "0.3.0"}}


def _operations() -> Json:
    def operation(action: str, channel: str, summary: str, names: Iterable[str]) -> Json:
        return {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel}"},
            "title": summary,
            "description": f"{summary}.",
            "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
        }

    return {
        "receiveRequests": operation("receive", "inventory", "Messages from the client", map(name_of, TO_SERVER)),
        "sendLevels": operation("send", "inventory", "Messages to the client", map(name_of, TO_CLIENT)),
        "sendEvents": operation("send", "events", "Messages of a stream", [*DATA, RESET]) | {"bindings": _query_of_streams()},
    }


def _schemas() -> dict[str, Json]:
    types = {
        *TO_CLIENT,
        *TO_SERVER,
        Event,
        Problem,
        messages.AvailableLevel,
        messages.StreamReset,
        *DATA.values(),
    }
    _, components = msgspec.json.schema_components(sorted(types, key=lambda type_: type_.__name__), ref_template=REF)
    # Only Python needs to be told that $ does not match before a final line break.
    schemas: dict[str, Json] = json.loads(json.dumps(components).replace(r"$(?!\\n)", "$"))
    # Types that msgspec never decodes and so does not know.
    schemas["Error"]["properties"]["problem"] = {"$ref": REF.format(name="Problem")}
    levels = {"anyOf": [{"$ref": REF.format(name=name)} for name in ("Level", "AvailableLevel")]}
    for name in ("Snapshot", "Changes"):
        schemas[name]["properties"]["levels"]["items"] = levels
    for name, schema in schemas.items():
        if name not in ("Subscribe", "Ping"):
            schema.pop("additionalProperties", None)  # messages may gain members, which must not break clients
    for type_, data in DATA.items():
        schemas[_camel(type_)] = {
            "title": type_,
            "description": EVENT_TYPES[type_].says,
            "allOf": [
                {"$ref": REF.format(name="Event")},
                {"properties": {"type": {"const": type_}, "data": {"$ref": REF.format(name=data.__name__)}}},
            ],
        }
    return schemas


def _messages(schemas: Json) -> dict[str, Json]:
    made = {}
    for type_ in (*TO_SERVER, *TO_CLIENT):
        schema = {"$ref": REF.format(name=type_.__name__)}
        made[name_of(type_)] = {
            "name": name_of(type_),
            "title": type_.__name__,
            "summary": " ".join((type_.__doc__ or "").split()),
            "payload": schema,
            "examples": [{"payload": compose(schema, schemas)}],
        }
    return made


def _event_messages(schemas: Json) -> dict[str, Json]:
    made = {}
    for type_, data in DATA.items():
        sample = compose({"$ref": REF.format(name="Event")}, schemas)
        sample |= {"type": type_, "data": compose({"$ref": REF.format(name=data.__name__)}, schemas)}
        payload = {"$ref": REF.format(name=_camel(type_))}
        made[type_] = {
            "name": type_,
            "title": type_,
            "summary": EVENT_TYPES[type_].says,
            "payload": payload,
            "examples": [{"payload": sample}],
        }
    reset = {"$ref": REF.format(name="StreamReset")}
    made[RESET] = {
        "name": "reset",
        "title": "reset",
        "summary": "The requested position is gone; the stream continues from the end of the log.",
        "payload": reset,
        "examples": [{"payload": compose(reset, schemas)}],
    }
    return made


def name_of(type_: type[msgspec.Struct]) -> str:
    """Returns the name of a socket message: its `type`."""
    return str(type_.__struct_config__.tag)


def _camel(type_: str) -> str:
    return "".join(part.capitalize() for part in type_.replace("_", ".").split(".")) + "Event"


def messages_of(document: Json, channel: str) -> list[tuple[str, Any]]:
    """Returns the messages of a channel, for a page that shows them."""
    return [(name, document["components"]["messages"][name]) for name in document["channels"][channel]["messages"]]
