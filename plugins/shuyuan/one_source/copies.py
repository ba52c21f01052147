"""Where each data element is kept besides its source, and how the last comparison of each copy went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shuyuan.catalog import Catalog
from shuyuan.catalog.links import find_links
from shuyuan.ledger import Comparison
from shuyuan.one_source.agenda import Agenda, Task, read_agenda

Lines = Mapping[tuple[str, str, str], Comparison]
"""The newest comparison by entry, field and source: ``ledger.latest_comparisons``."""


@dataclass(frozen=True)
class Copy:
    """A field that holds ``element`` without being its source.

    ``match`` are the holder's fields by which its rows find the source's, empty when there is no way. A copy that
    ``is_key`` holds the source's own key: it cannot differ, only be unknown.
    """

    element: str
    entry_id: str
    field: str
    source_id: str
    match: tuple[str, ...]
    is_key: bool

    @property
    def line(self) -> tuple[str, str, str]:
        """Its line of ``ledger.comparisons``: entry, field, source."""
        return self.entry_id, "+".join(self.match) if self.is_key else self.field, self.source_id


@dataclass(frozen=True)
class Share:
    """``wrong`` of ``counted`` rows: values that differ of those both sides have, or keys that the source lacks."""

    wrong: int
    counted: int


@dataclass(frozen=True)
class Rate:
    """The shares of several copies as one; ``compared`` of them were compared, ``refused`` could not be."""

    share: Share
    compared: int
    refused: int


def find_copies(catalog: Catalog) -> dict[str, tuple[Copy, ...]]:
    """Return element → its copies in all entries in use, in the order of the catalog; every element is there."""
    agenda = read_agenda(catalog)
    found: dict[str, dict[tuple[str, str], Copy]] = {name: {} for name in sorted(catalog.elements)}
    for copy in (*(copy for task in agenda.tasks for copy in _copies_of(task)), *_lost(agenda, catalog)):
        found.setdefault(copy.element, {}).setdefault((copy.entry_id, copy.field), copy)
    return {name: tuple(copies.values()) for name, copies in found.items()}


def share_of(line: Comparison | None) -> Share | None:
    """Return how many rows were wrong; ``None`` when there was no comparison, or none was possible."""
    if line is None or line.state != "compared":
        return None
    right, wrong = (line.matched, line.only_here) if line.kind == "reference" else (line.agreeing, line.differing)
    return Share(wrong or 0, (right or 0) + (wrong or 0))


def rate_of(copies: Sequence[Copy], lines: Lines, keys: bool = False) -> Rate:
    """Return how many rows of the attributes (``keys``: of the copies that are keys) were wrong when last compared."""
    asked = [lines[copy.line] for copy in copies if copy.is_key == keys and copy.line in lines]
    shares = [share for line in asked if (share := share_of(line)) is not None]
    whole = Share(sum(share.wrong for share in shares), sum(share.counted for share in shares))
    return Rate(whole, len(shares), len(asked) - len(shares))


def _copies_of(task: Task) -> Iterator[Copy]:
    link = task.link
    match = tuple(mine for mine, _ in link.key)
    for mine, element in zip(match, link.key_elements, strict=True):
        if task.elements[element].source == link.source_id:
            yield Copy(element, link.entry_id, mine, link.source_id, match, True)
    for one in link.copied:
        yield Copy(one.element, link.entry_id, one.field, link.source_id, match, False)


def _lost(agenda: Agenda, catalog: Catalog) -> Iterator[Copy]:
    """Copies that have no way to match."""
    for entry in agenda.active.values():
        for lost in find_links(entry, catalog.elements, agenda.active.get)[1]:
            element = str(entry.field(lost.field).element)
            yield Copy(element, entry.id, lost.field, lost.source_id, (), False)
