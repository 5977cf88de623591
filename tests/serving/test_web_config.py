"""What is particular to ours: what is said of what is accepted in vain, and what no message repeats."""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

import exporter
from exporter.config.problem import ConfigError
from exporter.serving.web_config import HIGHEST_COST, load_web_config, seconds_of
from tests.clients.authority import Authority
from tests.serving.conftest import HASHED, PASSWORD, Write

PAIR = {"cert_file": "server.pem", "key_file": "server.pem"}
IF_GIVEN = {"client_auth_type": "VerifyClientCertIfGiven", "client_ca_file": "authority.pem"}
SECRET = "hunter2hunter2"


def refusal(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_web_config(file)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "note"),
    [
        ({"http_server_config": {"http2": True}}, "HTTP/1.1 is served"),
        ({"rate_limit": {"interval": "1s"}}, "rate_limit.burst is 0: every request is refused"),
        ({"basic_auth_users": {"alice": HASHED}}, "whoever is on the way can read the passwords"),
        ({"tls_server_config": {**PAIR, "client_auth_type": "RequestClientCert"}}, "keeps nobody out"),
        ({"tls_server_config": {**PAIR, "client_auth_type": "VerifyClientCertIfGiven"}}, "the system's authorities"),
        ({"tls_server_config": {**PAIR, "min_version": "TLS10"}}, "TLS 1.0 and 1.1 are broken"),
        (
            {"tls_server_config": {**PAIR, **IF_GIVEN, "client_allowed_sans": ["one"]}},
            "who shows no certificate has none",
        ),
    ],
)
def test_what_is_accepted_in_vain_is_said(write: Write, data: Any, note: str) -> None:
    """One sentence each."""
    (said,) = load_web_config(write(data)).notes
    assert note in said


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"client_auth_type": "RequireAnyClientCert"}, "anybody can meet with a certificate of his own making"),
        ({"client_allowed_sans": ["one"]}, "client_auth_type is NoClientCert, which verifies no certificate"),
        ({"min_version": "TLS13", "max_version": "TLS12"}, "a max_version that is not below min_version"),
        ({"cipher_suites": ["TLS_AES_128_GCM_SHA256"], "max_version": "TLS12"}, "which max_version excludes"),
        ({"key_file": "other.pem"}, "key_file: the key of another certificate; expected the private key of cert_file"),
        ({"key_file": "authority.pem"}, "key_file: no private key in PEM form"),
        ({"cert_file": "web.yml"}, "cert_file: no certificate in PEM form"),
        ({"key_file": "encrypted.pem"}, "key_file: it is encrypted; expected an unencrypted private key"),
        ({"client_ca_file": "web.yml", "client_auth_type": "RequireAndVerifyClientCert"}, "holds no certificate"),
        ({"cert_file": f"-----BEGIN\n{SECRET}"}, "got text that is no path"),
    ],
)
def test_what_would_protect_nothing_is_refused(
    write: Write, authority: Authority, tmp_path: Path, keys: dict[str, Any], sentence: str
) -> None:
    """Or could not be served."""
    (tmp_path / "other.pem").write_bytes(authority.pair("other").read_bytes())
    key = load_pem_private_key(authority.pair("leaf").read_bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    (tmp_path / "encrypted.pem").write_bytes(encrypted)
    said = refusal(write({"tls_server_config": {**PAIR, **keys}}))
    assert sentence in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "text",
    [
        f"basic_auth_users: {{alice: {SECRET}}}",
        f"basic_auth_users: {{'alice:{SECRET}': x}}",
        f"basic_auth_users: alice:{SECRET}",
        f"basic_auth_users: [{SECRET}]",
        f"tls_server_config: {{key: {SECRET}, cert: x}}",
        f"tls_server_config: {{key_file: '{SECRET * 30}', cert_file: server.pem}}",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n",
    ],
)
def test_no_message_repeats_a_secret(write: Write, text: str) -> None:
    """Neither a password in the clear, nor a key, nor a file that is something else."""
    assert SECRET not in refusal(write(text))


@pytest.mark.parametrize("place", [28, 59], ids=["salt", "digest"])
def test_a_hash_that_no_password_has_is_refused(write: Write, place: int) -> None:
    """The last characters of salt and digest hold fewer bits than others. One that was changed lets nobody in."""
    changed = "".join(chr(ord(char) + 1) if at == place else char for at, char in enumerate(HASHED))
    with contextlib.suppress(ValueError):
        assert not bcrypt.checkpw(PASSWORD.encode(), changed.encode())
    assert "basic_auth_users.alice: got text (not shown" in refusal(write({"basic_auth_users": {"alice": changed}}))


@pytest.mark.parametrize("cost", [15, 31])
def test_a_hash_that_takes_too_long_is_refused(write: Write, cost: int) -> None:
    """One guess would keep everybody out whose password is not known yet."""
    said = refusal(write({"basic_auth_users": {"alice": HASHED.replace("$04$", f"${cost}$"), "bob": HASHED}}))
    assert f"basic_auth_users.alice: got a hash of cost {cost}; expected one of cost 14 at most" in said
    assert "bob" not in said
    load_web_config(write({"basic_auth_users": {"alice": HASHED.replace("$04$", f"${HIGHEST_COST}$")}}))


def test_a_key_twice_is_refused(write: Write) -> None:
    """The second would hold in silence."""
    assert "web.yml:2: rate_limit: key 'rate_limit' stands twice" in refusal(
        write("rate_limit: {interval: 1s}\nrate_limit: {}\n")
    )


def test_what_is_commented_out_says_nothing(write: Write) -> None:
    """A section or a key without a value is one that is not there; a user without a password is none."""
    config = load_web_config(write("tls_server_config:\nhttp_server_config:\n  headers:\nbasic_auth_users:\n"))
    assert (config.context, config.users, config.headers) == (None, {}, ())
    assert "basic_auth_users.alice" in refusal(write("basic_auth_users:\n  alice:\n"))


def test_neither_repr_nor_log_shows_a_hash(write: Write) -> None:
    """Whoever has one can guess at leisure."""
    assert HASHED not in repr(load_web_config(write({"basic_auth_users": {"alice": HASHED}})))


@pytest.mark.parametrize(
    ("duration", "seconds"), [("1s", 1), ("1.5s", 1.5), ("100ms", 0.1), ("1m30s", 90), ("0", 0), (0, 0), ("5us", 5e-6)]
)
def test_durations_are_gos(duration: str | int, seconds: float) -> None:
    """With fractions, and without days."""
    assert seconds_of(duration) == pytest.approx(seconds)


class TestTheReadme:
    """What it shows is good as it stands there."""

    @staticmethod
    def example(name: str) -> str:
        text = (Path(exporter.__file__).parent / "README.md").read_text(encoding="utf-8")
        found = re.search(rf"```yaml\n# {re.escape(name)}\n(.*?)```", text, re.DOTALL)
        assert found is not None
        return found[1]

    def test_its_web_configuration_is_good(self, write: Write, tmp_path: Path) -> None:
        """With all that it names beside it, and without a note."""
        file = write(self.example("web.yml"))
        for name, source in (("tls.crt", "server"), ("tls.key", "server"), ("clients.crt", "authority")):
            (tmp_path / name).write_bytes((tmp_path / f"{source}.pem").read_bytes())
        config = load_web_config(file)
        assert (config.context is not None, list(config.users), config.notes) == (True, ["prometheus"], ())

    @pytest.mark.binaries
    @pytest.mark.parametrize(
        ("name", "command"),
        [("prometheus.yml", ("promtool", "check", "config")), ("alertmanager.yml", ("amtool", "check-config"))],
    )
    def test_its_senders_are_good(self, tmp_path: Path, name: str, command: tuple[str, ...]) -> None:
        """The real tools say so."""
        for each in ("exporter-password", "exporter-ca.crt", "webhook-token"):
            (tmp_path / each).write_text("x")
        file = tmp_path / name
        file.write_text(re.sub(r"/etc/(?:prometheus|alertmanager)", str(tmp_path), self.example(name)))
        ended = subprocess.run([*command, file], capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 0, ended.stderr
