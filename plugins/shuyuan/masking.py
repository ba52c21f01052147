"""How a value is shown to people who need not see all of it.

The display masks of the catalog: ``none`` shows the value, ``hide`` shows nothing of it, ``keep(a,b)`` shows
the first ``a`` and the last ``b`` characters. A mask is display protection, never anonymisation: six leading
and four trailing characters of a resident ID still leave one of a few thousand people.
"""

from __future__ import annotations

import re

HIDDEN = "***"
_KEEP = re.compile(r"keep\(([0-9]+), ?([0-9]+)\)")


def mask_value(value: str | None, mask: str) -> str | None:
    """Return ``value`` as ``mask`` lets it be seen; ``None`` (no value) stays ``None``.

    ``keep(a,b)`` stands one ``*`` for each hidden character. A value of ``a + b`` characters or fewer would
    show whole, so all of it is hidden; ``hide`` gives the same three stars whatever the length, because a
    length tells something too.

    Raises:
        ValueError: ``mask`` is none of ``none``, ``hide``, ``keep(a,b)``. An unknown mask shows nothing.
    """
    if value is None or mask == "none":
        return value
    if mask == "hide":
        return HIDDEN
    found = _KEEP.fullmatch(mask)
    if not found:
        raise ValueError(f"mask must be none, hide or keep(a,b), not {mask!r}")
    first, last = int(found[1]), int(found[2])
    hidden = len(value) - first - last
    if hidden <= 0:
        return "*" * len(value)
    return value[:first] + "*" * hidden + value[len(value) - last :]
