"""The center's settings of 一数一源: ``include/one_source.yaml``."""

from __future__ import annotations

from shuyuan.catalog.subjects import read_one_source
from shuyuan.entry import OneSource
from shuyuan.project import Project


def read_settings(project: Project) -> OneSource:
    """Return the settings; the defaults when there is no file. Raises ``CatalogError`` when the file is wrong."""
    return read_one_source(project)
