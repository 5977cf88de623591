"""``dashboards``: printed, written, and put into a Grafana that is as strict as its documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter.bundled.dashboard_files import dashboard_texts
from exporter.cli import main
from exporter.demo.processes import free_port
from tests.clients.http.loopback import Authority, proxy
from tests.grafana import EDITOR, VIEWER, Grafana, serving

Say = pytest.CaptureFixture[str]

BOARDS = {name: json.loads(text) for name, text in dashboard_texts().items()}
FOLDER = "hubspot-salesforce"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One that is trusted: reading some hundred of them for each test takes longer than the test."""
    return Authority(tmp_path_factory.mktemp("other"), "Another authority")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, other_authority: Authority) -> None:
    """The token stands in the usual variable."""
    monkeypatch.setenv("SSL_CERT_FILE", str(other_authority.file))
    monkeypatch.setenv("GRAFANA_TOKEN", "a-token")


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    """Empty."""
    with serving(Grafana()) as running:
        yield running


def ended(capsys: Say, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors."""
    code = main(["dashboards", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def installed(grafana: Grafana, capsys: Say, *arguments: str) -> str:
    """What is said when it works."""
    code, out, err = ended(capsys, f"--grafana-url={grafana.url}", *arguments)
    assert (code, err) == (0, "")
    return out


def refused(grafana: Grafana, capsys: Say, *arguments: str) -> str:
    """The one sentence when it does not."""
    code, _out, err = ended(capsys, f"--grafana-url={grafana.url}", *arguments)
    assert code == 1
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "a-token" not in err
    return err


def test_they_are_printed_as_they_ship(capsys: Say) -> None:
    """All, as JSON one after the other; or one, as Grafana's import takes it."""
    code, out, err = ended(capsys)
    assert (code, out, err) == (0, "".join(dashboard_texts().values()), "")
    code, out, err = ended(capsys, "fleet")
    assert (code, json.loads(out), err) == (0, BOARDS["fleet"], "")


def test_they_are_written_a_file_each(tmp_path: Path, capsys: Say) -> None:
    """Into a folder that is made; which files it says."""
    code, out, _ = ended(capsys, f"--output-dir={tmp_path / 'new' / 'folder'}")
    files = sorted((tmp_path / "new" / "folder").iterdir())
    assert (code, out.split()) == (0, [str(file) for file in files])
    assert {file.stem: json.loads(file.read_text("utf-8")) for file in files} == BOARDS


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: Say) -> None:
    """In one sentence."""
    (tmp_path / "file").touch()
    code, _, err = ended(capsys, f"--output-dir={tmp_path / 'file'}")
    assert (code, err.startswith(f"error: --output-dir: cannot write to {tmp_path / 'file'}: ")) == (1, True)


def test_they_come_into_a_folder_of_their_own(grafana: Grafana, capsys: Say) -> None:
    """Which is made; each by its uid, so that what links to it still does."""
    out = installed(grafana, capsys)
    assert out == "".join(f"{board['title']}: made\n" for board in BOARDS.values())
    assert grafana.folders == {FOLDER: "HubSpot–Salesforce"}
    assert set(grafana.where.values()) == {FOLDER}
    assert {uid: {**board, "id": None} for uid, board in grafana.dashboards.items()} == {
        board["uid"]: {**board, "id": None, "version": 1} for board in BOARDS.values()
    }


def test_what_is_there_already_is_left_alone(grafana: Grafana, capsys: Say) -> None:
    """Nothing is written a second time, so Grafana's history stays short."""
    installed(grafana, capsys)
    grafana.asked.clear()
    assert installed(grafana, capsys) == "".join(f"{board['title']}: unchanged\n" for board in BOARDS.values())
    assert grafana.written == []


def test_what_was_changed_is_written_anew(grafana: Grafana, capsys: Say) -> None:
    """In Grafana by somebody, or moved to another folder; the others are not touched."""
    installed(grafana, capsys)
    fleet, exporter = BOARDS["fleet"], BOARDS["exporter"]
    grafana.dashboards[fleet["uid"]] |= {"refresh": "5s", "version": 7}
    grafana.folders["other"] = "Other"
    grafana.where[exporter["uid"]] = "other"
    said = installed(grafana, capsys).splitlines()
    assert [line.rpartition(": ")[2] for line in said] == ["updated", "updated", "unchanged", "unchanged"]
    assert grafana.dashboards[fleet["uid"]]["refresh"] == fleet["refresh"]
    assert grafana.where[exporter["uid"]] == FOLDER


@pytest.mark.parametrize(
    ("named", "uid"),
    [
        ("crm", "crm"),
        ("CRM dashboards", "crm"),
        ("Sales: dashboards & alerts", "sales-dashboards-alerts"),
        ("営業", "folder"),
        ("x" * 60, "x" * 40),
    ],
)
def test_a_folder_is_found_by_uid_or_title_and_made_else(grafana: Grafana, capsys: Say, named: str, uid: str) -> None:
    """A uid it gets is one that Grafana takes."""
    grafana.folders["crm"] = "CRM dashboards"
    installed(grafana, capsys, "fleet", f"--folder={named}")
    assert grafana.where == {BOARDS["fleet"]["uid"]: uid}
    assert grafana.folders == {"crm": "CRM dashboards"} | ({} if uid == "crm" else {uid: named})


def test_a_data_source_can_be_named(grafana: Grafana, capsys: Say) -> None:
    """It is what the variable begins with; the panels ask the variable."""
    installed(grafana, capsys, "fleet", "--datasource-uid=mimir")
    (board,) = grafana.dashboards.values()
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    assert variables["datasource"]["current"] == {"selected": True, "text": "mimir", "value": "mimir"}
    assert board["panels"] == BOARDS["fleet"]["panels"]


def test_the_token_comes_from_a_file_or_another_variable(
    grafana: Grafana, capsys: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never from the command line, and Grafana sees none before it has been seen to be one."""
    grafana.tokens = {"of-file": EDITOR, "of-variable": EDITOR}
    (tmp_path / "token").write_text("of-file\n")
    monkeypatch.setenv("OTHER", "of-variable")
    installed(grafana, capsys, "fleet", f"--token-file={tmp_path / 'token'}")
    assert grafana.tokens_seen[0] == ("/api/health", None)
    assert {token for _, token in grafana.tokens_seen[1:]} == {"Bearer of-file"}
    grafana.tokens_seen.clear()
    installed(grafana, capsys, "fleet", "--token-env=OTHER")
    assert {token for _, token in grafana.tokens_seen[1:]} == {"Bearer of-variable"}


def test_without_a_token_it_says_where_one_may_stand(
    grafana: Grafana, capsys: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And asks nobody anything."""
    monkeypatch.delenv("GRAFANA_TOKEN")
    assert "--token-file=FILE, or the variable GRAFANA_TOKEN, which is not set" in refused(grafana, capsys)
    assert "the variable NONE, which is not set" in refused(grafana, capsys, "--token-env=NONE")
    assert "cannot read the service account's token in the file" in refused(grafana, capsys, "--token-file=/gone")
    assert grafana.asked == []


def test_a_grafana_below_a_path_is_asked_there(capsys: Say) -> None:
    """As behind a reverse proxy; a slash at the end is not doubled."""
    with serving(Grafana(), path="/monitoring/grafana") as grafana:
        grafana.url += "/"
        installed(grafana, capsys, "fleet")
    assert grafana.dashboards


def test_loopback_is_asked_through_no_proxy(grafana: Grafana, capsys: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says."""
    for name in ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    installed(grafana, capsys, "fleet")


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
def test_a_grafana_outside_is_asked_through_the_proxy_of_the_environment(
    authority: Authority, capsys: Say, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Which sees no token; one that cannot be used is refused by its variable, unless NO_PROXY names the host."""
    ca_file = f"--ca-file={authority.file}"
    with serving(Grafana(), authority.tls_for("grafana.invalid")) as grafana:
        with proxy(int(grafana.url.rpartition(":")[2])) as seen:
            grafana.url = "https://grafana.invalid"
            monkeypatch.setenv(variable, f"http://me:hunter2@127.0.0.1:{seen.port}")
            installed(grafana, capsys, "fleet", ca_file)
        assert grafana.dashboards
        assert {head.split("\r\n")[0] for head in seen.heads} == {"CONNECT grafana.invalid:443 HTTP/1.1"}
        assert not any("a-token" in head for head in seen.heads)
        monkeypatch.setenv(variable, "socks5h://me:hunter2@127.0.0.1:1080")
        said = refused(grafana, capsys, ca_file)
        assert f"environment variable {variable}: SOCKS proxies cannot be used" in said
        assert "hunter2" not in said
        monkeypatch.setenv("no_proxy", "example.com, .invalid")
        assert "name" in refused(grafana, capsys, ca_file)  # it cannot be resolved, or nobody is there to do it


def test_a_private_authority_is_trusted_when_named(authority: Authority, capsys: Say) -> None:
    """Without it the sentence says which flag names it."""
    with serving(Grafana(), authority.tls_for("localhost")) as grafana:
        assert "name that in --ca-file" in refused(grafana, capsys)
        installed(grafana, capsys, "fleet", f"--ca-file={authority.file}")


def test_a_variable_that_says_nothing_usable_of_trust_is_named(
    grafana: Grafana, capsys: Say, monkeypatch: pytest.MonkeyPatch, authority: Authority, tmp_path: Path
) -> None:
    """As check-config names it, for there is no configuration; with --ca-file it does not count."""
    for name, value in (("SSL_CERT_FILE", tmp_path / "gone"), ("SSL_CERT_DIR", tmp_path / "none")):
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        monkeypatch.setenv(name, str(value))
        assert f"environment variable {name}: " in refused(grafana, capsys)
        installed(grafana, capsys, "fleet", f"--ca-file={authority.file}")


PAGE = ("text/html", b"<html>hello")


@pytest.mark.parametrize(
    ("path", "answer", "sentence"),
    [
        ("/api/health", (200, *PAGE), "no Grafana is at http://127.0.0.1"),
        ("/api/health", (200, "application/json", b'{"status":"ok"}'), "no Grafana is at http://127.0.0.1"),
        ("/api/health", (404, "text/plain", b"404"), "check the address, and the path in front of /api"),
        ("/api/health", (302, "text/plain", b""), "which sends to login.example"),
        ("/api/health", (503, "text/plain", b"no"), "GET /api/health: status 503"),
        (f"/api/folders/{FOLDER}", (302, *PAGE), "no Grafana is at"),
        (
            "/api/folders",
            (403, "application/json", b'{"message":"no way"}'),
            "may not read folders (status 403: no way)",
        ),
        ("/api/folders", (429, "application/json", b"{}"), "status 429"),
        ("/api/folders", (412, "application/json", b"{}"), "another one is in its place"),
        ("/api/dashboards/db", (400, "application/json", b'{"message":"a\\u001b[31m"}'), "(status 400: a\ufffd[31m)"),
        ("/api/dashboards/db", (412, "application/json", b'{"message":"A dashboard"}'), "rename or remove that"),
        ("/api/dashboards/db", (404, "application/json", b"{}"), "no Grafana is at"),
        ("/api/dashboards/db", (500, "application/json", b"{}"), "POST /api/dashboards/db: status 500"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    grafana: Grafana, capsys: Say, path: str, answer: tuple[int, str, bytes], sentence: str
) -> None:
    """With what to do about it."""
    grafana.says[path] = answer
    assert sentence in refused(grafana, capsys)


def test_a_wrong_token_and_one_of_a_viewer_are_told_apart(grafana: Grafana, capsys: Say) -> None:
    """One is to be made anew, the other needs a role."""
    grafana.tokens = {"another": EDITOR}
    said = refused(grafana, capsys)
    assert "does not take the token of the environment variable GRAFANA_TOKEN (status 401: Invalid API key)" in said
    assert "Service accounts" in said
    grafana.tokens = {"a-token": VIEWER}
    said = refused(grafana, capsys)
    assert "may not make a folder (status 403: You'll need additional permissions" in said
    assert "the role Editor" in said


def test_dashboards_of_files_are_not_written_over(grafana: Grafana, capsys: Say) -> None:
    """Grafana would take them back from the file; which one is said, and nothing else is written."""
    installed(grafana, capsys, "sync-health")
    grafana.provisioned = {BOARDS["sync-health"]["uid"]}
    grafana.asked.clear()
    assert f"reads {BOARDS['sync-health']['title']} from files" in refused(grafana, capsys)
    assert grafana.written == []


def test_another_dashboard_of_the_same_title_is_not_replaced(grafana: Grafana, capsys: Say) -> None:
    """Somebody has imported it without its uid."""
    grafana.folders[FOLDER] = "HubSpot–Salesforce"
    grafana.dashboards["imported"] = {"title": BOARDS["fleet"]["title"], "version": 1}
    grafana.where["imported"] = FOLDER
    said = refused(grafana, capsys, "fleet")
    assert f"does not write the dashboard {BOARDS['fleet']['title']}, as another one is in its place" in said


def test_where_nobody_listens_is_said(capsys: Say) -> None:
    """The address, and what may be the matter."""
    said = refused(Grafana(url=f"http://127.0.0.1:{free_port()}"), capsys)
    assert "nothing listens there" in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["overview"], "there is no dashboard 'overview'; there are: exporter, fleet, remediation, sync-health"),
        (["--grafana-url=http://grafana.example"], "is no address that a token may be sent to"),
        (["--folder=x"], "argument --folder: only with --grafana-url"),
        (["--token-file=x"], "argument --token-file: only with --grafana-url"),
        (["--grafana-url=https://g", "--output-dir=x"], "not allowed with argument --grafana-url"),
        (["--token-file=x", "--token-env=X"], "not allowed with argument --token-file"),
    ],
)
def test_wrong_usage_is_explained(arguments: list[str], complaint: str, capsys: Say) -> None:
    """And ends with 2."""
    with pytest.raises(SystemExit) as end:
        main(["dashboards", *arguments])
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_board_is_written_with_what_grafana_documents(grafana: Grafana, capsys: Say) -> None:
    """Body keys; who wrote it stands in Grafana's history."""
    installed(grafana, capsys, "fleet")
    folder, board = grafana.written
    assert folder == {"uid": FOLDER, "title": "HubSpot–Salesforce"}
    expected: dict[str, Any] = {"dashboard": {**BOARDS["fleet"], "id": None}, "folderUid": FOLDER, "overwrite": True}
    assert board == {**expected, "message": board["message"]}
    assert board["message"].startswith("hubspot-salesforce-exporter ")
