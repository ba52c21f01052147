"""Links: which fields of an entry are copies of another entry's, and by which key a copy finds its source.

A field that refers to an element whose authority is another entry is a copy of that entry's field. One link
joins a copy's entry with one source by one key and carries all fields that are compared over it. A field that
itself holds the source's key (``id_card_no`` where the source is keyed by it) is no attribute to compare but the
link's own key: the question there is whether the source knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from shuyuan.catalog.faults import CatalogError
from shuyuan.catalog.resources import Resource, load_resource
from shuyuan.entry import Element, Entry, Field

Sources = Callable[[str], Entry | None]
"""Entry id → the entry with its elements filled in, or ``None`` when there is none that can be used."""


@dataclass(frozen=True)
class Copied:
    """One attribute of a link: ``field`` of the holder says the same as ``source_field`` of the source."""

    field: str
    source_field: str
    element: str


@dataclass(frozen=True)
class Link:
    """How rows of ``entry_id`` find their source's rows, and what is compared then.

    ``key`` pairs the holder's fields with the source's ``load.key``, in the source's order. ``key_elements`` are
    the key's elements in the same order. ``unknown`` says what becomes of rows whose key the source does not know:
    ``reject`` when a field that is a copy of this very source says so.
    """

    entry_id: str
    source_id: str
    key: tuple[tuple[str, str], ...]
    key_elements: tuple[str, ...]
    copied: tuple[Copied, ...]
    unknown: Literal["reject", "count"]

    @property
    def key_name(self) -> str:
        """The holder's key fields as one word: what stands for the link in rule ids and in the ledger."""
        return "+".join(mine for mine, _ in self.key)


@dataclass(frozen=True)
class Unmatched:
    """A copy that cannot be compared. ``why``: ``keyless`` (a key field of the source has no element), ``absent``
    (no field here holds ``element``), ``unclear`` (several do: ``candidates``), ``wrong`` (``match_by`` names fields
    that do not hold the source's key)."""

    field: str
    source_id: str
    why: Literal["keyless", "absent", "unclear", "wrong"]
    element: str | None = None
    candidates: tuple[str, ...] = ()


@dataclass
class _Gathered:
    """One link while its fields are gathered."""

    elements: tuple[str, ...]
    copied: list[Copied] = field(default_factory=list)
    strict: bool = False


def resource_links(resource: Resource) -> tuple[Link, ...]:
    """Return the links of one entry, for a task. Sources that cannot be used have none: ``unusable_sources``.

    Only the files of the entry's own sources are read, so the cost does not grow with the catalog.
    """
    return find_links(resource.entry, resource.elements, _loader(resource))[0]


def unusable_sources(resource: Resource) -> dict[str, tuple[str, ...]]:
    """Return the sources that are missing, broken or retired, each with the fields here that are copies of it."""
    load = _loader(resource)
    found: dict[str, tuple[str, ...]] = {}
    for one in resource.entry.fields:
        named = source_id(resource.entry, one, resource.elements)
        if named is not None and load(named) is None:
            found[named] = (*found.get(named, ()), one.name)
    return found


def _loader(resource: Resource) -> Sources:
    known: dict[str, Entry | None] = {}

    def load(entry_id: str) -> Entry | None:
        if entry_id not in known:
            try:
                entry = load_resource(resource.project, entry_id).entry
            except CatalogError:
                known[entry_id] = None
            else:
                known[entry_id] = None if entry.status == "retired" else entry
        return known[entry_id]

    return load


def find_links(
    entry: Entry, elements: Mapping[str, Element], sources: Sources
) -> tuple[tuple[Link, ...], tuple[Unmatched, ...]]:
    """Return the links of ``entry``, sorted by source and key, and the copies that have no way to match."""
    gathered: dict[tuple[str, tuple[tuple[str, str], ...]], _Gathered] = {}
    unmatched: list[Unmatched] = []
    for one in entry.fields:
        named = source_id(entry, one, elements)
        source = sources(named) if named else None
        if source is None:
            continue
        matched = _match(entry, one, source)
        if isinstance(matched, Unmatched):
            unmatched.append(matched)
            continue
        link = gathered.setdefault((source.id, matched), _Gathered(tuple(map(str, key_elements(source)))))
        link.strict = link.strict or one.unknown == "reject"
        if one.name not in {mine for mine, _ in matched}:
            theirs = next((two for two in source.fields if two.element == one.element and two.authoritative), None)
            if theirs is not None:
                link.copied.append(Copied(one.name, theirs.name, str(one.element)))
    links = tuple(
        Link(entry.id, source, key, link.elements, tuple(link.copied), "reject" if link.strict else "count")
        for (source, key), link in sorted(gathered.items(), key=lambda pair: pair[0])
    )
    return links, tuple(unmatched)


def source_id(entry: Entry, one: Field, elements: Mapping[str, Element]) -> str | None:
    """Return the id of the entry that the field ``one`` is a copy of, ``None`` when it is no copy."""
    element = elements.get(one.element or "")
    if element is None or not element.source or one.authoritative or not one.copy_ or element.source == entry.id:
        return None
    return element.source


def key_elements(source: Entry) -> tuple[str | None, ...]:
    """Return the elements of ``load.key``, in its order; ``None`` where others cannot match by that part.

    They cannot where the field has no element, or only borrows its definition (``copy: false``).
    """
    fields = {one.name: one for one in source.fields}
    parts = (fields.get(name) for name in source.load.key)
    return tuple(part.element if part and (part.copy_ or part.authoritative) else None for part in parts)


def _match(entry: Entry, one: Field, source: Entry) -> tuple[tuple[str, str], ...] | Unmatched:
    """Pair fields of ``entry`` with the source's key, for the copy ``one``."""
    named = [element for element in key_elements(source) if element is not None]
    if len(named) < len(source.load.key):
        return Unmatched(one.name, source.id, "keyless")
    if not one.match_by:
        return _deduce(entry, one, source, named)
    fields = {two.name: two.element for two in entry.fields}
    ordered = one.match_by
    if len(set(named)) == len(named):  # each part of the key tells which field is meant, in whatever order they stand
        ordered = tuple(
            sorted(ordered, key=lambda name: named.index(held) if (held := fields.get(name)) in named else 0)
        )
    held = [fields.get(name) for name in ordered]
    elsewhere = one.element in named and one.name not in ordered
    if held != named or len(set(ordered)) < len(ordered) or elsewhere:
        return Unmatched(one.name, source.id, "wrong", "+".join(named), one.match_by)
    return tuple(zip(ordered, source.load.key, strict=True))


def _deduce(entry: Entry, one: Field, source: Entry, named: list[str]) -> tuple[tuple[str, str], ...] | Unmatched:
    pairs = []
    for theirs, element in zip(source.load.key, named, strict=True):
        candidates = tuple(
            two.name for two in entry.fields if two.element == element and (two.copy_ or two.authoritative)
        )
        if len(candidates) < named.count(element):
            return Unmatched(one.name, source.id, "absent", element)
        if one.name in candidates and named.count(element) == 1:  # the field is itself this part of the key
            candidates = (one.name,)
        if len(candidates) > 1:
            return Unmatched(one.name, source.id, "unclear", element, candidates)
        pairs.append((candidates[0], theirs))
    return tuple(pairs)
