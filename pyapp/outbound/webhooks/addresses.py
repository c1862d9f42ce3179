"""The rules for webhook addresses. egress.py applies them and sends.

SCOVILLE_WEBHOOK_ALLOW names hosts that are exempt from all rules, including https, for development.
"""

from __future__ import annotations

import ipaddress
import re

from yarl import URL

from pyapp.settings import Settings, SettingsError

URL_CHARACTERS_MAX = 2048
HOST_CHARACTERS_MAX = 253

# A host that ends in a number is an address to most software, in whatever notation (WHATWG URL, section 3.5).
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Non-public IPv4 ranges (IANA IPv4 Special-Purpose Address Registry), and one address that only looks public:
# 168.63.129.16 is a service inside Azure.
PRIVATE_4 = [
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    )
]
# Public IPv6 addresses are in 2000::/3, except ranges that embed an IPv4 address (Teredo, 6to4) and reserved ones (IANA IPv6
# Special-Purpose Address Registry). Mapped, compatible and NAT64 forms are outside of 2000::/3.
PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
PRIVATE_6 = [
    ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]


class Refused(OSError):  # noqa: N818 (a verdict, not a fault)
    """The address is refused. The text has the reason and reveals nothing else about the address."""


class Allowed:
    """Hosts that are exempt from the rules: `host` (all ports) or `host:port`, separated by commas."""

    def __init__(self, text: str = "") -> None:
        self.hosts: set[tuple[str, int | None]] = set()
        for part in filter(None, (part.strip() for part in text.split(","))):
            try:
                url = URL(f"http://{part}")
                if not is_host(url.raw_host or "") or url.path not in ("", "/") or url.user or url.query_string or url.fragment:
                    raise ValueError
            except ValueError:
                raise ValueError(f"{part} is not a host or host:port") from None
            self.hosts.add(((url.raw_host or "").lower(), url.explicit_port))

    @classmethod
    def of(cls, settings: Settings) -> Allowed:
        """The hosts of SCOVILLE_WEBHOOK_ALLOW. Raises SettingsError."""
        try:
            return cls(settings.webhook_allow)
        except ValueError as error:
            raise SettingsError(
                f"SCOVILLE_WEBHOOK_ALLOW cannot be used: {error}. Write hosts such as localhost:9000, separated by commas."
            ) from None

    def __contains__(self, url: URL) -> bool:
        host = (url.raw_host or "").lower()
        return (host, None) in self.hosts or (host, url.port) in self.hosts


def is_host(text: str) -> bool:
    """True for an address, or text in the form of a name."""
    labels = text.lower().removesuffix(".").split(".")
    return ":" in text or (len(text) <= HOST_CHARACTERS_MAX and all(LABEL.fullmatch(label) for label in labels))


def is_public(address: str) -> bool:
    """True for a public IP address, as text. False for anything that is not an address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in PRIVATE_4)
    return ip.scope_id is None and ip in PUBLIC_6 and not any(ip in network for network in PRIVATE_6)


def check_url(text: str, allowed: Allowed) -> URL:
    """Parses the URL. Raises Refused if the URL itself breaks a rule; its addresses are checked later."""
    try:
        url = URL(text)
    except ValueError:
        raise Refused("This is not a URL. Write it as https://host/path.") from None
    host = (url.raw_host or "").lower()
    if url.scheme not in ("http", "https") or not host or len(text) > URL_CHARACTERS_MAX:
        raise Refused("This is not a web address. Write it as https://host/path.")
    if url.user is not None or url.password is not None:
        raise Refused("The URL contains a user name or password. Remove it; messages are signed instead.")
    if url.fragment or not url.port:
        raise Refused("The URL contains a fragment (#) or port 0. Remove it.")
    if url in allowed:
        return url
    if url.scheme != "https":
        raise Refused("The URL must begin with https://, because plain HTTP can be read and changed in transit.")
    if ":" in host or NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        if not is_public(host):
            raise Refused("This address is not public.")
    elif not is_host(host):
        raise Refused("This is not a host name.")
    elif "." not in host.removesuffix(".") or host.removesuffix(".").endswith((".localhost", ".local", ".internal")):
        raise Refused("This is not the name of a public host.")
    return url
