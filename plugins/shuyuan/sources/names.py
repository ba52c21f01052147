"""Which remote names belong to an entry: an allow-list on the name, matched whole.

Remote names are data, never paths of ours: they are only compared, shown and sent back to the server.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shuyuan.entry import with_date

_FREE = r"[\w.()（）\[\]【】、，,+~ -]*"
_LONGEST = 255


@dataclass(frozen=True)
class RemotePattern:
    """A path pattern with the data date filled in: a folder and the pattern of the last component.

    A ``*`` stands for letters (of any script), digits and ``_ . - ( ) [ ] , + ~`` and the space.
    ``encoding`` is how the server writes names (``utf-8``, or ``gb18030`` for old Windows machines).
    """

    folder: str
    name: str
    encoding: str = "utf-8"

    @classmethod
    def of(cls, pattern: str, data_date: date, encoding: str = "utf-8") -> RemotePattern:
        """Fill the data date into ``pattern`` (``/out/persons_{date:%Y%m%d}_*.csv``)."""
        folder, name = posixpath.split(with_date(pattern, data_date))
        return cls(folder, name, encoding)

    @property
    def single(self) -> bool:
        """Whether it names exactly one file."""
        return "*" not in self.name

    def path(self, name: str | None = None) -> str:
        """Return the whole path of ``name``, or the pattern itself, for people."""
        return posixpath.join(self.folder, self.name if name is None else name)

    def raw_path(self, name: str | None = None) -> bytes:
        """Return the whole path as the server writes it. Raises ``UnicodeEncodeError``."""
        return self.path(name).encode(self.encoding)

    def allows(self, name: str) -> bool:
        """Whether ``name`` is one of ours: matched whole, no control characters, not overlong."""
        if len(name.encode(self.encoding, "replace")) > _LONGEST or name in ("", ".", ".."):
            return False
        if any(unicodedata.category(letter)[0] == "C" or letter == "/" for letter in name):
            return False
        return bool(re.fullmatch(_FREE.join(re.escape(part) for part in self.name.split("*")), name))

    def choose(self, raw_names: Iterable[bytes]) -> list[str]:
        """Return the names that are ours, sorted. A name in another encoding is never one of them."""
        chosen = []
        for raw in raw_names:
            try:
                name = raw.decode(self.encoding)
            except UnicodeDecodeError:
                continue
            if self.allows(name):
                chosen.append(name)
        return sorted(chosen)
