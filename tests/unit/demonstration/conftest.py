"""One set of deliveries for all of these tests."""

from __future__ import annotations

import pytest
from demonstration_places import DAY, ROOT

from shuyuan.catalog import Catalog, read_catalog
from shuyuan.demonstration import Handover, deliver
from shuyuan.project import Project


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return read_catalog(Project(ROOT))


@pytest.fixture(scope="session")
def delivered(tmp_path_factory) -> dict[str, Handover]:
    root = tmp_path_factory.mktemp("departments")
    return {handover.entry_id: handover for handover in deliver(root, DAY)}
