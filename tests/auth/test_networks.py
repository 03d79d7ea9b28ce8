"""The client's networks: from the entries of X-Forwarded-For that proxies of ours wrote."""

import pytest

from shared.auth.networks import Client, client


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.7:49152", "203.0.113.0/24"),
        ("10.1.2.3, 203.0.113.7:49152", "203.0.113.0/24"),
        ("10.1.2.3,,203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]:49152", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::]", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("[::ffff:203.0.113.7]:1", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("203.0.113.7,", "unknown"),
        ("unknown", "unknown"),
        ("localhost:80", "unknown"),
        ("203.0.113.7, nonsense", "unknown"),
        ("203.0.113.256", "unknown"),
        ("[", "unknown"),
        ("[]", "unknown"),
        ("1.2.3.4:80:80", "unknown"),
        ("192.0.2.1\0", "unknown"),
        ("٣.1.1.1", "unknown"),
        ("x" * 30_000, "unknown"),
    ],
)
def test_only_the_last_forwarded_address_counts(forwarded: str, expected: str) -> None:
    assert client(forwarded).network == expected


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [
        (0, "unknown"),
        (1, "203.0.113.0/24"),
        (2, "198.51.100.0/24"),
        (3, "192.0.2.0/24"),
        (10, "192.0.2.0/24"),
    ],
)
def test_as_many_entries_count_as_proxies_are_trusted(trusted: int, expected: str) -> None:
    header = "192.0.2.1, 198.51.100.7:4711, 203.0.113.9"
    assert client(header, trusted).network == expected


def test_an_ipv6_client_has_a_network_and_a_site() -> None:
    assert client("2001:db8:1:2:3::4") == Client("2001:db8:1:2::/64", "2001:db8:1::/48")


@pytest.mark.parametrize("forwarded", ["192.0.2.1", "::ffff:192.0.2.1", "", "garbage"])
def test_an_ipv4_client_and_an_unknown_one_have_no_site(forwarded: str) -> None:
    assert client(forwarded).site == ""
