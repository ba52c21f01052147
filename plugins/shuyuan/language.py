"""The one message table: every sentence that a person reads, in Chinese with English beside it.

The sentences live in ``messages/*.toml``. A table's key is a problem code (``D203``) or a word
(``state.waiting``); its values are ``zh``, ``en`` and, for problems, ``zh_next`` and ``en_next``
(what to do now). ``SHUYUAN_LANG=en`` switches to English; a sentence without English falls back to
Chinese.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_TABLES = Path(__file__).parent / "messages"


def language() -> str:
    """Return ``"en"`` or ``"zh"`` (the default), as ``SHUYUAN_LANG`` asks."""
    return "en" if os.environ.get("SHUYUAN_LANG", "zh").lower().startswith("en") else "zh"


@cache
def sentences() -> dict[str, dict[str, str]]:
    """Read all message tables once: key → {zh, en, zh_next, en_next}.

    Raises:
        ValueError: two tables define the same key.
    """
    merged: dict[str, dict[str, str]] = {}
    for path in sorted(_TABLES.glob("*.toml")):
        for key, texts in _flatten(tomllib.loads(path.read_text(encoding="utf-8"))).items():
            if key in merged:
                raise ValueError(f"message {key} is defined twice, again in {path.name}")
            merged[key] = texts
    return merged


def _flatten(table: dict[str, Any], prefix: str = "") -> dict[str, dict[str, str]]:
    flat: dict[str, dict[str, str]] = {}
    for key, value in table.items():
        if any(isinstance(text, str) for text in value.values()):
            flat[prefix + key] = value
        else:
            flat.update(_flatten(value, f"{prefix}{key}."))
    return flat


def say(key: str, part: str = "", /, **facts: object) -> str:
    """Return the sentence ``key`` in the reader's language with ``facts`` filled in.

    ``part`` names another text of the same key (``"next"``); a missing part is an empty string,
    a missing key a ``KeyError`` (a programming mistake, held by a test).
    """
    texts = sentences()[key]
    suffix = f"_{part}" if part else ""
    text = texts.get(language() + suffix, texts.get("zh" + suffix, ""))
    return text.format_map(_Forgiving(facts)) if text else ""


class _Forgiving(dict[str, object]):
    """A message with a fact missing is still shown, with the fact's name in its place."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
