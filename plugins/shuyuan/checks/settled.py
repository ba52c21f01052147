"""Which fields of a publication hold their keys in the normal form already: nobody need look through them again.

Looking a field through for odd spellings reads all of it; a publication does not change, so once is enough. The file
names entries, fields and versions, never a value. Whoever cannot read or write it looks through again.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from shuyuan.normal_forms import NormalForm
from shuyuan.project import Project


class SettledFields:
    """The fields that were looked through and hold no odd spelling, each with the version of its entry."""

    def __init__(self, project: Project) -> None:
        self.path: Path = project.var / "checks" / "settled.json"
        self._known: dict[str, str] = {}
        with suppress(OSError, ValueError, AttributeError):
            said = json.loads(self.path.read_text(encoding="utf-8"))
            self._known = {str(name): str(version) for name, version in said.items()}

    def holds(self, entry_id: str, field: str, form: NormalForm, version: str | None) -> bool:
        """Whether the field is known to hold normal forms only in that version of its entry."""
        return version is not None and self._known.get(f"{entry_id} {field} {form}") == version

    def note(self, entry_id: str, field: str, form: NormalForm, version: str | None) -> None:
        """Remember it, in place of what was known of the entry's former version."""
        if version is None:
            return
        self._known[f"{entry_id} {field} {form}"] = version
        part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps(self._known, sort_keys=True), encoding="utf-8")
            os.replace(part, self.path)
