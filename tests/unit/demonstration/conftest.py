"""One set of deliveries for all of these tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shuyuan.catalog import Catalog, read_catalog
from shuyuan.demonstration import Handover, deliver
from shuyuan.project import Project

ROOT = Path(__file__).parents[3]
DAY = date(2026, 11, 20)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return read_catalog(Project(ROOT))


@pytest.fixture(scope="session")
def delivered(tmp_path_factory) -> dict[str, Handover]:
    root = tmp_path_factory.mktemp("departments")
    return {handover.entry_id: handover for handover in deliver(root, DAY)}
