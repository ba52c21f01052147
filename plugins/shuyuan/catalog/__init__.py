"""The catalog on disk: strict YAML, cascaded defaults, elements and code tables, every problem at once.

``load_resource`` reads one entry (a task), ``read_catalog`` all of them (the linter, the DAG factory).
"""

from shuyuan.catalog.assessments import read_assessment
from shuyuan.catalog.checks import check_digest, read_checks
from shuyuan.catalog.demand_replies import reply_of
from shuyuan.catalog.demands import read_demands
from shuyuan.catalog.faults import CatalogError
from shuyuan.catalog.gathering import Catalog, read_catalog
from shuyuan.catalog.links import resource_links, unusable_sources
from shuyuan.catalog.resources import Resource, load_resource
from shuyuan.catalog.subjects import read_one_source, read_subjects

__all__ = [
    "Catalog",
    "CatalogError",
    "Resource",
    "check_digest",
    "load_resource",
    "read_assessment",
    "read_catalog",
    "read_checks",
    "read_demands",
    "read_one_source",
    "read_subjects",
    "reply_of",
    "resource_links",
    "unusable_sources",
]
