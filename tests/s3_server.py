"""A real S3 server for tests: ``moto`` on loopback, a free port, a bucket, and keys made up for it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyarrow.fs import S3FileSystem

BUCKET = "shuyuan-staging"


@dataclass(frozen=True)
class S3Server:
    """A running server. ``environment`` is what a worker needs to reach it."""

    port: int
    environment: dict[str, str]

    def filesystem(self) -> S3FileSystem:
        """The server as a test sees it."""
        return S3FileSystem(
            access_key=self.environment["AWS_ACCESS_KEY_ID"],
            secret_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            endpoint_override=f"127.0.0.1:{self.port}",
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
            allow_delayed_open=True,
            allow_bucket_deletion=True,
        )

    def empty(self, bucket: str = BUCKET) -> None:
        """Make the bucket, or clear it."""
        filesystem = self.filesystem()
        filesystem.create_dir(bucket)
        filesystem.delete_dir_contents(bucket, missing_dir_ok=True)


def moto_server() -> str | None:
    """The command that starts the server: in the environment that ``make`` keeps for it, or on the path."""
    own = Path(__file__).parents[1] / ".venv-s3" / "server" / "moto_server"
    return str(own) if own.exists() else shutil.which("moto_server")


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Start a server and stop it again. Skips the test where ``moto`` is not installed."""
    command = moto_server()
    if command is None:
        pytest.skip("S3: moto_server (Python package moto[s3], requirements-s3.txt) is not installed")
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    with (folder / "s3.log").open("wb") as log:
        process = subprocess.Popen(
            [command, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log, env=environment
        )
    try:
        wait_for(port, process)
        yield S3Server(
            port,
            {
                "AWS_ACCESS_KEY_ID": "tests-only",
                "AWS_SECRET_ACCESS_KEY": "not-a-secret-of-anybody",
                "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
        )
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when the server accepts connections."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the S3 server did not start")
