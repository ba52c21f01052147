"""The verbs' tests run on any day: what the calendar must tell people is tested where it is asked for."""

import pytest

from shuyuan import workdays


@pytest.fixture(autouse=True)
def _every_year_is_published(monkeypatch):
    monkeypatch.setattr(workdays, "_LAST_PUBLISHED", 9999)
