"""Database servers of our own: MariaDB and PostgreSQL from the machine's packages, on loopback, in a private folder.

For demonstrations and tests. A server is known by its process id and ends with its ``with`` block; its data lies
in the folder that it was given. Both refuse to run as root, so root starts them as the package's own user.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0
_POSTGRESQL_HOMES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")


@dataclass
class DatabaseServer:
    """One running server. ``url`` is SQLAlchemy-style, for an account that may do everything in ``shuyuan``."""

    kind: str
    url: str
    port: int
    command: Sequence[str]
    folder: Path
    user: str | None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def password(self) -> str:
        """The account's password."""
        return self.url.partition("shuyuan:")[2].partition("@")[0]

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start (again) on the same data and return when it answers. Raises ``TimeoutError`` with the log's place.

        After a kill the children of the dead server may hold its files for a moment, so an early end is tried again.
        """
        limit = time.monotonic() + PATIENCE
        while not self._answers():
            if self.process is None or self.process.poll() is not None:
                self._spawn()
            if time.monotonic() > limit:
                raise TimeoutError(f"{self.kind} did not start, see {self.folder / 'server.log'}")
            time.sleep(0.2)

    def _spawn(self) -> None:
        with (self.folder / "server.log").open("ab") as out:
            self.process = subprocess.Popen(
                self.command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, user=self.user, start_new_session=True
            )

    def _answers(self) -> bool:
        """Whether it takes connections: MariaDB greets whoever comes, PostgreSQL is asked by its own program."""
        if self.kind == "postgresql":
            asked = [_postgresql("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            return subprocess.run(asked, check=False).returncode == 0
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as line:
            line.settimeout(1)
            return bool(line.recv(1))
        return False

    def kill(self) -> None:
        """End it at once, as a power cut would (``SIGKILL``)."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order; PostgreSQL's ``SIGINT`` disconnects whoever is there."""
        self._end(signal.SIGINT if self.kind == "postgresql" else signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, how) if how is signal.SIGKILL else self.process.send_signal(how)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)


def missing_package(kind: str) -> str | None:
    """The Debian package that has to be installed first, or ``None`` when the server can be started."""
    if kind == "mariadb":
        return None if shutil.which("mariadbd") and shutil.which("mariadb-install-db") else "mariadb-server"
    return None if _postgresql("initdb") else "postgresql"


@contextmanager
def database_server(
    kind: str, folder: Path, password: str = "", options: Sequence[str] = ()
) -> Iterator[DatabaseServer]:
    """Run ``mariadb`` or ``postgresql`` in ``folder``: a fresh one, or with its ``password`` the one that lies there.

    ``options`` go at the end of the server's command line.

    Raises ``FileNotFoundError`` without its package, ``TimeoutError`` when it does not start.
    """
    package = missing_package(kind)
    if package:
        raise FileNotFoundError(package)
    fresh, password = not password, password or secrets.token_hex(12)
    server = (_mariadb if kind == "mariadb" else _postgres)(folder, password, fresh)
    server.command = [*server.command, *options]
    _end_leftover(server)
    server.start()
    try:
        if kind == "mariadb":
            _open_mariadb(server)
        yield server
    finally:
        server.stop()


def _mariadb(folder: Path, password: str, fresh: bool) -> DatabaseServer:
    user, data, port = _account("mysql"), folder / "mysql", _free_port()
    if fresh:
        _make_private(data, "mysql")
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
             "--skip-test-db"],
            check=True, stdout=subprocess.DEVNULL, stderr=(data / "server.log").open("wb"), user=user,
        )  # fmt: skip
    command = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
               f"--socket={data}/s", f"--pid-file={data}/pid", "--local-infile=1", "--innodb-buffer-pool-size=256M",
               "--character-set-server=utf8mb4", "--skip-name-resolve", "--performance-schema=0"]  # fmt: skip
    url = f"mysql+pymysql://shuyuan:{password}@127.0.0.1:{port}/shuyuan"
    return DatabaseServer("mariadb", url, port, command, data, user)


def _open_mariadb(server: DatabaseServer) -> None:
    statements = (
        "CREATE DATABASE IF NOT EXISTS shuyuan CHARACTER SET utf8mb4;"
        f"CREATE USER IF NOT EXISTS shuyuan@'127.0.0.1' IDENTIFIED BY '{server.password}';"
        "GRANT ALL ON *.* TO shuyuan@'127.0.0.1' WITH GRANT OPTION;"
    )
    client = ["mariadb", "--no-defaults", f"--socket={server.folder}/s", "-uroot"]
    subprocess.run(client, input=statements.encode(), check=True, user=server.user, stdout=subprocess.DEVNULL)


def _postgres(folder: Path, password: str, fresh: bool) -> DatabaseServer:
    user, data, port = _account("postgres"), folder / "postgres", _free_port()
    if fresh:
        _make_private(data, "postgres")
        secret = data / "password"
        secret.write_text(password)
        if user:
            shutil.chown(secret, user)
        subprocess.run(
            [_postgresql("initdb"), "-D", f"{data}/db", "-U", "shuyuan", "--auth=scram-sha-256", f"--pwfile={secret}",
             "-E", "UTF8", "--locale=C.UTF-8"],
            check=True, stdout=subprocess.DEVNULL, stderr=(data / "server.log").open("wb"), user=user, cwd=data,
        )  # fmt: skip
        secret.unlink()
    command = [_postgresql("postgres"), "-D", f"{data}/db", "-p", str(port), "-k", str(data),
               "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=128MB"]  # fmt: skip
    url = f"postgresql+psycopg://shuyuan:{password}@127.0.0.1:{port}/postgres"
    return DatabaseServer("postgresql", url, port, command, data, user)


def _end_leftover(server: DatabaseServer) -> None:
    """End the server that a killed command left on the same data, known by its id and by what it serves."""
    noted = server.folder / ("pid" if server.kind == "mariadb" else "db/postmaster.pid")
    with suppress(OSError, ValueError, IndexError):
        pid = int(noted.read_text().split()[0])
        if str(server.folder).encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return
        os.kill(pid, signal.SIGINT if server.kind == "postgresql" else signal.SIGTERM)
        limit = time.monotonic() + PATIENCE
        while Path(f"/proc/{pid}").exists() and time.monotonic() < limit:
            time.sleep(0.2)


def _postgresql(program: str) -> str:
    found = shutil.which(program)
    homes = sorted(place for home in _POSTGRESQL_HOMES for place in Path(home).glob(f"*/bin/{program}"))
    return str(homes[-1]) if homes else found or ""


def _account(name: str) -> str | None:
    """The package's user when we are root, ourselves otherwise."""
    if os.geteuid():
        return None
    with suppress(KeyError):
        return pwd.getpwnam(name).pw_name
    return None


def _make_private(data: Path, owner: str) -> None:
    """Make the folder that the server's user owns; the way to it must be open to that user."""
    data.mkdir(parents=True, mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(data, owner)
        data.parent.chmod(0o711)


def _free_port() -> int:
    """A free port below the range of outgoing lines, so that none of them takes it while the server is down."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
