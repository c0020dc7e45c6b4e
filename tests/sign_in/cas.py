"""A CAS server: `django-cas-server` of PyPI, in an environment of its own (cas-requirements.txt, by hashes)."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from deploy.kafka.broker import free_port
from tests.sign_in import PEOPLE, STAFF, Server, filled, kept

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "cas-requirements.txt"


class CasServer(Server):
    """One server."""

    def __init__(self) -> None:
        packages = kept(f"cas-{sys.version_info.major}.{sys.version_info.minor}", _REQUIREMENTS)
        # A folder of packages, and no virtual environment: one that is filled in one place does not work in another.
        wanted = ["--quiet", "--require-hashes", "--only-binary", ":all:", "--target", "{}", "-r", str(_REQUIREMENTS)]
        filled(packages, [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *wanted])
        port = free_port()
        folder = Path(tempfile.mkdtemp(prefix="prewarn-cas-"))
        here_only = f"sys.path = [{str(packages)!r}, *(one for one in sys.path if 'site-packages' not in one)]"
        named = "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='cas_tests')"
        own = f"import sys, runpy; {here_only}; {named}"
        program = [sys.executable, "-c", own, str(_HERE / "cas_server.py")]
        super().__init__([*program, str(port), str(folder), json.dumps(PEOPLE), json.dumps(STAFF)], port, folder)
        self.url = f"http://127.0.0.1:{port}/cas"
