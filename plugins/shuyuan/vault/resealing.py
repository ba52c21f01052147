"""After a rotation: seal again by the newest key what older ones sealed, and see whether all can be opened."""

from __future__ import annotations

from dataclasses import dataclass

from shuyuan.problems import PlatformError
from shuyuan.vault import store
from shuyuan.vault.keys import KeyRing
from shuyuan.vault.seals import read_header, seal, unseal


@dataclass(frozen=True)
class Openable:
    """How many of a purpose's seals can be opened; ``lost``: their key is not here; ``damaged``: they were changed."""

    purpose: str
    opened: int = 0
    lost: int = 0
    damaged: int = 0


def reseal(session: store.Session, ring: KeyRing, purpose: str) -> int:
    """Seal again, by the purpose's newest key, whatever another key sealed; return how many seals that were.

    Each is one transaction, so it may be stopped at any time and begun again.

    Raises:
        PlatformError: P391, P393, a seal cannot be opened; those before it are done.
    """
    newest, done = ring.current(purpose).key_id, 0
    for kept in store.kept(session, purpose):
        with session.transaction():
            # Whoever replaces or deletes it waits for us, or we for him; then it is read as it is.
            session.execute("UPDATE ledger.seals SET parts = parts WHERE name = ?", [kept.name])
            sealed = store.get(session, kept.name)
            header = read_header(sealed) if sealed else None
            if sealed is None or (header and header.key_id == newest):
                continue
            store.put(session, kept.name, seal(ring, purpose, kept.name, unseal(ring, purpose, kept.name, sealed)))
        done += 1
    return done


def count_openable(connection: store.Connection, ring: KeyRing) -> list[Openable]:
    """Open every seal of the warehouse and return the counts, by purpose; nothing opened is kept."""
    counts: dict[str, dict[str, int]] = {}
    for kept in store.kept(connection):
        of_purpose = counts.setdefault(kept.purpose, {})
        outcome = _outcome(connection, ring, kept)
        if outcome:
            of_purpose[outcome] = of_purpose.get(outcome, 0) + 1
    return [Openable(purpose, **found) for purpose, found in counts.items()]


def _outcome(connection: store.Connection, ring: KeyRing, kept: store.Kept) -> str | None:
    try:
        sealed = store.get(connection, kept.name)
        if sealed is None:  # deleted since we looked
            return None
        unseal(ring, kept.purpose, kept.name, sealed)
    except PlatformError as error:
        return "lost" if error.problem.code == "P391" else "damaged"
    return "opened"
