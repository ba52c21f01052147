"""目录挂接率: of the catalog entries that a department has to share, the share that has ever published data."""

from __future__ import annotations

from collections.abc import Iterable

from shuyuan.catalog import Resource
from shuyuan.indicators.standing import Indicator


def owes_sharing(resource: Resource) -> bool:
    """Whether the entry is to be shared (应共享): confirmed or published, and shared at all."""
    return resource.entry.status in ("confirmed", "published") and resource.entry.sharing.type != "none"


def link_share(resources: Iterable[Resource], published: Iterable[str]) -> Indicator[str]:
    """Published at least once out of all that are to be shared. ``rows`` are the ids of those that are not."""
    known = set(published)
    owed = [resource.entry.id for resource in resources if owes_sharing(resource)]
    open_ = tuple(entry_id for entry_id in owed if entry_id not in known)
    return Indicator.of(len(owed) - len(open_), len(owed), open_)
