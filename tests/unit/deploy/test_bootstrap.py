"""The set-up commands on machines that lack something, and the promises of the lock files and of CI."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[3]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "deploy" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bootstrap = _load()


class FakeMachine:
    """A checkout in a temporary folder; notes commands instead of running them. `fails`: part of a command → code."""

    windows = False

    def __init__(
        self, root: Path, version: tuple[int, int] = (3, 12), lacks: tuple[str, ...] = (), **fails: int
    ) -> None:
        self.root, self.version, self.lacks, self.fails = root, version, lacks, fails
        self.ran: list[str] = []
        (root / "deploy").mkdir(exist_ok=True)
        (root / "pyproject.toml").write_text("[project]")
        for kind in ("", "-test", "-build", "-composite", "-ldap"):
            (root / "deploy" / f"requirements{kind}.txt").write_text(f"locked{kind}")

    def has_module(self, name: str) -> bool:
        return name not in self.lacks

    def has_compiler(self) -> bool:
        return "compiler" not in self.lacks

    def has_headers(self) -> bool:
        return "headers" not in self.lacks

    def has_ldap(self) -> bool:
        return "ldap" not in self.lacks

    def run(self, command: list[str], *, log: Path | None = None, interactive: bool = False, cppflags: str = "") -> int:
        line = " ".join([*command, cppflags]).strip()
        self.ran.append(line)
        code = next((code for part, code in self.fails.items() if part in line), 0)
        if "-m venv" in line and not code:
            (self.root / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
            (self.root / ".venv" / "bin" / "python").touch()
        if "--editable" in line and not code:
            (self.root / ".venv" / "bin" / "prewarn").touch()
        return code

    def become(self, command: list[str]) -> int:
        self.ran.append("become " + " ".join(command))
        return 0

    def count(self, part: str) -> int:
        return sum(part in line for line in self.ran)


@pytest.mark.parametrize("version", [(3, 6), (3, 10), (3, 15), (4, 0)], ids=str)
def test_a_python_that_does_not_fit_is_refused_in_both_languages(tmp_path, capsys, version):
    machine = FakeMachine(tmp_path, version)
    assert bootstrap.main(["demo"], machine) == 2
    english, chinese = capsys.readouterr().out.splitlines()
    found = f"Python {version[0]}.{version[1]}"
    assert "needs Python 3.11 to 3.14" in english
    assert found in english
    assert found in chinese
    assert re.search("[一-鿿]", chinese)
    assert machine.ran == []


@pytest.mark.parametrize("version", [(3, 11), (3, 14)], ids=str)
def test_the_oldest_and_the_newest_python_fit(tmp_path, version):
    assert bootstrap.refusal(FakeMachine(tmp_path, version)) is None


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_debian_python_without_venv_is_told_the_package(tmp_path, capsys, module):
    assert bootstrap.main(["install"], FakeMachine(tmp_path, (3, 13), (module,))) == 2
    english, chinese = capsys.readouterr().out.splitlines()
    assert "apt-get install python3.13-venv" in english
    assert "apt-get install python3.13-venv" in chinese


def test_windows_is_told_to_use_wsl(tmp_path):
    machine = FakeMachine(tmp_path)
    machine.windows = True
    assert "WSL" in bootstrap.refusal(machine).en


@pytest.mark.parametrize(
    ("lacks", "named"),
    [("compiler", "Missing: C compiler."), ("headers", "Missing: Python.h.")],
    ids=["compiler", "header"],
)
def test_what_composite_rules_lack_is_named_and_the_rest_goes_on(tmp_path, capsys, lacks, named):
    machine = FakeMachine(tmp_path, (3, 12), (lacks,))
    assert bootstrap.main(["install"], machine) == 0
    output = capsys.readouterr().out
    assert named in output
    assert "Everything but composite rules runs without it." in output
    for package in ("gcc python3.12-dev", "gcc python3-devel", "xcode-select --install", "除组合规则外"):
        assert package in output
    assert machine.count("requirements-composite.txt") == 0


def test_durable_rules_is_built_later_when_the_compiler_has_come(tmp_path):
    bootstrap.main(["install"], FakeMachine(tmp_path, lacks=("compiler",)))
    machine = FakeMachine(tmp_path)
    assert bootstrap.main(["install"], machine) == 0
    assert machine.count("requirements-composite.txt -DPyEval_CallObject=PyObject_CallObject") == 1
    assert machine.count("--editable") == 0


@pytest.mark.parametrize("lacks", [("ldap",), ("compiler",), ("headers",)], ids=lambda lacks: lacks[0])
def test_python_ldap_is_built_only_where_it_can_be_and_nothing_is_said(tmp_path, capsys, lacks):
    machine = FakeMachine(tmp_path, (3, 12), lacks)
    assert bootstrap.main(["install"], machine) == 0
    assert machine.count("requirements-ldap.txt") == 0
    assert "ldap" not in capsys.readouterr().out.lower()
    machine = FakeMachine(tmp_path)
    assert bootstrap.main(["install"], machine) == 0
    assert (machine.count("requirements-ldap.txt"), machine.count("--editable")) == (1, 0)
    bootstrap.main(["install"], machine)
    assert machine.count("requirements-ldap.txt") == 1


@pytest.mark.parametrize("part", ["requirements-ldap.txt", "import ldap"], ids=["build", "import"])
def test_a_failed_build_of_python_ldap_stops_nothing(tmp_path, capsys, part):
    machine = FakeMachine(tmp_path, **{part: 1})
    assert bootstrap.main(["install"], machine) == 0
    assert "Everything but sign-in by LDAP runs without it." in capsys.readouterr().out
    assert "ldap" not in json.loads((tmp_path / ".venv" / "prewarn-installed.json").read_text("utf-8"))


@pytest.mark.parametrize("part", ["requirements-composite.txt", "import durable.lang"], ids=["build", "import"])
def test_a_failed_build_of_durable_rules_stops_nothing(tmp_path, capsys, part):
    machine = FakeMachine(tmp_path, **{part: 1})
    assert bootstrap.main(["demo", "--port", "1"], machine) == 0
    output = capsys.readouterr().out
    assert "durable-rules could not be built" in output
    assert "durable-rules 编译失败" in output
    assert machine.ran[-1] == f"become {tmp_path}/.venv/bin/prewarn demo --port 1"


def test_running_again_installs_nothing_and_asks_nothing(tmp_path):
    bootstrap.main(["test"], FakeMachine(tmp_path))
    for command in ("install", "demo"):
        machine = FakeMachine(tmp_path)
        assert bootstrap.main([command], machine) == 0
        assert [line for line in machine.ran if not line.startswith("become")] == []


def test_an_installation_for_running_is_completed_for_tests(tmp_path):
    bootstrap.main(["demo"], FakeMachine(tmp_path))
    machine = FakeMachine(tmp_path)
    assert bootstrap.main(["test"], machine) == 0
    assert machine.count("requirements-test.txt") == 1
    assert machine.count("-m venv") == 0


def test_changed_requirements_are_installed_into_the_same_venv(tmp_path):
    bootstrap.main(["install"], FakeMachine(tmp_path))
    machine = FakeMachine(tmp_path)
    (tmp_path / "deploy" / "requirements.txt").write_text("locked anew")
    assert bootstrap.main(["install"], machine) == 0
    assert machine.count("-r deploy/requirements.txt") == 1
    assert machine.count("-m venv") == 0


@pytest.mark.parametrize("part", ["--require-hashes --only-binary", "--editable"], ids=["dependencies", "itself"])
def test_what_broke_off_is_made_afresh(tmp_path, capsys, part):
    assert bootstrap.main(["install"], FakeMachine(tmp_path, **{part: 1})) == 1
    assert "PIP_INDEX_URL" in capsys.readouterr().out
    (tmp_path / ".venv" / "half-written").touch()
    machine = FakeMachine(tmp_path)
    assert bootstrap.main(["install"], machine) == 0
    assert machine.count("-m venv") == 1
    assert not (tmp_path / ".venv" / "half-written").exists()


def test_a_venv_that_was_not_finished_is_made_afresh_though_it_has_a_python(tmp_path):
    assert bootstrap.main(["install"], FakeMachine(tmp_path, **{"-m venv": 1})) == 2
    (tmp_path / ".venv" / "bin").mkdir()
    (tmp_path / ".venv" / "bin" / "python").touch()
    machine = FakeMachine(tmp_path)
    assert bootstrap.main(["install"], machine) == 0
    assert machine.count("-m venv") == 1


def test_an_update_that_broke_off_is_made_afresh(tmp_path):
    bootstrap.main(["install"], FakeMachine(tmp_path))
    assert bootstrap.main(["test"], FakeMachine(tmp_path, **{"requirements-test.txt": 1})) == 1
    machine = FakeMachine(tmp_path)
    assert bootstrap.main(["install"], machine) == 0
    assert machine.count("-m venv") == 1


def test_another_python_or_a_moved_checkout_gets_a_venv_of_its_own(tmp_path):
    bootstrap.main(["install"], FakeMachine(tmp_path, (3, 12)))
    machine = FakeMachine(tmp_path, (3, 13))
    assert bootstrap.main(["install"], machine) == 0
    assert machine.count("-m venv") == 1
    moved = tmp_path.with_name(tmp_path.name + "-moved")
    tmp_path.rename(moved)
    machine = FakeMachine(moved, (3, 13))
    assert bootstrap.main(["install"], machine) == 0
    assert machine.count("-m venv") == 1


def test_a_venv_without_a_stamp_is_kept_when_its_python_fits_and_replaced_when_not(tmp_path):
    for code, made in ((0, 0), (1, 1)):
        (tmp_path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / ".venv" / "bin" / "python").touch()
        (tmp_path / ".venv" / "prewarn-installed.json").unlink(missing_ok=True)
        machine = FakeMachine(tmp_path, **{"import pip, sys": code})
        assert bootstrap.main(["install"], machine) == 0
        assert machine.count("-m venv") == made


def test_all_checks_run_and_the_first_failure_is_the_exit_code(tmp_path, capsys):
    machine = FakeMachine(tmp_path, **{"-m mypy": 3, "-m pytest": 5})
    assert bootstrap.main(["test", "-k", "one"], machine) == 3
    wanted = ("ruff check", "mypy --strict", "importlinter", "-m pytest", "loadfile --no-loadscope-reorder -k one")
    assert [machine.count(tool) for tool in wanted] == [1] * 5
    summary = capsys.readouterr().out.splitlines()[-4:]
    assert [line.split()[:-2] for line in summary] == [
        ["ruff", "check", "passed"],
        ["mypy", "--strict", "FAILED", "(3)"],
        ["lint-imports", "passed"],
        ["pytest", "FAILED", "(5)"],
    ]


def test_the_fast_check_runs_the_tier_unit_and_hands_on_the_other_arguments(tmp_path):
    machine = FakeMachine(tmp_path)
    assert bootstrap.main(["test", "--fast", "-x"], machine) == 0
    assert next(line for line in machine.ran if "-m pytest" in line).endswith("-m unit -p no:hypothesispytest -x")
    assert all(machine.count(name) for name in ("ruff check", "mypy", "importlinter"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [([], 2), (["install", "x"], 2), (["tset"], 2), (["--help"], 0)],
    ids=["none", "extra", "typo", "help"],
)
def test_the_usage_is_shown(tmp_path, capsys, arguments, code):
    machine = FakeMachine(tmp_path)
    assert bootstrap.main(arguments, machine) == code
    assert "Usage: " in capsys.readouterr().out
    assert machine.ran == []


def test_a_console_without_chinese_still_gets_the_sentence():
    answer = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "bootstrap.py")],
        env={"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 2
    assert b"Usage: python3" in answer.stdout
    assert answer.stderr == b""


def _pins(name: str) -> dict[str, str]:
    text = (ROOT / "deploy" / name).read_text("utf-8")
    assert "://" not in text
    blocks = re.split(r"\n(?=\S)", text.replace("\\\n", " ").strip())
    assert all("--hash=sha256:" in block for block in blocks)
    pins = [Requirement(block.split("--hash")[0].strip()) for block in blocks]
    return {pin.name: str(pin.specifier) for pin in pins}


def test_the_locks_agree_with_each_other_and_with_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    run, test, build = (_pins(f"requirements{kind}.txt") for kind in ("", "-test", "-build"))
    assert run.items() <= test.items()
    assert {name: pin for name, pin in build.items() if name in test}.items() <= test.items()
    for pins, wanted in (
        (run, project["project"]["dependencies"]),
        (test, extras["test"]),
        (build, project["dependency-groups"]["build"] + project["build-system"]["requires"]),
        (_pins("requirements-composite.txt"), extras["composite"]),
        (_pins("requirements-ldap.txt"), extras["ldap"]),
    ):
        for requirement in map(Requirement, wanted):
            assert requirement.specifier.contains(pins[requirement.name].removeprefix("==")), requirement


@pytest.mark.parametrize(
    ("ci", "data", "code"),
    [("1", True, 1), ("1", False, 0), ("", True, 0)],
    ids=["CI with data", "CI without", "at home"],
)
def test_a_skipped_test_of_the_real_data_fails_ci_only_where_the_data_is(tmp_path, ci, data, code):
    _skip_in_ci(tmp_path, "shared_data", ci, data, code)


@pytest.mark.parametrize(("ci", "code"), [("1", 1), ("", 0)], ids=["CI", "at home"])
@pytest.mark.parametrize("fixture", ["broker", "openid_server"])
def test_a_skipped_test_of_a_real_server_fails_ci(tmp_path, monkeypatch, ci, code, fixture):
    monkeypatch.setenv("PATH", "/nonexistent")
    _skip_in_ci(tmp_path, fixture, ci, False, code)


def _skip_in_ci(tmp_path, fixture, ci, data, code):
    if data:
        (tmp_path / "shared" / "data").mkdir(parents=True)
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"), "utf-8")
    (tests / "test_it.py").write_text(
        f"import pytest\n\ndef test_real({fixture}):\n    pytest.skip('no time')\n\n"
        "def test_other():\n    pytest.skip('no')\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  shared: x\n  kafka: x\n  sign_in: x\n  unit: x\n")
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tests)],
        env={**os.environ, "PREWARN_CI": ci, "PREWARN_SHARED": str(tmp_path / "shared")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == code, answer.stdout
    assert ("was skipped in CI" in answer.stdout) == bool(code)


def test_the_stamp_names_what_is_installed(tmp_path):
    bootstrap.main(["test"], FakeMachine(tmp_path))
    stamp = json.loads((tmp_path / ".venv" / "prewarn-installed.json").read_text("utf-8"))
    assert sorted(stamp) == ["composite", "home", "ldap", "run", "test"]
