"""The signature, held against digests that OpenSSL made."""

from __future__ import annotations

import pytest

from exporter.clients.http.signature import signature_header

BODY = b'{"a":1}'
# printf '1800000000.{"a":1}' | openssl dgst -sha256 -hmac new
NEW = "v1=201ea9699628b6d9ac181eca75c5807e794b05187a90e1a50b191a6c56308003"
OLD = "v1=b429a6f01e6dc7a358647fa36cc25ac383c326fe6801916f149cfa53fbd810a7"


@pytest.mark.parametrize(("secrets", "digests"), [(["new"], NEW), (["new", "old"], f"{NEW},{OLD}")])
def test_the_header_is_written_as_stripe_writes_it(secrets: list[str], digests: str) -> None:
    """The time, then a digest for each secret in its order."""
    assert signature_header(secrets, 1_800_000_000, BODY) == f"t=1800000000,{digests}"


@pytest.mark.parametrize(("timestamp", "body"), [(1_800_000_001, BODY), (1_800_000_000, BODY + b" ")])
def test_time_and_body_are_both_signed(timestamp: int, body: bytes) -> None:
    """A second more or a byte more is another digest."""
    assert NEW not in signature_header(["new"], timestamp, body)
