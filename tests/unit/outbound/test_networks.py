"""The administrator's list of networks."""

from pathlib import Path

import pytest

from opulse.outbound.networks import Networks

LISTED = [
    "# mail protection",
    "",
    "40.92.0.0/15",
    "40.92.7.0/24  # inside the one above",
    "2a01:111:f400::/48",
    "192.0.2.7",
]


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("40.92.0.0", True),
        ("40.93.255.255", True),
        ("40.94.0.0", False),
        ("40.91.255.255", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2a01:111:f400::25", True),
        ("2a01:111:f401::25", False),
        ("::ffff:40.92.1.1", True),
        ("", False),
        ("/run/opulse.sock", False),
    ],
)
def test_an_address_lies_in_one_of_the_networks_or_not(address: str, listed: bool) -> None:
    assert (address in Networks.of(LISTED)) is listed


def test_no_list_holds_nothing() -> None:
    assert "40.92.0.1" not in Networks()


def test_a_line_that_is_no_network_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scanners.txt"
    path.write_text("40.92.0.0/15\n40.92.0.0/33\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"scanners\.txt: line 2: '40\.92\.0\.0/33' is no network; write one such as"
    ):
        Networks.read(path)
    with pytest.raises(ValueError, match=r"cannot read .*missing\.txt"):
        Networks.read(tmp_path / "missing.txt")
