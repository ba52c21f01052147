"""The staging area: a bucket or folder that every worker reaches, and whole files to and from it.

S3 is spoken by Arrow's own client, which is here already; ``s3fs`` would bring botocore, aiohttp and their
versions for nothing that we need. An object is written under a name that no other attempt uses, and what is
brought in is compared with the size and SHA-256 that were noted when it was put out: a copy that is short or
altered never gets its name in the run directory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shuyuan.problems import PassingError, PlatformError, Term
from shuyuan.sources.staging import disk_problems

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_CHUNK = 8 << 20
_CONNECT_SECONDS, _ANSWER_SECONDS = 5, 60
_FINAL = ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "NO_SUCH_BUCKET", "code: 403")


@dataclass(frozen=True)
class Measured:
    """What a file is, so that a copy can be told from it: bytes and SHA-256 (hex)."""

    size: int
    sha256: str

    @classmethod
    def of(cls, file: Path) -> Measured:
        """Measure a local file."""
        with file.open("rb") as opened:
            return cls(file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())


@dataclass(frozen=True)
class StagedObject:
    """One object: its path below the area's root, its bytes, and when it was written (aware)."""

    path: str
    size: int
    written_at: datetime


@dataclass(frozen=True)
class Area:
    """One staging area. ``place`` names it in sentences; ``root`` is the bucket with prefix, or the folder."""

    filesystem: FileSystem
    root: str
    place: str

    @classmethod
    def open(cls, url: str) -> Area:
        """Open ``s3://bucket/prefix`` or ``file:///folder``. Nothing is asked of the server yet.

        The S3 client reads what Amazon's own tools read: ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY`` or
        the file that ``AWS_SHARED_CREDENTIALS_FILE`` names, ``AWS_REGION``, ``AWS_ENDPOINT_URL_S3`` for a server
        that is not Amazon's, ``AWS_CA_BUNDLE`` for its certificate.

        Raises:
            PlatformError: P353, the address is not one of these or holds a secret.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("s3", "file"):
            raise PlatformError("P353", what=Term("staging.scheme"))
        if "@" in parts.netloc or parts.query:
            raise PlatformError("P353", what=Term("staging.secret"))
        if parts.scheme == "file":
            return cls._folder(unquote(parts.path), parts.netloc)
        if not parts.netloc:
            raise PlatformError("P353", what=Term("staging.nowhere"))
        root = f"{parts.netloc}{parts.path}".rstrip("/")
        return cls(_s3_client(), root, f"s3://{root}")

    @classmethod
    def _folder(cls, path: str, host: str) -> Area:
        from pyarrow.fs import LocalFileSystem

        folder = Path(path)
        if host not in ("", "localhost") or not folder.is_absolute() or folder == Path("/"):
            raise PlatformError("P353", what=Term("staging.nowhere"))
        return cls(LocalFileSystem(), str(folder), f"file://{folder}")

    def send(self, file: Path, path: str) -> Measured:
        """Write a local file as an object and return what was written."""
        digest, size = hashlib.sha256(), 0
        with file.open("rb") as source, self._reached(path):
            self._make_folder(path)
            with self.filesystem.open_output_stream(self._full(path)) as target:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
        return Measured(size, digest.hexdigest())

    def bring(self, path: str, file: Path, expected: Measured) -> None:
        """Copy an object to ``file``, which appears only when it is what was put out.

        Raises:
            PassingError: P350, the area does not answer.
            PlatformError: P351 it is another file by now, P352 we are refused, P402 it is gone; P201, P202 our disk.
        """
        part = file.with_name(f"{file.name}.part")
        digest, size = hashlib.sha256(), 0
        with disk_problems(file.parent):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with part.open("wb") as target:
                    for chunk in self._chunks(path):
                        digest.update(chunk)
                        size += len(chunk)
                        target.write(chunk)
                if Measured(size, digest.hexdigest()) != expected:
                    raise PlatformError("P351", name=path)
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)

    def write(self, path: str, text: str) -> None:
        """Write a small object that readers see whole or not at all, its own SHA-256 in its first line."""
        content = text.encode()
        content = hashlib.sha256(content).hexdigest().encode() + b"\n" + content
        with self._reached(path):
            self._make_folder(path)
            local = self.filesystem.type_name == "local"  # an S3 object appears whole; a file is renamed
            name = self._full(f"{path}.{os.getpid()}.part" if local else path)
            with self.filesystem.open_output_stream(name) as target:
                target.write(content)
            if local:
                self.filesystem.move(name, self._full(path))

    def read(self, path: str) -> str:
        """Read what ``write`` wrote. Raises ``PlatformError`` P402 when it is not there, P351 when it was altered."""
        with self._reached(path) as filesystem, filesystem.open_input_stream(self._full(path)) as source:
            digest, _, content = source.read().partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise PlatformError("P351", name=path)
        return str(content, "utf-8")

    def objects(self, folder: str = "", *, deep: bool = True) -> list[StagedObject]:
        """List the objects under a folder; none when there is no such folder."""
        from pyarrow.fs import FileSelector, FileType

        selector = FileSelector(self._full(folder), recursive=deep, allow_not_found=True)
        with self._reached(folder) as filesystem:
            return [
                StagedObject(os.path.relpath(info.path, self.root), info.size, info.mtime.astimezone(UTC))
                for info in filesystem.get_file_info(selector)
                if info.type == FileType.File
            ]

    def remove(self, path: str) -> None:
        """Remove one object that is there."""
        with self._reached(path):
            self.filesystem.delete_file(self._full(path))

    def remove_folder(self, path: str) -> None:
        """Remove everything under a folder."""
        with self._reached(path):
            self.filesystem.delete_dir(self._full(path))

    def _chunks(self, path: str) -> Iterator[bytes]:
        with self._reached(path) as filesystem:
            source = filesystem.open_input_stream(self._full(path))
        with source:
            while True:
                with self._reached(path):
                    chunk = source.read(_CHUNK)
                if not chunk:
                    return
                yield chunk

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}".rstrip("/")

    def _make_folder(self, path: str) -> None:
        if self.filesystem.type_name == "local":
            Path(self.root).mkdir(mode=0o700, parents=True, exist_ok=True)
            Path(self._full(path)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _reached(self, path: str) -> Iterator[FileSystem]:
        """Say in our words what the line, the server or the bucket says; an error's own text goes no further."""
        try:
            yield self.filesystem
        except FileNotFoundError:
            raise PlatformError("P402", missing=path) from None
        except OSError as error:
            final = next((word for word in _FINAL if word in str(error)), None)
            if final or isinstance(error, PermissionError):
                raise PlatformError("P352", place=self.place, what=final or type(error).__name__) from None
            raise PassingError("P350", place=self.place, what=type(error).__name__) from None


def _s3_client() -> FileSystem:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    known = os.environ.get
    endpoint = urlsplit(known("AWS_ENDPOINT_URL_S3") or known("AWS_ENDPOINT_URL") or "")
    options: dict[str, str] = {}
    if endpoint.netloc:
        options = {"endpoint_override": endpoint.netloc + endpoint.path.rstrip("/"), "scheme": endpoint.scheme}
    if certificate := known("AWS_CA_BUNDLE"):
        options["tls_ca_file_path"] = certificate
    region = known("AWS_REGION") or known("AWS_DEFAULT_REGION") or ("us-east-1" if endpoint.netloc else None)
    return S3FileSystem(
        region=region,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_ANSWER_SECONDS,
        allow_delayed_open=True,  # a small object goes out in one request
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=3),
        **options,
    )
