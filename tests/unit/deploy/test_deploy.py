"""deploy/: there is no Docker engine here, so what is written is held to the schemas and to the code itself."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from typer.main import get_command

from services.app.cluster.ingest import Metered
from services.cli import app
from services.ingest.testing import MemoryLog
from services.notify.metrics import Metrics
from services.rules.cluster.metrics import StreamMetrics
from services.settings import Settings

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
ALERTS, DASHBOARD = DEPLOY / "prometheus" / "alerts.yaml", DEPLOY / "grafana" / "dashboards" / "prewarn.json"
SETTINGS = {f"PREWARN_{name.upper()}" for name in Settings.model_fields} | {"PREWARN_PEOPLE"}
SERVICES = {"all", "ingest", "route", "evaluate", "notify"}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def test_compose_conforms_to_the_specification(compose):
    schema = json.loads((DEPLOY / "compose-spec.schema.json").read_text("utf-8"))
    validator = jsonschema_rs.validator_for(schema)
    assert [str(error) for error in validator.iter_errors(compose)] == []
    broken = compose | {"services": compose["services"] | {"kafka": {"imag": "x"}}}
    assert list(validator.iter_errors(broken))


def test_compose_waits_for_services_that_are_there_and_mounts_what_exists(compose):
    services = compose["services"]
    for name, service in services.items():
        assert service.get("depends_on", {}).keys() <= services.keys(), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), volume
            elif not source.startswith("$"):
                assert source in compose["volumes"], volume
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), f"{name} is open to others: {port}"


@pytest.mark.parametrize("path", [DEPLOY / "compose.yaml", *UNITS], ids=lambda path: path.name)
def test_settings_and_commands_are_those_of_the_code(path):
    text = path.read_text("utf-8")
    assert set(re.findall(r"PREWARN_[A-Z_]+", text)) <= SETTINGS
    if path in UNITS:
        commands = [line.split() for line in re.findall(r"^ExecStart=.*/prewarn (.*)$", text, re.MULTILINE)]
    else:
        services = yaml.safe_load(text)["services"].values()
        commands = [service["command"] for service in services if service.get("image") == "prewarn"]
    assert commands
    root = get_command(app)
    for command in commands:
        known = root
        for word in command:
            if not hasattr(known, "commands"):
                break
            assert word in known.commands, command
            known = known.commands[word]
        if command[0] == "run":
            assert set(command[1:2]) <= SERVICES, command
            assert set(command[2::2]) <= {"--port"}, command


def test_a_cluster_without_a_database_says_what_it_needs_and_starts_nothing(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
    told = subprocess.run(
        [sys.executable, DEPLOY / "cluster.py", "up", tmp_path / "all"],
        env=kept, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert told.returncode == 78
    assert "--database postgresql://" in told.stderr
    assert not (tmp_path / "all").exists()


def exported():
    registries = (
        StreamMetrics().registry,
        Metrics(lambda: {"pending": 1}, lambda: {"x": 1}, lambda: {"json://h": 1}).registry,
        Metered(MemoryLog(), lambda: None).registry,
    )
    names = set()
    for registry in registries:
        for family in registry.collect():
            names |= {family.name, f"{family.name}_total", f"{family.name}_bucket"}
    return names


@pytest.mark.parametrize("path", [ALERTS, DASHBOARD], ids=lambda path: path.name)
def test_alerts_and_dashboard_ask_for_metrics_that_are_exported(path):
    asked = set(re.findall(r"\bprewarn_[a-z_]+", path.read_text("utf-8")))
    assert asked
    assert asked <= exported()


def test_the_alerts_do_what_they_say():
    if shutil.which("promtool") is None:
        if os.environ.get("PREWARN_CI"):
            pytest.fail("promtool is missing: apt-get install prometheus")
        pytest.skip("NO PROMTOOL: apt-get install prometheus")
    for arguments in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]):
        told = subprocess.run(
            ["promtool", *arguments], cwd=ALERTS.parent, capture_output=True, text=True, check=False, timeout=60
        )
        assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_restart_unless_only_another_configuration_helps(unit):
    text = unit.read_text("utf-8")
    assert "Restart=on-failure" in text
    assert "RestartPreventExitStatus=78" in text
    assert {"UMask=0077", "StateDirectoryMode=0700"} <= set(text.splitlines())
    sections = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]


def test_units_on_one_host_have_ports_of_their_own():
    texts = [unit.read_text("utf-8") for unit in UNITS if unit.name != "prewarn.service"]
    ports = [port for text in texts for port in re.findall(r"--port (\d+)", text)]
    assert sorted(ports) == ["8320", "8321"]
    for unit in UNITS:
        assert ("PREWARN_METRICS_PORT=%i" in unit.read_text("utf-8")) == ("@" in unit.name)


def test_systemd_understands_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    for unit in UNITS:
        name = unit.name.replace("@.", "@9111.")
        text = re.sub(r"=(-?)/(opt/prewarn/bin/prewarn|usr/bin/env)", r"=\1/bin/true", unit.read_text("utf-8"))
        (tmp_path / name).write_text(text, "utf-8")
        told = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", tmp_path / name], capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip
        mine = [line for line in told.stderr.splitlines() if str(tmp_path) in line or name in line]
        assert mine == [], told.stderr


def test_the_file_of_passwords_stays_out_of_git_and_of_the_image(compose):
    for ignoring in (".gitignore", ".dockerignore"):
        lines = (DEPLOY.parent / ignoring).read_text("utf-8").split()
        assert "deploy/secrets.env" in [line.lstrip("/") for line in lines], ignoring
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    assert "--env-file deploy/secrets.env" in text
    assert [name for name, service in compose["services"].items() if "env_file" in service] == []
    told = {name for name, service in compose["services"].items() if "PASSWORD" in str(service.get("environment"))}
    assert told == {"postgres", "ingest", "notify", "grafana"}
