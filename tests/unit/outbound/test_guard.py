import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.outbound import AddressPolicy, AddressReason, AddressRefused, check_url
from opulse.outbound.guard import checked_addresses

STRICT = AddressPolicy()
OPEN = AddressPolicy(allow_http=True)


def reason(url: str, policy: AddressPolicy = OPEN) -> AddressReason | None:
    try:
        check_url(url, policy)
    except AddressRefused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    "url",
    ["https://hook.example.test/x?y=1", "https://hook.example.test.:8443/", "https://BÜCHER.example/ü", "https://8.8.8.8/",
     "https://[2606:4700::1111]:8443/", "https://a_b.example/", "https://1.example/", "https://0xyz.example/"],
)  # fmt: skip
def test_permitted(url: str) -> None:
    assert reason(url, STRICT) is None


@pytest.mark.parametrize(
    "host",
    ["2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1", "127.1", "127.0.1", "0x7f.1", "127.0.0.1.1", "00", "0x",
     "127.0.0.0x1", "4294967296", "foo.0x7f", "foo.1", "2852039166", "134744072", "0177.0.0.0x1"],
)  # fmt: skip
@pytest.mark.parametrize("dot", ["", "."])
def test_numbers_that_only_some_programs_read_as_an_address(host: str, dot: str) -> None:
    assert reason(f"http://{host}{dot}/") is AddressReason.ODD_NOTATION


@pytest.mark.parametrize("host", ["0177.0.0.1", "1.2.3.08", "1.2.3.256", "010.0.0.1"])
def test_four_numbers_that_are_no_address(host: str) -> None:
    for dot in ("", "."):
        assert reason(f"http://{host}{dot}/") in (AddressReason.MALFORMED, AddressReason.ODD_NOTATION)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1/", AddressReason.LOOPBACK),
        ("http://127.0.0.1./", AddressReason.LOOPBACK),
        ("http://127。0。0。1/", AddressReason.LOOPBACK),
        ("http://[::1]/", AddressReason.LOOPBACK),
        ("http://[::ffff:127.0.0.1]/", AddressReason.LOOPBACK),
        ("http://[::ffff:7f00:1]/", AddressReason.LOOPBACK),
        ("http://[64:ff9b::7f00:1]/", AddressReason.LOOPBACK),
        ("http://[2002:7f00:1::]/", AddressReason.LOOPBACK),
        ("http://[::]/", AddressReason.RESERVED),
        ("http://169.254.169.254/latest/meta-data/", AddressReason.LINK_LOCAL),
        ("http://[fe80::1%25eth0]/", AddressReason.MALFORMED),
        ("http://①②⑦.0.0.1/", AddressReason.MALFORMED),
    ],
)
def test_addresses_in_disguise(url: str, expected: AddressReason) -> None:
    assert reason(url) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user@hook.example.test/", AddressReason.USER_INFO),
        ("https://user:pw@hook.example.test/", AddressReason.USER_INFO),
        ("https://hook.example.test@127.0.0.1/", AddressReason.USER_INFO),
        ("https://:@hook.example.test/", AddressReason.USER_INFO),
        ("ftp://hook.example.test/", AddressReason.MALFORMED),
        ("file:///etc/passwd", AddressReason.MALFORMED),
        ("javascript:alert(1)", AddressReason.MALFORMED),
        ("//hook.example.test/", AddressReason.MALFORMED),
        ("hook.example.test", AddressReason.MALFORMED),
        ("", AddressReason.MALFORMED),
        ("https://", AddressReason.MALFORMED),
        ("https:///x", AddressReason.MALFORMED),
        ("https://hook.example.test:0/", AddressReason.MALFORMED),
        ("https://hook.example.test:65536/", AddressReason.MALFORMED),
        ("https://hook.example.test:x/", AddressReason.MALFORMED),
        ("https://hook..example.test/", AddressReason.MALFORMED),
        ("https://-hook.example.test/", AddressReason.MALFORMED),
        ("https://hook%2eexample.test/", AddressReason.MALFORMED),
        ("https://hook.example.test\\@127.0.0.1/", AddressReason.MALFORMED),
        ("https://hook.example.test/\r\nHost: y", AddressReason.MALFORMED),
        (" https://hook.example.test/", AddressReason.MALFORMED),
        ("https://" + "a" * 64 + ".test/", AddressReason.MALFORMED),
        ("https://" + "a." * 130 + "test/", AddressReason.MALFORMED),
        ("https://hook.example.test/" + "a" * 9_000, AddressReason.MALFORMED),
    ],
)
def test_malformed(url: str, expected: AddressReason) -> None:
    assert reason(url, STRICT) is expected


def test_plain_http_needs_the_setting_or_our_own_origin() -> None:
    own = AddressPolicy.of(origins=["LocalHost:8080", "[::1]:9000"])
    assert reason("http://hook.example.test/", STRICT) is AddressReason.NOT_HTTPS
    assert reason("http://hook.example.test/", OPEN) is None
    assert reason("http://localhost:8080/x", own) is None
    assert reason("http://localhost.:8080/x", own) is None
    assert reason("http://[0:0::1]:9000/x", own) is None
    for url in (
        "http://localhost:8081/",
        "http://localhost/",
        "http://xlocalhost:8080/",
        "http://localhost.evil.test:8080/",
    ):
        assert reason(url, own) is AddressReason.NOT_HTTPS


def test_our_own_origin_is_exact() -> None:
    own = AddressPolicy.of(origins=["127.0.0.1:8080"])
    assert reason("http://127.0.0.1:8080/", own) is None
    assert reason("https://127.0.0.1:8443/", own) is AddressReason.LOOPBACK
    assert reason("http://127.1:8080/", own) is AddressReason.ODD_NOTATION


def test_an_opened_network_still_asks_for_https() -> None:
    policy = AddressPolicy.of(networks=["10.0.0.0/8"])
    assert reason("https://10.1.2.3/", policy) is None
    assert reason("http://10.1.2.3/", policy) is AddressReason.NOT_HTTPS
    assert reason("https://192.168.0.1/", policy) is AddressReason.PRIVATE


@pytest.mark.parametrize("origin", ["", "host", "host:", ":80", "host:0", "host:x", "host:99999", "host:٣"])
def test_a_bad_origin_in_the_settings_is_named(origin: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        AddressPolicy.of(origins=[origin])


def test_one_bad_address_among_good_ones_refuses_the_name() -> None:
    target = check_url("https://hook.example.test/", STRICT)
    assert [
        str(one) for one in checked_addresses(target, ["8.8.8.8", "2606:4700::1111", "8.8.8.8"], STRICT)
    ] == [
        "8.8.8.8",
        "2606:4700::1111",
    ]
    with pytest.raises(AddressRefused) as refused:
        checked_addresses(target, ["8.8.8.8", "::ffff:10.0.0.1"], STRICT)
    assert (refused.value.reason, refused.value.host) == (AddressReason.PRIVATE, "hook.example.test")


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    for url in (text, "https://" + text, "https://h.test" + text):
        try:
            target = check_url(url, STRICT)
        except AddressRefused as refused:
            assert refused.reason in AddressReason
        else:
            assert target.scheme == "https" and target.host and 1 <= target.port <= 65_535
