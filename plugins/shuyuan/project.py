"""The project folder: where a center keeps its catalog, and where running work is kept.

Any folder with ``include/`` and ``expectations/`` is a project, so a center can keep its catalog in a
repository of its own. ``SHUYUAN_PROJECT`` (or ``--project``) names it; ``SHUYUAN_VAR`` moves the
working files; ``SHUYUAN_WAREHOUSE`` names the warehouse by URL; ``SHUYUAN_STAGING`` names the staging area by which
several workers share run directories.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """The rooms of one project folder. ``root`` is absolute."""

    root: Path

    @classmethod
    def find(cls, root: Path | str | None = None) -> Project:
        """Return the project named by ``root``, ``SHUYUAN_PROJECT``, or the nearest folder upwards."""
        named = root or os.environ.get("SHUYUAN_PROJECT")
        if named:
            return cls(Path(named).resolve())
        here = Path.cwd().resolve()
        for folder in (here, *here.parents):
            if (folder / "include" / "catalog_specs").is_dir():
                return cls(folder)
        return cls(here)

    @property
    def specs(self) -> Path:
        """``include/catalog_specs``: one YAML an entry, one folder a department."""
        return self.root / "include" / "catalog_specs"

    @property
    def elements(self) -> Path:
        """``include/elements``: data elements."""
        return self.root / "include" / "elements"

    @property
    def subjects(self) -> Path:
        """``include/subjects``: the subjects (人、企业、不动产) that have a golden view."""
        return self.root / "include" / "subjects"

    @property
    def one_source(self) -> Path:
        """``include/one_source.yaml``: the center's settings of 一数一源."""
        return self.root / "include" / "one_source.yaml"

    @property
    def assessment(self) -> Path:
        """``include/assessment.yaml``: the rules of the assessment: weights, thresholds, clocks."""
        return self.root / "include" / "assessment.yaml"

    @property
    def demands(self) -> Path:
        """``include/demand_specs``: one YAML a demand, one folder an asking department."""
        return self.root / "include" / "demand_specs"

    @property
    def check_specs(self) -> Path:
        """``include/check_specs``: one YAML a check (核查)."""
        return self.root / "include" / "check_specs"

    @property
    def check_users(self) -> Path:
        """``include/check_users.yaml``: who works with checks, for which department, in which role."""
        return self.root / "include" / "check_users.yaml"

    @property
    def notices(self) -> Path:
        """``include/notices.yaml``: who is told what by which channel."""
        return self.root / "include" / "notices.yaml"

    @property
    def code_tables(self) -> Path:
        """``include/code_tables``: one CSV a code table."""
        return self.root / "include" / "code_tables"

    @property
    def calendar(self) -> Path:
        """``include/calendar``: holidays that override the library's."""
        return self.root / "include" / "calendar"

    @property
    def expectations(self) -> Path:
        """``expectations``: reusable Great Expectations suites, as JSON in GX's own vocabulary."""
        return self.root / "expectations"

    @property
    def var(self) -> Path:
        """Working files: run directories, the embedded warehouse, reports. Never committed."""
        return Path(os.environ.get("SHUYUAN_VAR") or self.root / "var").resolve()

    @property
    def runs(self) -> Path:
        """Run directories, ``runs/<entry id>/<run key>/``."""
        return self.var / "runs"

    @property
    def reports(self) -> Path:
        """``current`` and a folder a month. Each is swapped whole, so that this one may be a mounted volume."""
        return self.var / "report"

    @property
    def report(self) -> Path:
        """The report of the running period."""
        return self.reports / "current"

    @property
    def shared(self) -> Path:
        """Copies of the shared tables that consumers outside the pipeline read: ``share/<table>.parquet``."""
        return self.var / "share"

    @property
    def token_key(self) -> Path:
        """The secret of keyed tokens, where ``SHUYUAN_TOKEN_KEY`` does not give it; readable by its owner alone.

        ``SHUYUAN_TOKEN_KEY_FILE`` moves it, for workers that share it.
        """
        return Path(os.environ.get("SHUYUAN_TOKEN_KEY_FILE") or self.var / "secrets" / "token.key")

    @property
    def keys(self) -> Path:
        """The key files of the vault. ``SHUYUAN_KEYS`` moves the folder, for workers that share it."""
        return Path(os.environ.get("SHUYUAN_KEYS") or self.var / "secrets" / "keys")

    @property
    def audit_anchors(self) -> Path:
        """Where the head of the audit is noted after every batch, outside the warehouse.

        ``SHUYUAN_AUDIT_ANCHOR`` moves the file: to a place that whoever runs the warehouse cannot change.
        """
        return Path(os.environ.get("SHUYUAN_AUDIT_ANCHOR") or self.var / "audit" / "anchors.log")

    @property
    def warehouse_url(self) -> str:
        """SQLAlchemy-style URL of the warehouse; the embedded DuckDB file by default.

        It holds a password, so ``SHUYUAN_WAREHOUSE_FILE`` may name a file with it instead.
        """
        kept = os.environ.get("SHUYUAN_WAREHOUSE_FILE")
        if kept and not os.environ.get("SHUYUAN_WAREHOUSE"):
            return Path(kept).read_text(encoding="utf-8").strip()
        embedded = self.var / "warehouse" / "shuyuan.duckdb"
        return os.environ.get("SHUYUAN_WAREHOUSE") or f"duckdb:///{embedded}"

    @property
    def staging_url(self) -> str | None:
        """``s3://bucket/prefix`` or ``file:///folder`` that all workers reach; ``None``: one machine does it all."""
        return os.environ.get("SHUYUAN_STAGING") or None
