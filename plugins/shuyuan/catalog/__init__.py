"""The catalog on disk: strict YAML, cascaded defaults, elements and code tables, every problem at once.

``load_resource`` reads one entry (a task), ``read_catalog`` all of them (the linter, the DAG factory).
"""

from shuyuan.catalog.faults import CatalogError
from shuyuan.catalog.gathering import Catalog, read_catalog
from shuyuan.catalog.links import resource_links, unusable_sources
from shuyuan.catalog.resources import Resource, load_resource
from shuyuan.catalog.subjects import read_one_source, read_subjects

__all__ = [
    "Catalog",
    "CatalogError",
    "Resource",
    "load_resource",
    "read_catalog",
    "read_one_source",
    "read_subjects",
    "resource_links",
    "unusable_sources",
]
