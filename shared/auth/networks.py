"""The client's networks, from the X-Forwarded-For header."""

import re
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

PREFIX_BITS = {4: 24, 6: 64}  # the network of one office or subscriber, whose addresses change
SITE_BITS = 48  # what a provider gives one customer with IPv6: 65,536 networks of /64
UNKNOWN = "unknown"
_ADDRESS = re.compile(r"\[(.+)\](?::\d+)?|([^:]+)(?::\d+)?|(.+)")  # [v6], [v6]:port, v4, v4:port, v6


class Client(NamedTuple):
    """The networks of a client, the smallest first."""

    network: str
    """/24 for IPv4, /64 for IPv6; the same for everybody where no address is known, as on a laptop."""
    site: str = ""
    """/48 for IPv6, else empty."""


def client(forwarded_for: str, trusted_proxies: int = 1) -> Client:
    """Return the client's networks.

    The last `trusted_proxies` addresses were written by proxies of ours, each of which adds the address that called it.
    So the first of these is the client's; the client itself can write whatever stands before it. With fewer addresses
    the first one counts, with 0 proxies none. Azure writes `address:port`.
    """
    entries = [entry.strip() for entry in forwarded_for.split(",")]
    if not trusted_proxies:
        return Client(UNKNOWN)
    match = _ADDRESS.fullmatch(entries[max(0, len(entries) - trusted_proxies)])
    try:
        address = ip_address(match[match.lastindex or 0] if match else "")
    except ValueError:
        return Client(UNKNOWN)
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    network = str(ip_network((int(address), PREFIX_BITS[address.version]), strict=False))
    site = str(ip_network((int(address), SITE_BITS), strict=False)) if address.version == 6 else ""
    return Client(network, site)
