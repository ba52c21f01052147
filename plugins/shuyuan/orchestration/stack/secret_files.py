"""``python -m shuyuan.orchestration.stack.secret_files FOLDER``: the stack's secrets, one file each, mode 0600.

Every password and key is made here, at random: none has a default anywhere. A file that is there already is kept as
it is, so the command may be run again, and a center may put in what it has (its TLS certificate, its connections).
A file holds the bare value, without a newline: Airflow takes what ``cat`` prints as it stands.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from shuyuan.language import say

OWNER = 50000
"""The user id of every service of the compose file; it alone may read the secrets."""

ADDRESSES: Mapping[str, str] = {
    name: f"{name}:{port}"
    for name, port in {"postgres": 5432, "redis": 6379, "mariadb": 3306, "storage": 9000, "frontend": 2222}.items()
}
"""Where the services find each other inside the compose file's networks."""

FRONTEND = "civil_affairs_frontend"
"""The connection that the stack's own front-end machine stands for."""

_VALID = timedelta(days=825)


@dataclass
class SecretFiles:
    """The secrets of one stack in one folder. ``made`` names those that were not there before."""

    folder: Path
    addresses: Mapping[str, str] = field(default_factory=lambda: ADDRESSES)
    deliverer: str = "delivery"
    made: list[str] = field(default_factory=list)

    def keep(self, name: str, make: Callable[[], str]) -> str:
        """Return what the file says; a missing one is made first, readable by its owner alone from its first byte."""
        path = self.folder / name
        if not path.exists():
            text = make()
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            self.made.append(name)
        return path.read_text(encoding="utf-8")

    def make(self) -> Sequence[str]:
        """Make what is missing and return the names of it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._make_airflow()
        self._make_servers()
        self._make_gateway()
        self._make_frontend()
        if os.geteuid() == 0:
            for path in (self.folder, *(self.folder / name for name in self.made)):
                os.chown(path, OWNER, 0)
        return self.made

    def _make_airflow(self) -> None:
        self.keep("fernet_key", lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        self.keep("jwt_secret", _password)
        self.keep("api_secret_key", _password)
        self.keep("logins", lambda: json.dumps({"admin": secrets.token_urlsafe(15)}))
        self.keep("token_key", _password)

    def _make_servers(self) -> None:
        places = self.addresses
        postgres = self.keep("postgres_password", _password)
        self.keep("metadata_url", lambda: f"postgresql+psycopg://airflow:{postgres}@{places['postgres']}/airflow")
        broker = self.keep("redis_password", _password)
        self.keep("redis_users", lambda: _redis_users(broker))
        self.keep("broker_url", lambda: f"redis://airflow:{broker}@{places['redis']}/0")
        self.keep("result_url", lambda: f"redis://airflow:{broker}@{places['redis']}/1")
        self.keep("mariadb_root_password", _password)
        warehouse = self.keep("warehouse_password", _password)
        self.keep("warehouse_url", lambda: f"mysql+pymysql://loader:{warehouse}@{places['mariadb']}/shuyuan")
        user = self.keep("storage_user", lambda: secrets.token_hex(10))
        storage = self.keep("storage_password", _password)
        lines = f"[default]\naws_access_key_id = {user}\naws_secret_access_key = {storage}\n"
        self.keep("storage_credentials", lambda: lines)

    def _make_gateway(self) -> None:
        key_text = self.keep("tls_key", lambda: _pem(ec.generate_private_key(ec.SECP256R1())))
        key = serialization.load_pem_private_key(key_text.encode(), None)
        self.keep("tls_certificate", lambda: _self_signed(key))

    def _make_frontend(self) -> None:
        host = _ssh_public(self.keep("frontend_host_key", _ssh_key))
        login = self.keep("frontend_login_key", _ssh_key)
        self.keep("frontend_logins", lambda: _ssh_public(login) + "\n")
        name, _, port = self.addresses["frontend"].rpartition(":")
        told = {
            "conn_type": "sftp",
            "host": name,
            "port": int(port),
            "login": self.deliverer,
            "extra": {"host_key": host, "private_key": login},
        }
        self.keep("connections.json", lambda: json.dumps({FRONTEND: told}, indent=2))


def _password() -> str:
    return secrets.token_hex(32)


def _redis_users(password: str) -> str:
    """Redis' accounts: ours, by the digest of its password, and no other."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user default off\nuser airflow on #{digest} ~* &* +@all\n"


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, shape, serialization.NoEncryption()).decode()


def _self_signed(key: object) -> str:
    """A certificate for this machine's own name, to be replaced by the center's."""
    assert isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey)
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shuyuan")]), datetime.now(UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName("gateway"), loopback])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + _VALID)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None)
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _ssh_key() -> str:
    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH
    return ed25519.Ed25519PrivateKey.generate().private_bytes(encoding, shape, serialization.NoEncryption()).decode()


def _ssh_public(key: str) -> str:
    public = serialization.load_ssh_private_key(key.encode(), None).public_key()
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def main(folder: Path) -> None:
    """Make what is missing in ``folder`` and say what that was."""
    made = SecretFiles(folder).make()
    print(say("stack.secrets", folder=folder, count=len(made), names=", ".join(made) or "–"))
    if os.stat(folder).st_uid != OWNER:
        print(say("stack.owner", folder=folder, owner=OWNER))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
