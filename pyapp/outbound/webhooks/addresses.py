"""Which addresses may be sent to: the rules of egress.py, without the sending.

SCOVILLE_WEBHOOK_ALLOW names hosts that are exempt, with or without https, for development.
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

# What of IPv4 is not for the public (IANA IPv4 Special-Purpose Address Registry), and one address that looks as if it were:
# 168.63.129.16 answers inside Azure.
PRIVATE_4 = [
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    )
]
# Of IPv6 only 2000::/3 is given out to the public. Left out of it: what carries an IPv4 address within (Teredo, 6to4) and what
# is not for use (IANA IPv6 Special-Purpose Address Registry). Mapped, compatible and NAT64 forms lie outside of it anyway.
PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
PRIVATE_6 = [
    ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]


class Refused(OSError):  # noqa: N818 (a verdict, not a fault)
    """Nothing is sent there. The text says why, and never what else is known of the address."""


class Allowed:
    """Hosts that are exempt from the rules: `host` (all ports) or `host:port`, with commas between them."""

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
        """Those of SCOVILLE_WEBHOOK_ALLOW. Raises SettingsError."""
        try:
            return cls(settings.webhook_allow)
        except ValueError as error:
            raise SettingsError(
                f"SCOVILLE_WEBHOOK_ALLOW cannot be used: {error}. Write such as localhost:9000, with commas between."
            ) from None

    def __contains__(self, url: URL) -> bool:
        host = (url.raw_host or "").lower()
        return (host, None) in self.hosts or (host, url.port) in self.hosts


def is_host(text: str) -> bool:
    """Whether it is an address, or has the form of a name."""
    labels = text.lower().removesuffix(".").split(".")
    return ":" in text or (len(text) <= HOST_CHARACTERS_MAX and all(LABEL.fullmatch(label) for label in labels))


def is_public(address: str) -> bool:
    """Whether an IP address, as text, belongs to the public internet. False for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in PRIVATE_4)
    return ip.scope_id is None and ip in PUBLIC_6 and not any(ip in network for network in PRIVATE_6)


def check_url(text: str, allowed: Allowed) -> URL:
    """The URL, if a message may be sent there as far as the URL itself tells. Raises Refused."""
    try:
        url = URL(text)
    except ValueError:
        raise Refused("This is not a URL. Write it as https://host/path.") from None
    host = (url.raw_host or "").lower()
    if url.scheme not in ("http", "https") or not host or len(text) > URL_CHARACTERS_MAX:
        raise Refused("This is not a web address. Write it as https://host/path.")
    if url.user is not None or url.password is not None:
        raise Refused("The URL holds a user name or password. Leave it out; messages are signed instead.")
    if url.fragment or not url.port:
        raise Refused("The URL holds a fragment (#) or the port 0. Leave it out.")
    if url in allowed:
        return url
    if url.scheme != "https":
        raise Refused("The URL must begin with https://: what is sent in the clear can be read and changed on its way.")
    if ":" in host or NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        if not is_public(host):
            raise Refused("This address is not one of the public internet.")
    elif not is_host(host):
        raise Refused("This is not the name of a host.")
    elif "." not in host.removesuffix(".") or host.removesuffix(".").endswith((".localhost", ".local", ".internal")):
        raise Refused("This is not the name of a host of the public internet.")
    return url
