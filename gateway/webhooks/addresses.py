"""Where a webhook may go: hosts of the open network by HTTPS, and whatever `webhook_hosts` names.

A name is looked up once for each delivery and the connection made to that address, so that it cannot change in between.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gateway.errors import Invalid, SlidegateError
from gateway.settings import current

IPV6_GLOBAL = ipaddress.IPv6Network("2000::/3")


class AddressNotAllowed(Invalid):
    """Not HTTPS, inside our own network, or not an address at all."""

    code = "webhook-address"
    title = "Enter an address that begins with https:// and lies in the open network, or ask for its host to be allowed"


class NoSuchHost(SlidegateError):
    """The name of the host is not known now."""

    code = "webhook-host-unknown"
    title = "The host of a webhook is not known"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect to, and what to ask there."""

    host: str  # as the URL names it, for the Host header and the certificate
    authority: str  # the host with its port
    url: str  # the same URL with the IP address in the host's place


def parsed(url: str) -> SplitResult:
    """The URL, if its form is allowed. Raises AddressNotAllowed."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise AddressNotAllowed from None
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressNotAllowed
    if not url.isascii() or any(each.isspace() for each in url):
        raise AddressNotAllowed
    if parts.scheme != "https" and not (parts.scheme == "http" and _listed(host)):
        raise AddressNotAllowed
    return parts


def located(url: str) -> Place:
    """Where this URL leads now. Raises NoSuchHost, or AddressNotAllowed if any of its addresses is not open to all."""
    parts = parsed(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoSuchHost from None
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not _listed(host) and not all(_open_to_all(each) for each in addresses):
        raise AddressNotAllowed
    literal = f"[{addresses[0]}]" if addresses[0].version == 6 else str(addresses[0])
    there = parts._replace(netloc=f"{literal}:{port}")
    return Place(host, parts.netloc, there.geturl())


def _listed(host: str) -> bool:
    return host.lower() in {each.lower() for each in current().webhook_hosts}


def _open_to_all(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether the address is everybody's, and hides none of ours (as 6to4, NAT64 and mapped ones may)."""
    if isinstance(address, ipaddress.IPv6Address):
        return address in IPV6_GLOBAL and address.is_global and address.sixtofour is None
    return address.is_global and not address.is_multicast
