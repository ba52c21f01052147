"""A ring of keys, and an embedded warehouse beside it."""

import pytest

from shuyuan.vault.keys import KeyRing
from shuyuan.warehouses.duckdb import DuckDBWarehouse


@pytest.fixture
def ring(tmp_path):
    return KeyRing(tmp_path / "keys")


@pytest.fixture
def session(tmp_path):
    with DuckDBWarehouse(tmp_path / "warehouse.duckdb").session() as session:
        yield session
