"""How we know that a delivery is whole: a manifest, a marker, or the same look twice.

A manifest is a JSON object, ``{"files": [{"name", "bytes", "sha256"}], "rows": N}``; every key but the names
is optional. Size alone proves nothing (a stalled upload looks finished), so the look is the weakest evidence.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shuyuan.sources.staging import disk_problems

MANIFEST_LIMIT = 1 << 20


@dataclass(frozen=True)
class DeclaredFile:
    """What the department says of one file: ``size`` in bytes, ``sha256`` in lower-case hex."""

    name: str
    size: int | None
    sha256: str | None


@dataclass(frozen=True)
class Declaration:
    """What a manifest says: the files of the delivery and the number of their rows."""

    files: tuple[DeclaredFile, ...]
    rows: int | None


def read_declaration(content: bytes) -> Declaration:
    """Read a manifest. Raises ``ValueError`` when it is not one."""
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(told, dict) or not ({"files", "rows"} & set(told)):
        raise ValueError("not a manifest")
    files = told.get("files", [])
    if not isinstance(files, list):
        raise ValueError("files is not a list")
    declared = tuple(_declared(file) for file in files)
    if len({file.name for file in declared}) != len(declared):
        raise ValueError("a name twice")
    return Declaration(declared, _count(told.get("rows")))


def _declared(file: Any) -> DeclaredFile:
    if not isinstance(file, dict) or not isinstance(file.get("name"), str):
        raise ValueError("a file without a name")
    sha256 = file.get("sha256")
    if sha256 is not None and not (isinstance(sha256, str) and re.fullmatch("[0-9a-fA-F]{64}", sha256)):
        raise ValueError("not a SHA-256")
    return DeclaredFile(file["name"], _count(file.get("bytes")), sha256.lower() if sha256 else None)


def _count(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise ValueError("not a count")
    return value


def look_again(workdir: Path, seen: dict[str, list[int]], now: datetime, settle: timedelta) -> timedelta:
    """Remember what was seen and return how long it must still stay as it is; zero when it has.

    ``seen`` maps names to ``[size, mtime]``. The first look is kept in ``workdir/look.json``; a different
    sight, or a clock that went back, begins anew.
    """
    path = workdir / "look.json"
    try:
        first = json.loads(path.read_text(encoding="utf-8"))
        waited = now - datetime.fromisoformat(first["since"])
        if first["seen"] == seen and waited >= timedelta(0):
            return max(settle - waited, timedelta(0))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with disk_problems(workdir):
        workdir.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"since": now.isoformat(), "seen": seen}, ensure_ascii=False), encoding="utf-8")
        part.replace(path)
    return settle
