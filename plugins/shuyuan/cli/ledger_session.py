"""A session for verbs that only look: where there is no warehouse yet, none is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shuyuan.project import Project
from shuyuan.warehouses import Session, open_warehouse


@contextmanager
def existing_session(project: Project) -> Iterator[Session | None]:
    """Open a session on the project's warehouse; ``None`` when its file does not exist.

    Raises ``PassingError`` P302 when it stays busy.
    """
    warehouse = open_warehouse(project)
    path = getattr(warehouse, "path", None)
    if isinstance(path, Path) and not path.is_file():
        yield None
        return
    with warehouse.session() as session:
        yield session
