"""The HTML of the documentation pages."""

from __future__ import annotations

import json
import re
from html import escape

from pyapp.api.table import ROUTES
from pyapp.describe import asyncapi
from pyapp.describe.openapi import errors_of, example
from pyapp.problems import KINDS

MENU = (
    ("/docs", "API"),
    ("/docs/live", "Live"),
    ("/docs/errors", "Errors"),
    ("/openapi.json", "openapi.json"),
    ("/asyncapi.json", "asyncapi.json"),
)

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Scoville</title>
<link rel="icon" href="data:,">
{head}<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<header><strong>Scoville</strong><nav aria-label="Documentation">{menu}</nav></header>
{body}
</body>
</html>
"""
SWAGGER = """\
<link rel="stylesheet" href="/docs/swagger.css">
<script src="/docs/swagger.js" defer></script>
<script src="/docs/docs.js" defer></script>
"""


def interactive() -> str:
    """Swagger UI; docs.js starts it."""
    without = '<noscript>This page needs JavaScript; <a href="/openapi.json">openapi.json</a> does not.</noscript>'
    body = f'<main id="swagger-ui">{without}</main>'
    return _page("API", body, head=SWAGGER, at="/docs")


def live() -> str:
    """Sockets and streams, from the AsyncAPI document: each channel with its messages and an example of each."""
    document = asyncapi.build()
    parts = [f"<h1>Live</h1>{_prose(document['info']['description'])}"]
    for name, channel in document["channels"].items():
        kind = "WebSocket" if name == "inventory" else "Server-sent events"
        parts.append(f'<h2 id="{name}">{escape(channel["title"])}</h2><p class="facts"><span>{kind}</span>')
        parts.append(f"<code>{escape(channel['address'])}</code></p>{_prose(channel['description'])}")
        sent = {asyncapi.name_of(type_) for type_ in asyncapi.TO_SERVER}
        for message_name, message in asyncapi.messages_of(document, name):
            way = "client to server" if message_name in sent else "server to client"
            parts.append(
                f"<h3><code>{escape(message['name'])}</code></h3><p>{escape(message['summary'])} <small>({way})</small></p>"
                f"<pre><code>{escape(json.dumps(message['examples'][0]['payload'], indent=2))}</code></pre>"
            )
    return _page("Live", f'<main class="prose">{"".join(parts)}</main>', at="/docs/live")


def _prose(text: str) -> str:
    """Renders the small part of Markdown that our descriptions use: paragraphs, lists, code and bold."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", escape(text)))
    blocks = []
    for block in re.split(r"\n\n+", html.strip()):
        if block.startswith("- "):
            items = re.split(r"\n(?=- )", block)
            blocks.append("<ul>" + "".join(f"<li>{item[2:]}</li>" for item in items) + "</ul>")
        else:
            blocks.append(f"<p>{block}</p>")
    return "".join(blocks)


def errors() -> str:
    """Lists all problem types, by status."""
    rows = "".join(
        f"<tr><td>{kind.status}</td><td><code>{code}</code></td>"
        f'<td><a href="/docs/errors/{kind.slug}">{escape(kind.title)}</a></td></tr>'
        for code, kind in sorted(KINDS.items(), key=lambda item: (item[1].status, item[0]))
    )
    body = (
        '<main class="prose"><h1>Errors</h1>'
        "<p>A refused request returns a problem document (RFC 9457). Programs should decide by <code>code</code>, "
        "which is stable; <code>detail</code> and <code>errors</code> say what was wrong in this case, and <code>type</code> "
        "leads here.</p>"
        f"<table><thead><tr><th>Status</th><th>Code</th><th>Meaning</th></tr></thead><tbody>{rows}</tbody></table></main>"
    )
    return _page("Errors", body, at="/docs/errors")


def error(code: str) -> str:
    """Describes one problem type: when it happens, what to do, an example, and which operations return it."""
    kind = KINDS[code]
    operations = "".join(
        f'<li><a href="/docs#/{route.tag}/{route.operation_id}"><code>{route.method} {escape(route.path)}</code></a></li>'
        for route in ROUTES
        if code in errors_of(route)
    )
    body = (
        f'<main class="prose"><p class="crumb"><a href="/docs/errors">Errors</a></p><h1>{escape(kind.title)}</h1>'
        f'<p class="facts"><span>Status {kind.status}</span> <code>{code}</code></p>'
        f"<h2>What happened</h2><p>{escape(kind.when)}</p>"
        f"<h2>What to do</h2><p>{escape(kind.remedy)}</p>"
        f"<h2>Example</h2><pre><code>{escape(json.dumps(example(code), indent=2))}</code></pre>"
        + (f"<h2>Where it can happen</h2><ul>{operations}</ul>" if operations else "")
        + "</main>"
    )
    return _page(kind.title, body, at="/docs/errors")


def _page(title: str, body: str, *, at: str, head: str = "") -> str:
    menu = "".join(f'<a href="{path}"{" aria-current=page" if path == at else ""}>{name}</a>' for path, name in MENU)
    return PAGE.format(title=escape(title), head=head, menu=menu, body=body)
