"""What there is to compare: the links of the catalog as lines of the ledger, and which of them are up to date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shuyuan.catalog import Catalog
from shuyuan.catalog.links import Link, find_links, source_id
from shuyuan.entry import Element, Entry, OneSource
from shuyuan.ledger import Comparison
from shuyuan.masking import HIDDEN
from shuyuan.normal_forms import NormalForm

CopyKey = tuple[str, str, str]
"""Entry, field, source: what makes two lines of ``ledger.comparisons`` the same copy's."""

REFERENCE, ATTRIBUTE = "0402", "0401"
"""Indicators of GB/T 36344-2018: consistency of related data, consistency of the same data."""

_INACTIVE = ("draft", "retired")
_SECRET_LEVELS = ("L3", "L4")


@dataclass(frozen=True)
class Task:
    """One link with what it needs: both entries and the elements. ``usable`` tells whether the source can run."""

    link: Link
    copy: Entry
    source: Entry
    elements: Mapping[str, Element]
    usable: bool

    @property
    def forms(self) -> dict[str, NormalForm]:
        """The normal forms of the elements by name."""
        named = (*self.link.key_elements, *(one.element for one in self.link.copied))
        return {name: self.elements[name].normal_form for name in named}

    @property
    def key_masks(self) -> tuple[str, ...]:
        """The masks of the key's parts."""
        pairs = zip(self.link.key, self.link.key_elements, strict=True)
        return tuple(self._mask(mine, theirs, name) for (mine, theirs), name in pairs)

    def value_mask(self, field: str) -> str:
        """The mask of a copied field."""
        one = next(one for one in self.link.copied if one.field == field)
        return self._mask(one.field, one.source_field, one.element)

    def _mask(self, field: str, source_field: str, element: str) -> str:
        """The element's mask. Where nobody names one, what is sensitive or of a high level is hidden."""
        mine, theirs = self.copy.field(field), self.source.field(source_field)
        masks = (self.elements[element].mask, mine.mask, theirs.mask)
        named = next((mask for mask in masks if mask and mask != "none"), None)
        secret = self.elements[element].level in _SECRET_LEVELS or mine.sensitive or theirs.sensitive
        return named or ("hide" if secret else "none")

    def digest(self, settings: OneSource) -> str:
        """SHA-256 (hex) of all that decides the result besides the data."""
        names = sorted({*self.link.key_elements, *(one.element for one in self.link.copied)})
        facts: dict[str, Any] = {
            "link": [self.link.entry_id, self.link.source_id, self.link.key, self.link.key_elements],
            "copied": [[one.field, one.source_field, one.element] for one in self.link.copied],
            "elements": {name: [self.elements[name].normal_form, self.elements[name].corrections] for name in names},
            "masks": [*self.key_masks, *(self.value_mask(one.field) for one in self.link.copied), HIDDEN],
            "listed": settings.listed,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def blank_lines(self, run_id: str, now: datetime, settings: OneSource) -> tuple[Comparison, ...]:
        """The lines that this link has, the key's first, without any result. ``now`` is naive UTC."""
        link = self.link
        reference = Comparison(
            run_id=run_id,
            compared_at=now,
            entry_id=link.entry_id,
            field=link.key_name,
            element="+".join(link.key_elements),
            kind="reference",
            source_id=link.source_id,
            match_key=link.key_name,
            link_digest=self.digest(settings),
            state="not_compared",
            indicator=REFERENCE,
        )
        attribute = replace(reference, kind="attribute", indicator=ATTRIBUTE)
        copied = (replace(attribute, field=one.field, element=one.element) for one in link.copied)
        return reference, *copied


@dataclass(frozen=True)
class Agenda:
    """All links that there are now.

    ``active`` are the entries that can hold copies, ``readable`` all that can be a source, by id; ``broken``
    are entries that cannot be understood, whose lines stay as they are.
    """

    tasks: tuple[Task, ...]
    active: Mapping[str, Entry]
    readable: Mapping[str, Entry]
    broken: frozenset[str]
    elements: Mapping[str, Element]

    def left(self, lines: Mapping[CopyKey, Comparison]) -> list[tuple[Comparison, str]]:
        """Return the newest lines that no link stands for, each with the reason that holds for it now.

        ``source_unusable``: the source's entry is gone or cannot be read. ``withdrawn``: it is no copy any more, or of
        another source.
        """
        current = {key for task in self.tasks for key in copies_of(task.link)}
        others = (line for key, line in lines.items() if key not in current and line.entry_id not in self.broken)
        return [(line, "source_unusable" if self._is_orphan(line) else "withdrawn") for line in others]

    def _is_orphan(self, line: Comparison) -> bool:
        entry = self.active.get(line.entry_id)
        fields = {one.name: one for one in entry.fields} if entry else {}
        names = line.field.split("+")
        if entry is None or line.source_id in self.readable or not fields.keys() >= set(names):
            return False
        return any(source_id(entry, fields[name], self.elements) == line.source_id for name in names)


def copies_of(link: Link) -> list[CopyKey]:
    """The lines of a link: its key's, then its attributes'."""
    return [(link.entry_id, field, link.source_id) for field in (link.key_name, *(one.field for one in link.copied))]


def read_agenda(catalog: Catalog) -> Agenda:
    """Find the links of every usable entry that is neither draft nor retired.

    A source that is wrong but can still be read keeps its links; they are not compared.
    """
    usable = {draft.id for draft in catalog.drafts if draft.usable}
    readable = {draft.id: draft.entry for draft in catalog.drafts if draft.entry and draft.entry.id == draft.id}
    running = {name: one for name, one in readable.items() if name in usable and one.status not in _INACTIVE}
    tasks = []
    for entry in running.values():
        for link in _apart(find_links(entry, catalog.elements, readable.get)[0]):
            names = (*link.key_elements, *(one.element for one in link.copied))
            elements = {name: catalog.elements.get(name) or Element(title=name) for name in names}
            source = readable[link.source_id]
            tasks.append(Task(link, entry, source, elements, source.id in running))
    broken = frozenset(draft.id for draft in catalog.drafts) - usable
    return Agenda(tuple(tasks), running, readable, broken, catalog.elements)


def _apart(links: Iterable[Link]) -> Iterator[Link]:
    """Leave out an attribute that is another link's key to the same source: one line cannot say both."""
    listed = tuple(links)
    keys = {(link.source_id, link.key_name) for link in listed}
    for link in listed:
        yield replace(link, copied=tuple(one for one in link.copied if (link.source_id, one.field) not in keys))
