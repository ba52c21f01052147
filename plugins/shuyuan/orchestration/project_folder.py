"""Which project a DAG file belongs to."""

from __future__ import annotations

import os
from pathlib import Path

from shuyuan.project import Project


def project_of(dag_file: Path) -> Project:
    """The project whose ``dags`` folder holds the file, unless ``SHUYUAN_PROJECT`` names another.

    The file's own place comes first in a versioned bundle: each checkout reads its own entries.
    """
    return Project.find(os.environ.get("SHUYUAN_PROJECT") or dag_file.resolve().parents[1])
