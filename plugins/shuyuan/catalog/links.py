"""Links: which fields of an entry are copies of another entry's, and by which key a copy finds its source.

A field that refers to an element whose authority is another entry is a copy of that entry's field. One link
joins a copy's entry with one source by one key and carries all fields that are compared over it. A field that
itself holds the source's key (``id_card_no`` where the source is keyed by it) is no attribute to compare but the
link's own key: the question there is whether the source knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

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
    the key's elements in the same order. ``unknown`` says what becomes of rows whose key the source does not know;
    it comes from the holder's field.
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


def find_links(
    entry: Entry, elements: Mapping[str, Element], sources: Sources
) -> tuple[tuple[Link, ...], tuple[Unmatched, ...]]:
    """Return the links of ``entry``, sorted by source and key, and the copies that have no way to match."""
    keys: dict[tuple[str, tuple[tuple[str, str], ...]], list[Copied]] = {}
    unmatched: list[Unmatched] = []
    for field in entry.fields:
        source = _source_of(entry, field, elements, sources)
        if source is None:
            continue
        matched = _match(entry, field, source)
        if isinstance(matched, Unmatched):
            unmatched.append(matched)
            continue
        attributes = keys.setdefault((source.id, matched), [])
        if field.name not in {mine for mine, _ in matched}:
            theirs = next((one for one in source.fields if one.element == field.element and one.authoritative), None)
            if theirs is not None:
                attributes.append(Copied(field.name, theirs.name, str(field.element)))
    links = tuple(_link(entry, sources, source_id, key, copied) for (source_id, key), copied in sorted(keys.items()))
    return links, tuple(unmatched)


def _link(
    entry: Entry, sources: Sources, source_id: str, key: tuple[tuple[str, str], ...], copied: list[Copied]
) -> Link:
    source = sources(source_id)
    named = tuple(str(source.field(theirs).element) for _, theirs in key) if source else ()
    strict = any(entry.field(mine).unknown == "reject" for mine, _ in key)
    return Link(entry.id, source_id, key, named, tuple(copied), "reject" if strict else "count")


def _source_of(entry: Entry, field: Field, elements: Mapping[str, Element], sources: Sources) -> Entry | None:
    """The entry that ``field`` is a copy of, if it is one."""
    element = elements.get(field.element or "")
    if element is None or not element.source or field.authoritative or not field.copy_ or element.source == entry.id:
        return None
    return sources(element.source)


def _match(entry: Entry, field: Field, source: Entry) -> tuple[tuple[str, str], ...] | Unmatched:
    """Pair fields of ``entry`` with the source's key, for the copy ``field``."""
    named = [source.field(name).element for name in source.load.key]
    if not all(named):
        return Unmatched(field.name, source.id, "keyless")
    if field.match_by:
        held = [one.element for name in field.match_by for one in entry.fields if one.name == name]
        if held != named:
            return Unmatched(field.name, source.id, "wrong", "+".join(map(str, named)), field.match_by)
        return tuple(zip(field.match_by, source.load.key, strict=True))
    return _deduce(entry, field, source, [str(element) for element in named])


def _deduce(entry: Entry, field: Field, source: Entry, named: list[str]) -> tuple[tuple[str, str], ...] | Unmatched:
    pairs = []
    for theirs, element in zip(source.load.key, named, strict=True):
        candidates = tuple(_holding(entry, element))
        if field.name in candidates:  # the field is itself this part of the key
            candidates = (field.name,)
        if not candidates:
            return Unmatched(field.name, source.id, "absent", element)
        if len(candidates) > 1:
            return Unmatched(field.name, source.id, "unclear", element, candidates)
        pairs.append((candidates[0], theirs))
    return tuple(pairs)


def _holding(entry: Entry, element: str) -> Iterator[str]:
    return (field.name for field in entry.fields if field.element == element and field.copy_)
