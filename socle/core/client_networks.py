"""Whom limits count: an address, or in IPv6 the network that one customer has (/64)."""

from ipaddress import IPv4Address, ip_address, ip_network

IPV6_PREFIX = 64


def network_of(address: str) -> str:
    """Its first address in IPv6, as nginx counts too; what is no address, as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a unix socket has none
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    network = ip_network((int(parsed), IPV6_PREFIX), strict=False)
    return str(network.network_address)
