"""The table in ``docs/indicators.md`` that is made from the code."""

from __future__ import annotations

import re
from pathlib import Path

from shuyuan.indicators.mapping import mapping_table
from shuyuan.project import Project

_BLOCK = re.compile(r"(<!-- rules -->\n).*?(<!-- /rules -->)", re.DOTALL)


def generated_page(project: Project) -> dict[Path, str]:
    """Return the page and its text with the table as it should be; nothing where the project keeps no such page."""
    page = project.root / "docs" / "indicators.md"
    if not page.is_file():
        return {}
    table = mapping_table()
    return {page: _BLOCK.sub(lambda found: f"{found[1]}{table}\n{found[2]}", page.read_text(encoding="utf-8"))}
