"""An LDAP server: Debian's slapd, with TLS by an authority that is made for it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.kafka.broker import free_port
from tests.sign_in import PEOPLE, STAFF, Server

_PLACES = "/usr/sbin:/usr/bin:/usr/libexec:/usr/local/sbin:/usr/local/libexec"
_SCHEMAS = Path("/etc/ldap/schema")
BASE = "ou=people,dc=college,dc=example"
SEARCHER, SEARCHER_PASSWORD = "cn=prewarn,dc=college,dc=example", "looks (and) only"


def missing() -> list[str]:
    """What this machine lacks, with what to install."""
    lacking = []
    if _slapd() is None or not _SCHEMAS.is_dir():
        lacking.append("slapd is missing: install it (Debian/Ubuntu: apt-get install slapd)")
    if find_spec("ldap") is None:
        lacking.append("python-ldap is missing: apt-get install libldap-dev libsasl2-dev, then ./check builds it")
    return lacking


def _slapd() -> str | None:
    return shutil.which("slapd") or shutil.which("slapd", path=_PLACES)


class Slapd(Server):
    """One server. `url` is plain, `tls_url` encrypted, by the authority in the file `ca`."""

    def __init__(self) -> None:
        slapd = _slapd()
        assert slapd is not None
        folder = Path(tempfile.mkdtemp(prefix="prewarn-slapd-"))
        (folder / "data").mkdir()
        port, tls_port = free_port(), free_port()
        certificates(folder)
        schemas = "\n".join(f"include {_SCHEMAS}/{one}.schema" for one in ("core", "cosine", "inetorgperson"))
        (folder / "slapd.conf").write_text(f"""
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
disallow bind_anon
database mdb
suffix dc=college,dc=example
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
""")
        (folder / "people.ldif").write_text(_ldif(), "utf-8")
        subprocess.run(
            [slapd, "-T", "add", "-f", folder / "slapd.conf", "-l", folder / "people.ldif"],
            check=True, capture_output=True,
        )  # fmt: skip
        self.url, self.tls_url = f"ldap://127.0.0.1:{port}", f"ldaps://127.0.0.1:{tls_port}"
        self.ca = folder / "ca.pem"
        listen = f"{self.url}/ {self.tls_url}/"
        super().__init__([slapd, "-f", str(folder / "slapd.conf"), "-h", listen, "-d", "0"], port, folder)


def _ldif() -> str:
    entries = [
        "dn: dc=college,dc=example\nobjectClass: domain\ndc: college",
        f"dn: {BASE}\nobjectClass: organizationalUnit\nou: people",
        f"dn: {SEARCHER}\nobjectClass: person\nsn: prewarn\nuserPassword: {SEARCHER_PASSWORD}",
    ]
    for name, password in PEOPLE.items():
        entries.append(
            f"dn: uid={name},{BASE}\nobjectClass: inetOrgPerson\ncn: {name}\nsn: {name}\n"
            f"employeeNumber: {STAFF[name]}\nuserPassword: {password}"
        )
    # One whose entry lacks what the directory knows people by, two of one number, and a name of special characters.
    entries += [
        f"dn: uid=bare,{BASE}\nobjectClass: inetOrgPerson\ncn: bare\nsn: bare\nuserPassword: bare",
        f"dn: uid=twin1,{BASE}\nobjectClass: inetOrgPerson\ncn: twin\nsn: twin\nuserPassword: twin",
        f"dn: uid=twin2,{BASE}\nobjectClass: inetOrgPerson\ncn: twin\nsn: twin\nuserPassword: twin",
        f"dn: uid=o\\,(r*)\\+i,{BASE}\nobjectClass: inetOrgPerson\ncn: o\nsn: o\nemployeeNumber: 7\nuserPassword: pass",
    ]
    return "\n\n".join(entries) + "\n"


def certificates(folder: Path) -> None:
    """An authority (ca.pem), and what it says of this machine (server.pem, server.key)."""
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)

    def made(name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, *, ca: bool):
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
        builder = x509.CertificateBuilder(names[1], names[0], key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - day).not_valid_after(now + day)
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if not ca:
            here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            builder = builder.add_extension(here, critical=False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (folder / "ca.pem").write_bytes(made("tests", authority, "tests", authority, ca=True))
    (folder / "server.pem").write_bytes(made("127.0.0.1", server, "tests", authority, ca=False))
    (folder / "server.key").write_bytes(
        server.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
