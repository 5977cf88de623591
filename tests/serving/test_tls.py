"""TLS as it is served: which versions, suites and curves, to whom, and what happens when a certificate is another."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from cryptography import x509

from exporter.config.problem import ConfigError
from tests.clients.authority import Authority
from tests.serving.conftest import Serve, Served

PAIR = {"cert_file": "server.pem", "key_file": "server.pem"}
VERIFIED = {**PAIR, "client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "authority.pem"}
IF_GIVEN = {**VERIFIED, "client_auth_type": "VerifyClientCertIfGiven"}

REFUSED = (ssl.SSLError, ConnectionError)
"""How a client sees that a handshake has failed: by an alert, or as a connection that ends."""


BINDS_SEVERAL = hasattr(ssl.SSLContext, "set_groups")
"""To several curves: from Python 3.15 on."""


def tls(**keys: Any) -> dict[str, Any]:
    return {"tls_server_config": {**PAIR, **keys}}


async def negotiated(served: Served, context: ssl.SSLContext) -> tuple[str, str]:
    """Version and suite of a new connection."""
    _reader, writer = await asyncio.open_connection(*served.place, ssl=context)
    connection: ssl.SSLObject = writer.get_extra_info("ssl_object")
    cipher = connection.cipher()
    writer.close()
    return connection.version() or "", cipher[0] if cipher else ""


async def served_serial(served: Served) -> int:
    """The serial number of the certificate that a new connection is shown."""
    _reader, writer = await asyncio.open_connection(*served.place, ssl=served.context())
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(shown).serial_number


async def test_a_page_is_served_over_tls_and_not_without(serve: Serve) -> None:
    """Whoever speaks plain HTTP gets no answer."""
    async with serve(tls()) as served:
        assert await served.status() == 200
        async with httpx.AsyncClient(trust_env=False) as http:
            with pytest.raises(httpx.TransportError):
                await http.get(served.url.replace("https", "http"))


async def test_versions_before_tls_1_2_are_not_spoken(serve: Serve) -> None:
    """Nor those that the file excludes."""
    async with serve(tls(max_version="TLS12")) as served:
        context = served.context()
        assert await negotiated(served, context) == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        with pytest.raises(REFUSED):
            await negotiated(served, context)


@pytest.mark.parametrize(("prefer", "chosen"), [(True, "AES128"), (False, "AES256")])
async def test_whose_order_of_suites_counts_says_the_file(serve: Serve, prefer: bool, chosen: str) -> None:
    """The server's own by default."""
    suites = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]
    async with serve(tls(cipher_suites=suites, prefer_server_cipher_suites=prefer, max_version="TLS12")) as served:
        context = served.context()
        context.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256")
        assert chosen in (await negotiated(served, context))[1]
        context.set_ciphers("ECDHE-ECDSA-CHACHA20-POLY1305")
        with pytest.raises(REFUSED):
            await negotiated(served, context)


async def test_suites_of_tls_1_3_alone_leave_nothing_older(serve: Serve) -> None:
    """A list is about what is before TLS 1.3."""
    async with serve(tls(cipher_suites=["TLS_AES_128_GCM_SHA256"])) as served:
        context = served.context()
        assert (await negotiated(served, context))[0] == "TLSv1.3"
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(REFUSED):
            await negotiated(served, context)


async def test_one_curve_is_the_only_one(serve: Serve) -> None:
    """A client that has only another is not served."""
    async with serve(tls(curve_preferences=["CurveP521"])) as served:
        context = served.context()
        context.set_ecdh_curve("secp521r1")
        assert await served.status(context=context) == 200
        context.set_ecdh_curve("secp384r1")
        with pytest.raises(httpx.TransportError):
            await served.status(context=context)


async def test_of_several_curves_each_is_served(serve: Serve) -> None:
    """And no other, where Python can say so; where it cannot, that is noted."""
    async with serve(tls(curve_preferences=["CurveP521", "CurveP384"])) as served:
        context = served.context()
        for curve in ("secp521r1", "secp384r1"):
            context.set_ecdh_curve(curve)
            assert await served.status(context=context) == 200
        context.set_ecdh_curve("prime256v1")
        if BINDS_SEVERAL:
            with pytest.raises(httpx.TransportError):
                await served.status(context=context)
        else:
            assert await served.status(context=context) == 200
    assert any("curve_preferences" in note for note in served.live.current().notes) != BINDS_SEVERAL


class TestClients:
    """Who has to show a certificate, and which."""

    async def test_without_one_nobody_is_served_where_it_is_required(self, serve: Serve, authority: Authority) -> None:
        """Nor with one of his own making. Why is said once, as who is refused hears little of it."""
        async with serve({"tls_server_config": VERIFIED}) as served:
            assert await served.status(authority.client("client")) == 200
            with structlog.testing.capture_logs() as logs:
                for pair in (None, authority.client("self_signed"), None):
                    with pytest.raises(httpx.TransportError):
                        await served.status(pair)
        assert [line["event"] for line in logs] == ["TLS handshake failed"] * 2
        assert [line["cause"].partition(":")[0] for line in logs] == [
            "peer did not return a certificate",
            "certificate verify failed",
        ]

    async def test_who_shows_none_is_served_where_it_is_verified_if_given(
        self, serve: Serve, authority: Authority
    ) -> None:
        """A bad one is worse than none."""
        async with serve({"tls_server_config": IF_GIVEN}) as served:
            assert [await served.status(pair) for pair in (None, authority.client("client"))] == [200, 200]
            with pytest.raises(httpx.TransportError):
                await served.status(authority.client("self_signed"))

    @pytest.mark.parametrize("kind", ["NoClientCert", "RequestClientCert", ""])
    async def test_nobody_is_kept_out_where_nothing_is_verified(
        self, serve: Serve, authority: Authority, kind: str
    ) -> None:
        """With whatever certificate, or none."""
        async with serve(tls(client_auth_type=kind)) as served:
            assert [await served.status(pair) for pair in (None, authority.client("self_signed"))] == [200, 200]

    @pytest.mark.parametrize(
        "name",
        [
            x509.DNSName("prometheus.example"),
            x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
            x509.RFC822Name("sre@corp.example"),
            x509.UniformResourceIdentifier("spiffe://corp.example/prometheus"),
        ],
    )
    async def test_one_of_its_names_must_be_allowed(
        self, serve: Serve, authority: Authority, name: x509.GeneralName
    ) -> None:
        """DNS name, address, e-mail address or URI; who has none of these is told of in the log."""
        allowed = ["one", str(name.value), "two"]
        async with serve({"tls_server_config": {**VERIFIED, "client_allowed_sans": allowed}}) as served:
            assert await served.status(authority.client("client", x509.DNSName("x.example"), name)) == 200
            with structlog.testing.capture_logs() as logs, pytest.raises(httpx.TransportError):
                await served.status(authority.client("client", x509.DNSName("x.example")))
            assert [line["cause"] for line in logs] == [
                "none of the client's names is in client_allowed_sans: x.example"
            ]

    async def test_without_a_certificate_no_name_is_allowed(self, serve: Serve) -> None:
        """Also where one need not be given."""
        async with serve({"tls_server_config": {**IF_GIVEN, "client_allowed_sans": ["one"]}}) as served:
            with pytest.raises(httpx.TransportError):
                await served.status()


class TestChanges:
    """New files are used for new connections, without a restart."""

    async def test_a_renewed_certificate_is_shown(self, serve: Serve, authority: Authority, tmp_path: Path) -> None:
        """To whoever comes then."""
        async with serve(tls()) as served:
            before = await served_serial(served)
            assert await served_serial(served) == before
            shutil.copy(authority.pair("renewed"), tmp_path / "server.pem")
            with structlog.testing.capture_logs() as logs:
                assert await served_serial(served) != before
            assert [line["event"] for line in logs] == ["web configuration reloaded"]

    async def test_a_broken_certificate_changes_nothing_and_is_said_once(
        self, serve: Serve, authority: Authority, tmp_path: Path
    ) -> None:
        """As a renewal looks that has come half way."""
        async with serve(tls()) as served:
            before = await served_serial(served)
            good = (tmp_path / "server.pem").read_bytes()
            with structlog.testing.capture_logs() as logs:
                (tmp_path / "server.pem").write_bytes(good[: len(good) // 2])
                assert [await served_serial(served) for _ in range(3)] == [before] * 3
                assert [line["event"] for line in logs] == ["web configuration not reloaded"]
                (tmp_path / "server.pem").unlink()
                assert [await served_serial(served) for _ in range(2)] == [before] * 2
                assert "No such file" in logs[1]["error"]
                shutil.copy(authority.pair("renewed"), tmp_path / "server.pem")
                assert await served_serial(served) != before
            assert len(logs) == 3

    async def test_an_authority_that_is_taken_away_vouches_no_more(
        self, serve: Serve, authority: Authority, tmp_path: Path
    ) -> None:
        """Python cannot take one out of a context, so a new one is served."""
        other = tmp_path / "other"
        other.mkdir()
        another = Authority(other)
        async with serve({"tls_server_config": VERIFIED}) as served:
            assert await served.status(authority.client("client")) == 200
            shutil.copy(another.file, tmp_path / "authority.pem")
            assert await served.status(another.client("client")) == 200
            with pytest.raises(httpx.TransportError):
                await served.status(authority.client("client"))

    async def test_tls_is_not_switched_off_by_a_reload(self, serve: Serve, tmp_path: Path) -> None:
        """What listens has been told to speak it."""
        async with serve(tls()) as served:
            (tmp_path / "web.yml").write_text("rate_limit: {interval: 1ms, burst: 1000}")
            with pytest.raises(ConfigError, match="TLS is switched off; expected the same until the next restart"):
                served.live.reload()
            assert await served.status() == 200
