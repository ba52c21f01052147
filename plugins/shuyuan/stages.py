"""What flows: one frozen value object a stage, each made from the last.

``Entry → Delivery → Batch → Verdict → Publication``. They are small (facts, counts and file names; the
rows stay in files of the run directory), hold no personal value, and travel as JSON between tasks.
Paths are relative to the run directory.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict


class Stage(BaseModel):
    """A frozen value object that is kept as one JSON file in the run directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def save(self, workdir: Path) -> Path:
        """Write ``<class name>.json`` into ``workdir`` so that a reader sees all of it or nothing."""
        path = workdir / f"{type(self).__name__.lower()}.json"
        part = path.with_suffix(".json.part")
        part.write_text(self.model_dump_json(indent=1), encoding="utf-8")
        part.replace(path)
        return path

    @classmethod
    def discard(cls, workdir: Path) -> None:
        """Remove what ``save`` wrote, if it is there."""
        (workdir / f"{cls.__name__.lower()}.json").unlink(missing_ok=True)

    @classmethod
    def read(cls, workdir: Path) -> Self:
        """Read what ``save`` wrote. Raises ``FileNotFoundError`` when that stage has not finished."""
        return cls.model_validate_json((workdir / f"{cls.__name__.lower()}.json").read_bytes())

    @classmethod
    def find(cls, workdir: Path) -> Self | None:
        """Read what ``save`` wrote, or ``None`` when that stage has not finished."""
        try:
            return cls.read(workdir)
        except FileNotFoundError:
            return None


class DeliveredFile(Stage):
    """One file as received. ``name`` is the department's name for it (for people, never a path of ours)."""

    name: str
    path: str
    size: int
    sha256: str
    modified_at: datetime | None = None


class Delivery(Stage):
    """What a department handed over for one data date.

    ``sha256`` identifies the content: of the file, or of all files' names and hashes in order, or of
    the rows of a query. ``evidence`` says how we know that it is whole: ``manifest`` (hash, bytes and
    rows declared by the department), ``marker`` (a ready file), ``stable`` (size and time unchanged
    over two looks: the weakest), ``snapshot`` (one consistent read of a database). ``watermark`` is how far
    an incremental read came: a date-time of Asia/Shanghai or a number, as canonical text. ``keys``: all keys of
    the source at that moment, where they were read to find rows that are gone.
    """

    entry_id: str
    spec_digest: str
    data_date: date
    received_at: datetime
    sha256: str
    evidence: Literal["manifest", "marker", "stable", "snapshot"]
    files: tuple[DeliveredFile, ...]
    rows_declared: int | None = None
    query: str | None = None
    watermark: str | None = None
    keys: DeliveredFile | None = None


class Batch(Stage):
    """The delivery as typed Parquet.

    ``path`` holds, per readable row: ``_row`` (BIGINT, 0…, unique), ``_file`` (SMALLINT, index into
    ``files``), ``_line`` (BIGINT, line in the source file where the record starts, from 1; for Excel
    the sheet row; for a database the row number of the query), ``_uncast`` (BIGINT, bit *i* set when
    the text of ``entry.fields[i]`` is not of its type; the cell is then NULL), ``_raw`` (VARCHAR, the
    record's raw texts as a JSON object where ``_uncast`` is not 0, else NULL), then one column per
    field of the entry. ``defects_path`` holds the records that could not be read as rows at all:
    ``_row`` (continuing the numbering), ``_file``, ``_line``, ``rule`` (VARCHAR), ``raw`` (VARCHAR).

    ``keys_path`` has the typed key fields of ``Delivery.keys``, where there are any.

    ``rows + defects == counted``, where ``counted`` comes from a second, independent counter.
    """

    entry_id: str
    files: tuple[str, ...]
    path: str
    rows: int
    defects_path: str | None = None
    defects: int = 0
    counted: int
    keys_path: str | None = None


class RuleResult(Stage):
    """How one rule fared.

    ``effect``: ``reject`` (rows go to ``rejected``), ``count`` (only counted), ``block`` (the publication
    stops). ``indicator`` is the GB/T 36344 code (``0302``), ``dimension`` its name key
    (``normativity completeness accuracy consistency timeliness accessibility``).
    """

    rule: str
    code: str
    field: str | None = None
    indicator: str
    dimension: str
    effect: Literal["reject", "count", "block"]
    evaluated: int
    unexpected: int
    success: bool
    errored: bool = False
    observed: str | None = None


class Verdict(Stage):
    """What the rules say of a batch.

    ``delivered == accepted + rejected``. ``rejected_path`` (Parquet): ``_row``, ``_file``, ``_line``,
    ``rules`` (VARCHAR[]), ``record`` (VARCHAR, JSON object of the record's texts, or the raw line under
    the key ``_raw``). ``gx_result`` is Great Expectations' own result JSON (counts and row keys, no values).
    ``blocked_by`` are the rule ids that stop the publication. Scores are 0 to 100; a dimension
    without any rule has no score.
    """

    entry_id: str
    delivered: int
    accepted: int
    rejected: int
    rejected_path: str | None
    results: tuple[RuleResult, ...]
    scores: dict[str, float]
    score: float | None
    blocked_by: tuple[str, ...] = ()
    gx_result: str | None = None


class Publication(Stage):
    """What consumers see since this run. ``changed`` is false when the same content was there already."""

    entry_id: str
    load_no: int
    load_id: str
    data_date: date
    published_at: datetime
    changed: bool
    rows: int
    added: int
    updated: int
    removed: int


class Fault(Stage):
    """Why a stage stopped, kept in the run directory so that the ledger entry can tell it.

    ``text`` is the coded sentence for people; it holds no personal value. ``outcome``: ``missing`` (nothing
    came), ``blocked`` (the delivery is wrong), ``failed`` (we or the line are).
    """

    code: str
    text: str
    outcome: Literal["missing", "blocked", "failed"]
