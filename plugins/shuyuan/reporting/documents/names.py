"""File names that Windows, WPS and a mail programme take: ``整改通知单_鄂托克旗民政局_2026-11``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shuyuan.reporting.documents.blocks import clean

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\s]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_LONGEST = 150
"""Bytes of a part: a name has at most 255 on Linux, and a title must leave room for its folder's name."""

_TITLE = 75


def file_name(*parts: str) -> str:
    """Join the parts with ``_``, each without what a file name must not have. No extension."""
    return "_".join(_part(part) for part in parts)


def department_names(titles: Mapping[str, str]) -> dict[str, str]:
    """A part of a file name for each department (folder → title); two with one title get their folder's name too."""
    made = {folder: _part(title, _TITLE) for folder, title in titles.items()}
    # Windows knows no case, so names that differ in case only would be one file
    known = [name.casefold() for name in made.values()]
    return {
        folder: f"{name}_{_part(folder)}" if known.count(name.casefold()) > 1 else name for folder, name in made.items()
    }


def _part(text: str, most: int = _LONGEST) -> str:
    bare = _FORBIDDEN.sub("-", clean(text)).strip(" .-")
    bare = bare.encode()[:most].decode(errors="ignore").strip(" .-")
    return f"-{bare}" if not bare or _RESERVED.fullmatch(bare) else bare
