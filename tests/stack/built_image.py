"""`make image-test`: exporter/Dockerfile as buildah really builds it, and what runs in containers of that image.

There is no engine: `.ci/with-image` builds, `image.py` starts. Two things stand in for others. The base image is made
of Debian's packages of the Python version that the Dockerfile names, on a newer Debian; whether Docker Hub has an image
of that name is not tried. And the containers are made by util-linux: namespaces, a read-only root, no privileges, but
no limits on memory, and no system calls are forbidden.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from exporter import __version__
from exporter.demo.permissions import PERMISSIONS
from exporter.demo.processes import ALERTMANAGER, PROMETHEUS, find_binary
from tests.clients.authority import Authority
from tests.serving.conftest import HASHED
from tests.stack.compose import ROOT, services
from tests.stack.dockerfile import values
from tests.stack.image import Bind, Container, Image, container, wait_for

CONFIG = ROOT / "exporter" / "demo" / "compose"
VOLUME = "/var/lib/hubspot-salesforce-exporter"
SERVICES = services()
DEMO_SECONDS = 120.0
"""The demo takes half a minute."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def image() -> Image:
    return Image(Path(os.environ["IMAGE"]))


@pytest.fixture(scope="module")
def simulator(image: Image) -> Iterator[Container]:
    """The simulated companies of docker-compose.yml: of the same image, in a container of their own."""
    service = SERVICES["simulator"]
    with container(image, [*service["entrypoint"], *service["command"]]) as running:
        wait_for(lambda: running.run(*service["healthcheck"]["test"][1:]).returncode == 0)
        yield running


@pytest.fixture(scope="module")
def exporter(image: Image, simulator: Container, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """ENTRYPOINT and CMD as they are, with the folder and the volume that docker-compose.yml mounts."""
    volume = image.new_volume(tmp_path_factory.mktemp("exporter") / "volume", VOLUME)
    binds = [Bind(CONFIG, "/etc/hubspot-salesforce-exporter"), Bind(volume, VOLUME, writable=True)]
    with container(image, image.command, binds, simulator) as running:
        yield running


def test_it_says_what_it_is_and_how_it_is_run(image: Image) -> None:
    """User, volume, port and health check as docker-compose.yml has them; version and revision as told at the build."""
    service = SERVICES["exporter"]
    assert image.config["User"] == service["user"] == "10001:10001"
    assert image.command == ["hubspot-salesforce-exporter", *service["command"]]
    assert image.config["Healthcheck"]["Test"] == service["healthcheck"]["test"]
    assert list(image.config["Volumes"]) == [image.config["WorkingDir"]] == [VOLUME]
    assert list(image.config["ExposedPorts"]) == ["9951/tcp"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in image.config["Labels"].items()}
    assert labels.pop("description")
    labels.pop("io.buildah.version")
    assert labels == {
        "title": PROJECT["project"]["name"],
        "licenses": PROJECT["project"]["license"],
        "version": "1.2.3",
        "revision": "4567890abcdef",
        "base.name": f"docker.io/library/{values('FROM')[-1]}",
    }


def test_it_has_the_virtual_environment_and_a_user_more_than_its_base(image: Image) -> None:
    """Nothing else is added, nothing is changed, and none of it is the user's but the volume."""
    base, root = paths(image.base), paths(image.root)
    accounts = {f"/etc/{name}{end}" for name in ("passwd", "shadow", "group", "gshadow") for end in ("", "-")}
    added = {path for path in root.keys() - base.keys() - accounts if not path.startswith("/opt/venv/")}
    assert added == {"/opt/venv", VOLUME} | ({"/opt"} - base.keys())
    assert base.keys() <= root.keys()
    assert {path for path in base.keys() & root.keys() if base[path] != root[path]} <= accounts
    assert {path for path in root if 10001 in owner(image.root / path[1:])} == {VOLUME}
    assert (image.root / VOLUME[1:]).stat().st_mode & 0o777 == 0o750


def paths(root: Path) -> dict[str, tuple[int, int]]:
    """Mode and size of everything that is no folder's time or size, by where it stands."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            place = Path(folder, name)
            about = place.lstat()
            size = 0 if place.is_dir() else about.st_size
            found[f"/{place.relative_to(root)}"] = (about.st_mode, size)
    return found


def owner(place: Path) -> tuple[int, int]:
    about = place.lstat()
    return about.st_uid, about.st_gid


def test_it_adds_little_to_its_base(image: Image) -> None:
    """Unpacked 130 MB or so, most of it the libraries; a tool of the build left behind would show."""
    sizes = [size for path, (_, size) in paths(image.root).items() if path.startswith("/opt/venv/")]
    assert 40e6 < sum(sizes) < 150e6


def test_its_health_check_tells(image: Image, exporter: Container) -> None:
    """The check of the image itself, in the container: healthy soon; elsewhere, where nothing serves, it fails.

    How soon is up to the machine: 6 s where the start period allows 20, which is not asserted."""
    check = image.config["Healthcheck"]["Test"][1:]
    wait_for(lambda: exporter.run(*check).returncode == 0)
    with container(image, ["python", "-c", "input()"], stdin=subprocess.PIPE) as idle:
        failed = wait_for(lambda: idle.run(*check))
        assert failed.returncode == 1, failed.stderr


def test_its_health_check_tells_with_a_web_configuration_too(image: Image, tmp_path: Path) -> None:
    """Nobody has told the check of it: it goes by how the container was started."""
    authority = Authority(tmp_path)
    folder, volume = tmp_path / "config", image.new_volume(tmp_path / "volume", VOLUME)
    folder.mkdir()
    web = {
        "tls_server_config": {
            "cert_file": "server.pem",
            "key_file": "server.pem",
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_ca_file": "authority.pem",
        },
        "basic_auth_users": {"somebody": HASHED},
    }
    config = {
        "store": f"sqlite:///{VOLUME}/exporter.db",
        "integrations": [{"name": "acme", "sync_health": {"url": "http://127.0.0.1:1/acme"}}],
        "remediation": {"enabled": False},
    }
    for name, content in (("web.yml", yaml.safe_dump(web)), ("exporter.yml", yaml.safe_dump(config))):
        (folder / name).write_text(content)
    shutil.copy(authority.pair("leaf"), folder / "server.pem")
    shutil.copy(authority.file, folder)
    for file in (folder, *folder.iterdir()):
        file.chmod(0o755)
    place = "/etc/hubspot-salesforce-exporter"
    binds = [Bind(folder, place), Bind(volume, VOLUME, writable=True)]
    check = image.config["Healthcheck"]["Test"][1:]
    with container(image, [*image.command, f"--web.config.file={place}/web.yml"], binds) as secured:
        wait_for(lambda: secured.run(*check).returncode == 0)
        plain = secured.run(*check[:2])
        assert plain.returncode == 1, "it is served in the clear"


def test_it_polls_the_companies(exporter: Container) -> None:
    """Every company's limits arrive on /metrics."""
    script = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9951/metrics').read().decode())"
    up = re.compile(r'^hubspot_salesforce_source_up\{integration="(\w+)",source="salesforce_limits"\} 1(?:\.0)?$', re.M)
    wait_for(
        lambda: set(up.findall(exporter.run("python", "-c", script).stdout)) == {"acme", "borealis", "cedar", "dune"}
    )


def test_it_is_installed_from_its_wheel_with_what_was_tested(exporter: Container) -> None:
    """Package by package in the versions of .ci/constraints.txt; neither pip nor a tool of the tests is among them."""
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = {normal(name): version for name, _, version in (line.partition("==") for line in lines if "==" in line)}
    script = "from importlib.metadata import distributions as d; print(*(f'{p.name}=={p.version}' for p in d()))"
    packages = [text.partition("==") for text in exporter.run("python", "-c", script).stdout.split()]
    versions = {normal(name): version for name, _, version in packages}
    assert versions.pop("hubspot-salesforce-exporter") == __version__
    assert len(versions) > 10
    assert versions == {name: tested.get(name) for name in versions}
    assert not versions.keys() & {"pip", "setuptools", "hatchling", "pytest"}
    where = exporter.run("python", "-c", "import exporter; print(exporter.__file__)").stdout
    assert where.startswith("/opt/venv/")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_nothing_can_be_written_but_the_volume_and_tmp(exporter: Container) -> None:
    """Tried by the user of the image, everywhere; it has no privileges, and can get none."""
    script = (
        "import os, json\n"
        "found = {'uid': os.getuid(), 'groups': os.getgroups(), 'places': []}\n"
        "for folder, folders, files in os.walk('/'):\n"
        "    folders[:] = [name for name in folders if folder != '/' or name not in ('proc', 'dev')]\n"
        "    found['places'] += [p for p in [folder, *(f'{folder}/{f}' for f in files)] if os.access(p, os.W_OK)]\n"
        "found['status'] = dict(line.split(':\\t', 1) for line in open('/proc/self/status'))\n"
        "print(json.dumps(found))"
    )
    ended = exporter.run("python", "-c", script)
    found = json.loads(ended.stdout)
    assert found["uid"] == 10001
    assert {place for place in found["places"] if not place.startswith(f"{VOLUME}/exporter.db")} == {"/tmp", VOLUME}  # noqa: S108
    assert int(found["status"]["CapEff"], 16) == 0
    assert found["status"]["NoNewPrivs"].strip() == "1"


def test_the_demo_says_in_a_sentence_what_it_misses(image: Image) -> None:
    """The image has neither Prometheus nor Alertmanager: the exit code is 1, and nothing is a traceback."""
    with container(image, [*image.config["Entrypoint"], "demo", "--exit-when-done"]) as demo:
        status, output, errors = demo.ended()
    assert status == 1
    assert "Traceback" not in output
    assert errors == "error: prometheus is not installed: apt-get install prometheus, or put it on PATH\n"


@pytest.mark.binaries
def test_with_both_programs_the_demo_plays_to_its_end(image: Image, tmp_path: Path) -> None:
    """Prometheus and Alertmanager of this machine in a folder on PATH: by user 10001, with a /tmp and nothing else."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for names in (PROMETHEUS, ALERTMANAGER):
        shutil.copy(find_binary(names), programs)
    binds = [Bind(programs, "/programs"), Bind(Path("/usr/share/prometheus"), "/usr/share/prometheus")]
    words = [*image.config["Entrypoint"], "demo", "--exit-when-done"]
    with container(image, ["env", f"PATH=/programs:{image.path}", *words], binds) as demo:
        status, output, errors = demo.ended(DEMO_SECONDS)
    assert (status, errors) == (0, ""), output
    assert f"{len(PERMISSIONS.steps)} of {len(PERMISSIONS.steps)} steps really happened" in output


def test_sigterm_ends_it_in_order(exporter: Container) -> None:
    """Process 1 of its container has no default handlers: it ends because it wants to, with 0."""
    assert exporter.stop(signal.SIGTERM) == 0


def test_its_context_holds_no_secrets_and_no_history(image: Image, tmp_path: Path) -> None:
    """.dockerignore as the builder reads it: only what the wheel is made from, whatever else lies in the checkout."""
    checkout = tmp_path / "checkout"
    kept = {
        "dashboards/fleet.json",
        "exporter/cli.py",
        "rules/prometheus.yml",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".gitignore",
        ".ci/constraints.txt",
    }
    left = {
        *("exporter/web/__pycache__/app.cpython-311.pyc", "exporter/hubspot-salesforce.db", "exporter/a.db-wal"),
        *("rules/webhook-token", "rules/tests/exporter.test.yml", "rules/compose/prometheus.yml"),
        *(
            ".git/config",
            ".ci/run",
            ".venv/bin/python",
            "dashboards/builder/board.py",
            "dashboards/previews/fleet.png",
            ".tools/image/base-3.14.tar",
            "tests/conftest.py",
            "exporter.yml",
        ),
    }
    for name in kept | left:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("a secret")
    (checkout / ".dockerignore").write_bytes((ROOT / ".dockerignore").read_bytes())
    (checkout / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    image.build(checkout, tmp_path / "built")
    found = {
        file.relative_to(tmp_path / "built").as_posix() for file in (tmp_path / "built").rglob("*") if file.is_file()
    }
    assert found == kept


def test_the_tested_versions_have_wheels_for_arm_too(tmp_path: Path) -> None:
    """Else pip would compile them there, and the image has no compiler. For x86-64 the build has shown it."""
    python = re.fullmatch(r"python:(3\.[0-9]+)\.[0-9]+-slim-[a-z]+", values("FROM")[-1])
    assert python
    wanted = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 24, 28, 34)]
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-cache-dir", "--quiet"),
            *("--only-binary=:all:", f"--python-version={python[1]}", *platforms, f"--target={tmp_path}"),
            *("--constraint", str(ROOT / ".ci" / "constraints.txt"), *wanted),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
