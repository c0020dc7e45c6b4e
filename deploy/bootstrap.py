#!/usr/bin/env python3
"""Sets Prewarn up in `.venv/` of this checkout with nothing but Python, then runs what was asked for.

    python3 deploy/bootstrap.py demo [arguments of `prewarn demo`]
    python3 deploy/bootstrap.py test [--fast] [arguments of pytest]
    python3 deploy/bootstrap.py install

Exit codes: 0 done, 1 an installation failed, 2 this machine or the command line does not fit, 130 interrupted; else
that of `prewarn demo` or of the first check that failed. Only the standard library, and nothing that Python 3.6 cannot
parse: an old Python must get as far as the sentence that says so.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

OLDEST, NEWEST = (3, 11), (3, 14)
REQUIREMENTS = {"run": "requirements.txt", "test": "requirements-test.txt"}
BUILT = ("composite", "ldap")
"""Extras that are published as source only; each has deploy/requirements-NAME.txt."""
CHECKS = (
    ("ruff check", ["-m", "ruff", "check"]),
    ("mypy --strict", ["-m", "mypy", "--strict"]),
    ("lint-imports", ["-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"]),
    # What a module makes for all its tests is made once; the slow tiers, of few tests each, come first. Three on two
    # cores, as much of what the slow tests do is to wait for processes.
    ("pytest", ["-m", "pytest", "--numprocesses", "3", "--dist", "loadfile", "--no-loadscope-reorder"]),
)
# Settings of the caller that would put packages elsewhere than in .venv or choose other ones than the locked.
HARMFUL = (
    "PIP_CONSTRAINT",
    "PIP_NO_BINARY",
    "PIP_PREFIX",
    "PIP_REQUIRE_HASHES",
    "PIP_TARGET",
    "PYTHONHOME",
    "PYTHONPATH",
)
# The tier of tests/conftest.py that waits for no broker and no process; it has no test of hypothesis, whose plugin
# takes a second.
FAST = ["-m", "unit", "-p", "no:hypothesispytest"]
USAGE = "python3 deploy/bootstrap.py demo [...] | test [--fast] [...] | install"

Message = NamedTuple("Message", [("en", str), ("zh", str)])


class Machine:
    """What the bootstrap asks and does outside its own process; tests hand in a fake."""

    root = Path(__file__).resolve().parent.parent
    version = sys.version_info[:2]
    windows = os.name == "nt"

    def has_module(self, name: str) -> bool:
        """Whether the running Python can import `name`."""
        return importlib.util.find_spec(name) is not None

    def has_compiler(self) -> bool:
        """Whether the C compiler of this Python's build is there; macOS has a `cc` that only offers to install one."""
        if sys.platform == "darwin" and self.run(["xcode-select", "-p"], log=Path(os.devnull)) != 0:
            return False
        command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
        return shutil.which(command.split()[0]) is not None

    def has_headers(self) -> bool:
        """Whether Python.h is there."""
        return Path(sysconfig.get_paths()["include"], "Python.h").is_file()

    def has_ldap(self) -> bool:
        """Whether the headers of OpenLDAP and Cyrus SASL are there."""
        sdk = "/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk/usr/include"
        places = [Path(place) for place in ("/usr/include", "/usr/local/include", sdk)]
        return all(any((place / name).is_file() for place in places) for name in ("ldap.h", "sasl/sasl.h"))

    def run(
        self, command: List[str], *, log: Optional[Path] = None, interactive: bool = False, cppflags: str = ""
    ) -> int:
        """Exit code of a command in the checkout; with `log`, its output goes there; `cppflags` join the caller's.

        Ctrl-C reaches an interactive command itself, as it does in any terminal. Others, with all that they started,
        are ended instead: nothing prints a traceback, and nobody goes on writing into `.venv`.
        """
        sys.stdout.flush()
        clean = {name: value for name, value in os.environ.items() if name not in HARMFUL}
        clean.update(PIP_USER="0", CPPFLAGS=" ".join([clean.get("CPPFLAGS", ""), cppflags]).strip())
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(log.open("wb")) if log else None
            try:
                process = subprocess.Popen(
                    command, cwd=str(self.root), env=clean, stdout=out, stderr=out, start_new_session=not interactive
                )
            except FileNotFoundError:
                return 127
            try:
                return process.wait()
            except BaseException:  # Ctrl-C, SIGTERM
                with contextlib.suppress(subprocess.TimeoutExpired, ProcessLookupError):
                    if not interactive:
                        os.killpg(process.pid, signal.SIGTERM)
                    process.wait(timeout=10)
                process.kill()
                raise

    def become(self, command: List[str]) -> int:
        """Give this process over to a command, so that it gets the signals itself."""
        sys.stdout.flush()
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
        return 0


def say(message: Message) -> None:
    """Both languages, a line each, on whatever a console can show."""
    for line in message:
        encoding = sys.stdout.encoding or "utf-8"
        print(line.encode(encoding, "replace").decode(encoding), flush=True)


def refusal(machine: Machine) -> Optional[Message]:
    """Why Prewarn cannot be set up on this machine at all."""
    found = "{}.{}".format(*machine.version)
    if not OLDEST <= machine.version <= NEWEST:
        return Message(
            f"Prewarn needs Python 3.11 to 3.14; this is Python {found}. Start this file with one of those.",
            f"Prewarn 需要 Python 3.11 至 3.14,当前为 Python {found}。请改用上述版本运行本文件。",
        )
    if machine.windows:
        return Message(
            "Prewarn runs on Linux and macOS; on Windows use WSL.",
            "Prewarn 运行于 Linux 与 macOS;Windows 上请使用 WSL。",
        )
    if not (machine.has_module("venv") and machine.has_module("ensurepip")):
        return Message(
            f"This Python cannot make virtual environments. On Debian/Ubuntu: apt-get install python{found}-venv "
            "(or python3-venv); then run this again.",
            f"此 Python 无法创建虚拟环境。Debian/Ubuntu 请先执行:apt-get install python{found}-venv"
            "(或 python3-venv),然后重新运行。",
        )
    return None


def composite_gap(machine: Machine) -> Optional[Message]:
    """Say what is missing to build durable-rules, which is published as source only."""
    parts = (("C compiler", machine.has_compiler()), ("Python.h", machine.has_headers()))
    missing = [name for name, there in parts if not there]
    if not missing:
        return None
    hint = (
        "Debian/Ubuntu: apt-get install gcc python{}.{}-dev; Fedora: dnf install gcc python3-devel; "
        "macOS: xcode-select --install"
    ).format(*machine.version)
    what = ", ".join(missing)
    what_zh = what.replace("C compiler", "C 编译器")
    return Message(
        f"Missing: {what}. Everything but composite rules runs without it. To have them: {hint}; then run this again.",
        f"缺少:{what_zh}。除组合规则外,其余功能均可使用。如需组合规则:{hint};然后重新运行。",
    )


class Environment:
    """`.venv/` and the stamp in it that tells what was completely installed."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.folder = machine.root / ".venv"
        self.python = str(self.folder / "bin" / "python")
        self.prewarn = str(self.folder / "bin" / "prewarn")
        self.stamp = self.folder / "prewarn-installed.json"
        self.home = "{}.{} ".format(*machine.version) + str(machine.root)  # scripts in .venv/bin hold this path

    def installed(self) -> "Dict[str, Any]":
        """Read the stamp; empty where there is none or it does not speak of this Python and this folder."""
        try:
            stamp = json.loads(self.stamp.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) and stamp.get("home") == self.home else {}

    def write_stamp(self, stamp: "Dict[str, Any]") -> None:
        """Whole or not at all."""
        fresh = self.stamp.with_suffix(".new")
        fresh.write_text(json.dumps(dict(stamp, home=self.home)), "utf-8")
        fresh.replace(self.stamp)

    def digest(self, *names: str) -> str:
        """Hash of pyproject.toml and requirement files: the stamp's word for `nothing changed`."""
        files = [self.machine.root / "pyproject.toml"] + [self.machine.root / "deploy" / name for name in names]
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()

    def usable(self) -> bool:
        """Whether an existing `.venv` can be built upon: same Python, same place, no installation broke off in it."""
        if not os.path.exists(self.python) or self.installed().get("unfinished"):  # noqa: PTH110 - as it stands
            return False
        if self.stamp.exists() and not self.installed():
            return False
        same = "import pip, sys; sys.exit(sys.version_info[:2] != {!r})".format(tuple(self.machine.version))
        return self.machine.run([self.python, "-c", same], log=Path(os.devnull)) == 0

    def ensure(self, kind: str) -> int:
        """Install what `kind` (run or test) needs, unless the stamp says that it is there. Exit code."""
        wanted = self.digest(REQUIREMENTS[kind], "requirements-build.txt")
        stamp = self.installed()
        if stamp.get(kind) != wanted or stamp.get("unfinished") or not os.path.exists(self.prewarn):  # noqa: PTH110
            code = self.install(kind)
            if code:
                return code
            same = {name: mark for name, mark in self.installed().items() if name in BUILT}
            # The test file holds all of the other's pins (tests/unit/deploy/test_bootstrap.py).
            kinds = ("run", "test") if kind == "test" else ("run",)
            marks = {name: self.digest(REQUIREMENTS[name], "requirements-build.txt") for name in kinds}
            self.write_stamp(dict(same, **marks))
        self.ensure_built()
        return 0

    def install(self, kind: str) -> int:
        """Make `.venv` and fill it. Until the end the stamp says `unfinished`, so that the next run starts afresh."""
        if not self.usable():
            if self.folder.is_symlink():
                self.folder.unlink()
            elif self.folder.exists():
                shutil.rmtree(str(self.folder))
            self.folder.mkdir()
            self.write_stamp({"unfinished": True})
            say(Message("Making .venv …", "正在创建 .venv……"))
            if self.machine.run([sys.executable, "-m", "venv", str(self.folder)]):
                say(Message("Python could not make .venv; see above.", "Python 无法创建 .venv,原因见上。"))
                return 2
        self.write_stamp(dict(self.installed(), unfinished=True))
        say(Message("Installing, about half a minute …", "正在安装,约需半分钟……"))
        locked = ["--require-hashes", "--only-binary", ":all:", "-r", "deploy/requirements-build.txt"]
        locked += ["-r", "deploy/" + REQUIREMENTS[kind]]
        itself = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(self.machine.root)]
        for arguments in (locked, itself):
            if self.pip(arguments):
                say(
                    Message(
                        "The installation failed; see above. Behind a mirror set PIP_INDEX_URL; then run this again.",
                        "安装失败,原因见上。如需使用镜像,请设置 PIP_INDEX_URL,然后重新运行。",
                    )
                )
                return 1
        return 0

    def pip(self, arguments: List[str], log: Optional[Path] = None, cppflags: str = "") -> int:
        """`pip install` in `.venv`."""
        quiet = ["--quiet"] if log is None else []
        command = [self.python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", *quiet, *arguments]
        return self.machine.run(command, log=log, cppflags=cppflags)

    def ensure_built(self) -> None:
        """Build what is published as source only, where that is possible; it never stops anything else."""
        self.ensure_composite()
        self.ensure_ldap()

    def ensure_composite(self) -> None:
        """Build durable-rules, or say what that lacks."""
        if self.is_built("composite"):
            return
        gap = composite_gap(self.machine)
        if gap is not None:
            say(gap)
            return
        say(Message("Building durable-rules for composite rules …", "正在为组合规则编译 durable-rules……"))
        # Without this flag Python 3.13 and later cannot import it.
        log = self.build("composite", "durable.lang", "-DPyEval_CallObject=PyObject_CallObject")
        if log is not None:
            say(
                Message(
                    f"durable-rules could not be built; see {log}. Everything but composite rules runs without it.",
                    f"durable-rules 编译失败,详见 {log}。除组合规则外,其余功能均可使用。",
                )
            )

    def ensure_ldap(self) -> None:
        """Build python-ldap. Few colleges need it, so nothing is said where it cannot be (docs/sign-in/ldap.md)."""
        able = self.machine.has_ldap() and composite_gap(self.machine) is None
        if not able or self.is_built("ldap"):
            return
        say(Message("Building python-ldap for sign-in by LDAP …", "正在为 LDAP 登录编译 python-ldap……"))
        log = self.build("ldap", "ldap")
        if log is not None:
            say(
                Message(
                    f"python-ldap could not be built; see {log}. Everything but sign-in by LDAP runs without it.",
                    f"python-ldap 编译失败,详见 {log}。除 LDAP 登录外,其余功能均可使用。",
                )
            )

    def is_built(self, extra: str) -> bool:
        """Whether the stamp has what is locked for it now."""
        return self.installed().get(extra) == self.digest(f"requirements-{extra}.txt", "requirements-build.txt")

    def build(self, extra: str, module: str, flag: str = "") -> Optional[Path]:
        """Build what is locked for `extra`, and import it; the log of what failed, else None."""
        log, imported = (self.folder / f"{extra}{end}.log" for end in ("", "-import"))
        # No cache: it may hold a build with other flags.
        locked = ["--require-hashes", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
        if self.pip([*locked, "-r", f"deploy/requirements-{extra}.txt"], log, flag):
            return log
        if self.machine.run([self.python, "-c", f"import {module}"], log=imported):
            return imported
        wanted = self.digest(f"requirements-{extra}.txt", "requirements-build.txt")
        self.write_stamp(dict(self.installed(), **{extra: wanted}))
        return None


@contextlib.contextmanager
def alone(root: Path) -> "Iterator[None]":
    """One installation at a time: a lock on pyproject.toml, which a killed process cannot leave behind."""
    import fcntl  # noqa: PLC0415 - Windows has none, and is told so earlier

    with (root / "pyproject.toml").open("rb") as held:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def check(machine: Machine, python: str, arguments: List[str]) -> int:
    """Run all checks, pytest with `arguments`; the exit code of the first that failed."""
    if arguments[:1] == ["--fast"]:
        arguments = FAST + arguments[1:]
    rows = []
    for name, command in CHECKS:
        print(f"── {name}", flush=True)
        began = time.monotonic()
        code = machine.run([python, *command, *(arguments if name == "pytest" else [])], interactive=True)
        rows.append((name, code, time.monotonic() - began))
    for name, code, seconds in rows:
        print(f"{name:<14} {'FAILED ({})'.format(code) if code else 'passed':<12} {seconds:6.1f} s", flush=True)
    return next((code for _, code, _ in rows if code), 0)


def main(arguments: List[str], machine: Machine) -> int:
    """Do what the command line says; returns the exit code."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    known = command in ("demo", "test") or (command == "install" and not rest)
    if not known:
        say(Message("Usage: " + USAGE, "用法:" + USAGE))
        return 0 if command in ("-h", "--help") else 2
    reason = refusal(machine)
    if reason is not None:
        say(reason)
        return 2
    environment = Environment(machine)
    with alone(machine.root):
        code = environment.ensure("test" if command == "test" else "run")
    if code:
        return code
    if command == "test":
        return check(machine, environment.python, rest)
    if command == "demo":
        return machine.become([environment.prewarn, "demo", *rest])
    say(Message("Ready: .venv/bin/prewarn", "已就绪:.venv/bin/prewarn"))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        sys.exit(main(sys.argv[1:], Machine()))
    except KeyboardInterrupt:
        say(Message("Interrupted. Run the same command to go on.", "已中断。重新运行同一命令即可继续。"))
        sys.exit(130)
    except OSError as error:
        say(Message(f"Could not go on: {error}", f"无法继续:{error}"))
        sys.exit(1)
