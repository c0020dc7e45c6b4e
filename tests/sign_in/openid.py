"""An OpenID provider: `oidc-provider` of npm (oidc/package.json, by the hashes of its lock file)."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.kafka.broker import free_port
from tests.sign_in import PEOPLE, STAFF, Server, filled, kept

_HERE = Path(__file__).parent / "oidc"
_OLDEST = 20
CLIENT, SECRET = "prewarn", "of prewarn/:alone"
PUBLIC = "public"
"""A client without a secret."""


def missing() -> list[str]:
    """What this machine lacks, with what to install."""
    lacking = [name for name in ("node", "npm") if shutil.which(name) is None]
    if lacking:
        return [f"{' and '.join(lacking)} missing: install Node.js {_OLDEST} or newer with npm"]
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().lstrip("v").partition(".")[0]) < _OLDEST:
        return [f"node is {version.strip()}: install Node.js {_OLDEST} or newer"]
    return []


class OpenId(Server):
    """One provider."""

    def __init__(self) -> None:
        modules = kept("oidc-provider", _HERE / "npm-shrinkwrap.json", _HERE / "server.mjs")
        # `npm ci` wants the two files in the folder that it fills, and node finds modules beside the program.
        copied = f"cp {_HERE}/package.json {_HERE}/npm-shrinkwrap.json {_HERE}/server.mjs {{}}"
        install = "npm ci --prefix {} --ignore-scripts --no-audit --no-fund --silent"
        filled(modules, ["sh", "-c", f"{copied} && {install}"])
        port = free_port()
        folder = Path(tempfile.mkdtemp(prefix="prewarn-oidc-"))
        people = [json.dumps(PEOPLE), json.dumps(STAFF)]
        super().__init__(["node", str(modules / "server.mjs"), str(port), *people], port, folder)
        self.issuer = f"http://127.0.0.1:{port}"
