"""What the host of a Salesforce URL tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exporter.cli import main
from exporter.config.file import load_config
from exporter.config.settings import JwtBearer
from tests.config.conftest import private_key

MY_DOMAIN = "the My Domain URL of the org, https://MYDOMAIN.my.salesforce.com"
TEST, LOGIN = "https://test.salesforce.com", "https://login.salesforce.com"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a configuration of an org at a URL, which is logged in to by JWT or by client credentials."""
    (tmp_path / "secret").write_text("a-secret")
    (tmp_path / "key.pem").write_text(private_key())

    def written(url: str, audience: str | None = None, *, jwt: bool = True) -> Path:
        auth: dict[str, Any] = {"client_credentials": {"client_id": "an-id", "client_secret_file": "secret"}}
        if jwt:
            flow = {"client_id": "an-id", "username": "me", "private_key_file": "key.pem"}
            auth = {"jwt_bearer": flow | ({} if audience is None else {"audience": audience})}
        file = tmp_path / "exporter.yml"
        file.write_text(json.dumps({"integrations": [{"name": "acme", "salesforce": {"url": url, "auth": auth}}]}))
        return file

    return written


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://acme--uat.sandbox.my.salesforce.com", TEST),
        ("https://ACME--UAT.sandbox.my.salesforce.com/", TEST),
        ("https://acme--uat.my.salesforce.com", TEST),
        ("https://acme--uat.cs88.my.salesforce.com", TEST),
        ("https://brave-otter-1.scratch.my.salesforce.com", TEST),
        ("https://test.salesforce.com", TEST),
        ("https://acme.my.salesforce.com", LOGIN),
        ("https://acme-uat.my.salesforce.com", LOGIN),
        ("https://sandbox.my.salesforce.com", LOGIN),
        ("https://acme-dev-ed.develop.my.salesforce.com", LOGIN),
        ("https://login.salesforce.com", LOGIN),
        ("http://127.0.0.1:8080/acme--uat/salesforce", LOGIN),
        ("https://gateway.acme.example/salesforce", LOGIN),
        ("https://cs88.salesforce.com", TEST),
        ("https://na139.salesforce.com", LOGIN),
        ("https://acme.my.salesforce.mil", "https://acme.my.salesforce.mil"),
        ("https://acme--uat.sandbox.my.salesforce.mil/", "https://acme--uat.sandbox.my.salesforce.mil"),
        ("https://acme.my.sfcrmproducts.cn", "https://acme.my.sfcrmproducts.cn"),
        ("https://acme--uat.sandbox.my.sfcrmproducts.cn", "https://acme--uat.sandbox.my.sfcrmproducts.cn"),
        ("https://acme.my-salesforce.com", "https://acme.my-salesforce.com"),
    ],
)
def test_the_audience_follows_from_the_url(url: str, audience: str, write: Any) -> None:
    """Sandboxes have a login host of their own; what is configured counts more."""
    flows = [load_config(file).integrations[0].salesforce for file in (write(url), write(url, "https://other.example"))]
    auths = [flow.auth for flow in flows if flow is not None and isinstance(flow.auth, JwtBearer)]
    assert auths[-1].audience == "https://other.example"
    flow = load_config(write(url)).integrations[0].salesforce
    assert flow is not None
    assert isinstance(flow.auth, JwtBearer)
    assert flow.auth.audience == audience


@pytest.mark.parametrize(
    ("url", "audience", "value", "right"),
    [
        ("https://acme--uat.sandbox.my.salesforce.com", LOGIN, "for an org that is a sandbox", TEST),
        ("https://acme--uat.my.salesforce.com", LOGIN + "/", "for an org that is a sandbox", TEST),
        ("https://test.salesforce.com", LOGIN, "for an org that is a sandbox", TEST),
        ("https://acme.my.salesforce.com", TEST, "for an org that is no sandbox", LOGIN),
        ("https://acme.my.salesforce.com", "https://test.salesforce.com.", "for an org that is no sandbox", LOGIN),
        ("https://acme.my.salesforce.com", "https://login.sfcrmproducts.cn", "for an org that is no sandbox", LOGIN),
        (
            "https://acme--uat.sandbox.my.sfcrmproducts.cn",
            "https://login.sfcrmproducts.cn",
            "for an org that is a sandbox",
            "https://acme--uat.sandbox.my.sfcrmproducts.cn",
        ),
        (
            "https://acme.my.sfcrmproducts.cn",
            "https://test.sfcrmproducts.cn",
            "for an org that is no sandbox",
            "https://acme.my.sfcrmproducts.cn",
        ),
    ],
)
def test_an_audience_of_the_wrong_kind_is_refused(
    url: str, audience: str, value: str, right: str, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Salesforce would answer *audience is invalid*, and a login is what nobody likes to fail."""
    assert main(["check-config", str(write(url, audience))]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "salesforce.auth.jwt_bearer.audience: " in line
    assert line.endswith(f'"{audience}" {value}; expected {right}, which is the default, or the My Domain URL')


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://acme--uat.sandbox.my.salesforce.com", TEST),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", None),
        ("https://acme--uat.sandbox.my.sfcrmproducts.cn", "https://test.sfcrmproducts.cn"),
        ("https://acme.my.sfcrmproducts.cn", "https://login.sfcrmproducts.cn"),
        ("https://acme.my.sfcrmproducts.cn", LOGIN),
        ("https://acme.my.salesforce.mil", LOGIN),
        ("https://gateway.acme.example", TEST),
    ],
)
def test_an_audience_of_the_right_kind_is_good(url: str, audience: str | None, write: Any) -> None:
    """The login host of its kind, or the My Domain itself; where Salesforce documents none, nothing is refused."""
    assert main(["check-config", str(write(url, audience))]) == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://acme.lightning.force.com", "which is https://acme.my.salesforce.com (this is the host of Lightning"),
        (
            "https://acme--uat.sandbox.lightning.force.com/lightning/page/home",
            "which is https://acme--uat.sandbox.my.salesforce.com (this",
        ),
        ("https://acme.my.salesforce-setup.com", "which is https://acme.my.salesforce.com (this is the host of setup"),
        ("https://acme--c.vf.force.com", "(this is the host of Visualforce pages, where no API answers)"),
        ("https://acme--uat--c.sandbox.vf.force.com", "(this is the host of Visualforce pages"),
        ("https://acme--c.na139.visual.force.com", "(this is the host of Visualforce pages"),
        ("https://acme.my.site.com/portal", "(this is the host of an Experience site"),
        ("https://acme.file.force.com", "(this is the host of files"),
        (
            "https://acme.my.salesforce.com.mcas.ms",
            "which is https://acme.my.salesforce.com (this is the host of a browser session that Microsoft Defender",
        ),
        ("https://acme.lightning.force.com.mcas.ms", "which is https://acme.my.salesforce.com (this is the host of a"),
        ("https://acme.lightning.crmforce.mil", "which is https://acme.my.salesforce.mil (this is the host of Light"),
        ("https://acme.sites.crmforce.mil", "(this is the host of pages for people"),
        ("https://acme.lightning.sfcrmapps.cn", "which is https://acme.my.sfcrmproducts.cn (this is the host of Light"),
        (
            "https://acme--uat.sandbox.lightning.sfcrmapps.cn",
            "which is https://acme--uat.sandbox.my.sfcrmproducts.cn (this",
        ),
        ("https://acme.setup.sfcrmproducts.cn", "(this is the host of setup pages"),
        ("https://acme.my-lightning.com", "which is https://acme.my-salesforce.com (this is the host of Lightning"),
        ("https://acme.my.salesforce.mil/lightning", "without a path"),
        ("https://acme.my.sfcrmproducts.cn/lightning", "without a path"),
        ("https://acme.my.salesforce.com/lightning/setup/SetupOneHome/home", "without a path"),
    ],
)
@pytest.mark.parametrize("jwt", [True, False])
def test_the_address_of_a_page_is_no_org(
    url: str, told: str, jwt: bool, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """What people copy from the browser; the My Domain is named where it can be told."""
    assert main(["check-config", str(write(url, jwt=jwt))]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "salesforce.url: got " in line
    assert f"expected {MY_DOMAIN}" in line
    assert told in line


@pytest.mark.parametrize(
    "url",
    [
        LOGIN,
        TEST,
        "https://na139.salesforce.com",
        "https://acme.salesforce.com",
        "https://acme.cloudforce.com",
        "https://login.sfcrmproducts.cn",
        "https://chn1.sfcrmproducts.cn",
        "https://acme.salesforce.mil",
    ],
)
def test_client_credentials_need_the_my_domain(url: str, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Salesforce would answer *request not supported on this domain*. An assertion is taken on a login host."""
    assert main(["check-config", str(write(url, jwt=False))]) == 1
    assert "client credentials are refused on other hosts" in capsys.readouterr().err
    assert main(["check-config", str(write(url))]) == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.my.salesforce.com/",
        "https://acme--uat.sandbox.my.salesforce.com",
        "https://salesforce.example/acme",
        "http://127.0.0.1:8080/acme/salesforce",
        "https://acme.my.salesforce.mil",
        "https://acme--uat.sandbox.my.salesforce.mil",
        "https://acme.my.sfcrmproducts.cn",
        "https://acme--uat.sandbox.my.sfcrmproducts.cn",
        "https://acme.my-salesforce.com",
        "https://salesforce.com.acme.example",
        "https://proxy.mcas.ms",
        "https://gateway.acme.example/force.com",
    ],
)
def test_my_domains_and_hosts_of_others_are_good(url: str, write: Any) -> None:
    """Of a gateway or a stand-in nothing is known."""
    assert main(["check-config", str(write(url, jwt=False))]) == 0


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://app.hubspot.com", 1),
        ("https://app-eu1.hubspot.com/contacts/1", 1),
        ("https://www.hubspot.com", 1),
        ("https://api.hubapi.com", 0),
        ("https://api.hubspot.com", 0),
        ("https://hubspot.example", 0),
    ],
)
def test_hubspots_web_application_is_no_api(
    url: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address people see in the browser is not that of the API."""
    file = tmp_path / "exporter.yml"
    file.write_text(json.dumps({"integrations": [{"name": "acme", "hubspot": {"url": url}}]}))
    assert main(["check-config", str(file)]) == code
    assert ("expected https://api.hubapi.com" in capsys.readouterr().err) == (code == 1)
