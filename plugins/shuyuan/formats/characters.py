"""Characters that no cell may hold: they are invisible, and databases, keys and people stumble over them.

Forbidden are the C0 controls except tab, line feed and carriage return, DEL, the C1 controls, the zero-width
characters U+200B–U+200F and U+2060, the byte order mark U+FEFF inside text, and U+FFFD, which stands for a
character that somebody has already lost.

All functions work on UTF-8 bytes. Clean text costs a few passes of vectorised comparisons and nothing else.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]

_ALLOWED_CONTROLS = b"\t\n\r"


def find_forbidden(text: bytes | memoryview, allowed: bytes = b"") -> Positions:
    """Return the byte positions of forbidden characters in UTF-8 ``text``, ascending.

    ``allowed`` names further single bytes that are fine (a control character used as delimiter).
    """
    octets = np.frombuffer(text, dtype=np.uint8)
    found = [_find_controls(octets, _ALLOWED_CONTROLS + allowed)]
    for lead, trails in ((0xC2, None), (0xE2, (0x80, 0x81)), (0xEF, (0xBB, 0xBF))):
        candidates = np.flatnonzero(octets[:-1] == lead)
        if trails is not None and candidates.size:
            second = octets[candidates + 1]
            candidates = candidates[(second == trails[0]) | (second == trails[1])]
        if candidates.size:
            found.append(_confirm(octets, candidates))
    return np.sort(np.concatenate(found))


def _find_controls(octets: npt.NDArray[np.uint8], allowed: bytes) -> Positions:
    suspicious = octets < 0x20
    count = int(np.count_nonzero(suspicious))
    for octet in set(allowed):
        count -= int(np.count_nonzero(octets == octet)) if octet < 0x20 else 0
    controls = np.flatnonzero(suspicious) if count else np.empty(0, np.int64)
    if controls.size:
        controls = controls[~np.isin(octets[controls], np.frombuffer(allowed, np.uint8))]
    delete = np.flatnonzero(octets == 0x7F)
    return np.concatenate((controls, delete)).astype(np.int64)


def _confirm(octets: npt.NDArray[np.uint8], candidates: Positions) -> Positions:
    """Keep the candidates at which one of the longer patterns really stands."""
    first, second = octets[candidates], octets[candidates + 1]
    third = octets[np.minimum(candidates + 2, octets.size - 1)]
    forbidden = (
        ((first == 0xC2) & (second >= 0x80) & (second <= 0x9F))
        | ((first == 0xE2) & (second == 0x80) & (third >= 0x8B) & (third <= 0x8F))
        | ((first == 0xE2) & (second == 0x81) & (third == 0xA0))
        | ((first == 0xEF) & (second == 0xBB) & (third == 0xBF))
        | ((first == 0xEF) & (second == 0xBF) & (third == 0xBD))
    )
    confirmed: Positions = candidates[forbidden].astype(np.int64)
    return confirmed


def is_clean(text: str) -> bool:
    """Return whether one short text (a column name) holds no forbidden character."""
    octets = text.encode("utf-8", "surrogatepass")
    return not find_forbidden(octets).size
