"""One change between two catalogs: what, whom it reaches, whether it breaks something, what to do.

Specs are compared as the plain data of ``Entry.model_dump(mode="json", by_alias=True)``, so that one that an
earlier version of the models wrote can still be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shuyuan.catalog.resources import Resource
from shuyuan.language import say

Data = Mapping[str, Any]
Reach = Literal["provider", "consumers", "both"]
NOTHING = "—"


@dataclass(frozen=True)
class Spec:
    """One entry's effective spec: ``entry`` and the ``elements`` that it uses (name → element), as plain data."""

    entry_id: str
    digest: str
    entry: Data
    elements: Mapping[str, Data] = field(default_factory=dict)

    @classmethod
    def of(cls, resource: Resource) -> Spec:
        """Return the spec of a resource."""
        elements = {name: one.model_dump(mode="json", by_alias=True) for name, one in resource.elements.items()}
        entry = resource.entry.model_dump(mode="json", by_alias=True)
        return cls(resource.entry.id, resource.digest, entry, elements)

    @property
    def department(self) -> str:
        """The folder of its department."""
        return self.entry_id.partition(".")[0]

    @property
    def active(self) -> bool:
        """Whether it runs: confirmed or published."""
        return self.entry.get("status") in ("confirmed", "published")


@dataclass(frozen=True)
class Told:
    """What is told at an element and need not be told at each of its fields.

    ``facts``: (element, key) → the element's own value then and now. ``renamed``: element → its new name.
    """

    facts: Mapping[tuple[str, str], tuple[Any, Any]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def explains(self, key: str, then: Data, now: Data) -> bool:
        """Whether the field's change of ``key`` is but its element's."""
        before, after = then.get("element"), now.get("element")
        if key == "element":
            return before is not None and self.renamed.get(before) == after
        same = before == after or self.renamed.get(str(before)) == after
        return same and self.facts.get((str(before), key)) == (then.get(key), now.get(key))


@dataclass(frozen=True)
class Change:
    """One change of an entry or an element.

    ``what`` is a word of the message table (``plan.<what>``); ``subject`` an entry id or, where ``of_element``, an
    element; ``key`` the place in its YAML. ``breaking``: something that works today stops working, or rows that
    pass today may be rejected, until somebody acts. ``departments`` (folders) are those it reaches; ``consumers``:
    also everybody who reads the shared table.
    """

    what: str
    subject: str
    key: str
    breaking: bool
    reach: Reach = "provider"
    facts: Mapping[str, Any] = field(default_factory=dict)
    departments: tuple[str, ...] = ()
    of_element: bool = False

    @property
    def consumers(self) -> bool:
        """Whether it reaches those who read the shared table."""
        return self.reach != "provider"

    @property
    def message(self) -> str:
        """What changes, in the reader's language."""
        return say(f"plan.{self.what}", **self.facts)

    @property
    def next_step(self) -> str:
        """What to do, in the reader's language."""
        return say(f"plan.{self.what}", "next", **self.facts)


def shown(value: Any) -> str:
    """Write a value of a spec as people read it."""
    if value is None or value in ("", [], ()):
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return say("hint.separator").join(shown(one) for one in value)
    if isinstance(value, Mapping):
        return " ".join(f"{key}={shown(one)}" for key, one in value.items() if one not in (None, [], ()))
    return str(value)


def decimal_digits(kind: str | None) -> tuple[int, int] | None:
    """Return the integer and fraction digits that a numeric type holds, ``None`` for another type."""
    if kind == "integer":
        return 18, 0
    found = re.fullmatch(r"decimal\(([0-9]+), ?([0-9]+)\)", kind or "")
    return (int(found[1]) - int(found[2]), int(found[2])) if found else None
