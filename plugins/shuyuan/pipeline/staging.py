"""A run directory that several workers share, by way of a staging area.

DuckDB and Arrow work on local files, so each stage works in a directory of its own worker. Before a stage the
files that it reads are brought in; after it what it made is put out, each file under a name that no other
attempt uses, and last one small *hand-over*: all that the run's stages have found so far and, for each file, its
object, size and SHA-256. Who reads a hand-over finds complete files of one attempt, whoever else works on the run;
a worker that is killed before it writes one has changed nothing.

In the area: ``<entry id>/<run key>/<stage>.json`` (hand-overs), ``…/<stage>-<random>/<file>`` (files),
``…/recorded.json`` (the run is over), ``…/look.json`` (the first look at files without a ready marker).
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from shuyuan.crashpoints import point
from shuyuan.pipeline.staging_area import Area, Measured
from shuyuan.problems import PlatformError
from shuyuan.sources import KEYS
from shuyuan.stages import Batch, Delivery, Fault, Publication, Stage, Verdict

RECORDED, LOOK, SECONDS = "recorded.json", "look.json", "seconds.json"
_GX_RESULT = "gx_result.json"
_READS: dict[str, str | None] = {"fetch": None, "read": "fetch", "check": "read", "load": "check"}
_MADE: dict[str, type[Stage]] = {"fetch": Delivery, "read": Batch, "check": Verdict, "load": Publication}


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise ValueError("a path leads out of the run directory")
    return path


class StagedFile(BaseModel):
    """One file of a run: its path in the run directory, its object, and what it must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, AfterValidator(_inside)]
    object: str
    size: int
    sha256: str


class HandOver(BaseModel):
    """What a run's stages have found so far: all that the next stage, or the record, has to know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery: Delivery | None = None
    batch: Batch | None = None
    verdict: Verdict | None = None
    publication: Publication | None = None
    fault: Fault | None = None
    seconds: dict[str, float] = {}
    files: tuple[StagedFile, ...] = ()

    @classmethod
    def of(cls, workdir: Path, files: tuple[StagedFile, ...]) -> HandOver:
        """What lies in a run directory."""
        return cls(
            delivery=Delivery.find(workdir),
            batch=Batch.find(workdir),
            verdict=Verdict.find(workdir),
            publication=Publication.find(workdir),
            seconds=read_seconds(workdir),
            files=files,
        )

    def unfold(self, workdir: Path) -> None:
        """Make the run directory say this and nothing else."""
        found = (self.delivery, self.batch, self.verdict, self.publication)
        for made, kind in zip(found, _MADE.values(), strict=True):
            if made is None:
                kind.discard(workdir)
            else:
                made.save(workdir)
        (workdir / SECONDS).write_text(json.dumps(self.seconds), encoding="utf-8")

    def needed_by(self, stage: str) -> tuple[str | None, ...]:
        """The paths that a stage opens."""
        if stage == "read" and self.delivery:
            keys = (f"{KEYS}/{self.delivery.keys.path}",) if self.delivery.keys else ()
            return (*(file.path for file in self.delivery.files), *keys)
        if stage == "check" and self.batch:
            return (self.batch.path, self.batch.defects_path, self.batch.keys_path)
        if stage == "load" and self.batch and self.verdict:
            return (self.batch.path, self.verdict.rejected_path, self.batch.keys_path)
        return ()

    def made_by(self, stage: str) -> tuple[str | None, ...]:
        """The paths that a stage has written."""
        if stage == "fetch":
            return self.needed_by("read")
        if stage == "read":
            return self.needed_by("check")
        if stage == "check" and self.verdict:
            return (self.verdict.rejected_path, _GX_RESULT)
        return ()


def read_seconds(workdir: Path) -> dict[str, float]:
    """Wall seconds by stage, as far as the run has come."""
    path = workdir / SECONDS
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


class Staging:
    """The way of one run's files between its local directory and the staging area."""

    def __init__(self, area: Area, folder: str, workdir: Path) -> None:
        self.area, self.folder, self.workdir = area, folder, workdir
        self._files: tuple[StagedFile, ...] = ()
        self.began_here = False

    @property
    def place(self) -> str:
        """The run's folder in the area, for people."""
        return f"{self.area.place}/{self.folder}"

    def bring(self, stage: str) -> None:
        """Bring in what a stage needs, and take away what an earlier attempt said of it.

        Raises:
            PassingError, PlatformError: as ``Area``; P402 when the former stage has not handed over.
        """
        if stage == "fetch":  # it begins all anew; the others go on from the former stage
            HandOver().unfold(self.workdir)
            self._files, self.began_here = (), True
        there = self._there()
        stale = ("fault.json", RECORDED, *(("load.json", "check.json", "read.json") if stage == "fetch" else ()))
        for name in stale:  # an earlier attempt's outcome must not be recorded as this one's
            if name in there:
                self.area.remove(f"{self.folder}/{name}")
        former = _READS[stage]
        if former:
            self._bring_files(self._read(former), stage)
        elif LOOK in there:
            (self.workdir / LOOK).write_text(self.area.read(f"{self.folder}/{LOOK}"), encoding="utf-8")

    def put(self, stage: str) -> None:
        """Put out what a stage made, its hand-over last. A stage that made nothing puts out nothing."""
        if _MADE[stage].find(self.workdir) is None:
            return
        attempt = f"{self.folder}/{stage}-{secrets.token_hex(8)}"
        made = []
        for path in HandOver.of(self.workdir, ()).made_by(stage):
            if path and (self.workdir / path).exists():
                name = f"{attempt}/{path}"
                sent = self.area.send(self.workdir / path, name)
                made.append(StagedFile(path=path, object=name, size=sent.size, sha256=sent.sha256))
        point("files_put")
        handed = HandOver.of(self.workdir, (*self._files, *made))
        self.area.write(f"{self.folder}/{stage}.json", handed.model_dump_json(indent=1))
        self._files = handed.files
        point("handed_over")

    def put_fault(self, stage: str) -> None:
        """Put out why a stage stopped, and what it has made all the same (a blocked verdict, a first look)."""
        self.put(stage)
        look = self.workdir / LOOK
        if stage == "fetch" and look.exists():
            self.area.write(f"{self.folder}/{LOOK}", look.read_text(encoding="utf-8"))
        told = HandOver(fault=Fault.find(self.workdir), seconds=read_seconds(self.workdir))
        self.area.write(f"{self.folder}/fault.json", told.model_dump_json(indent=1))

    def bring_findings(self) -> None:
        """Bring in what the stages found, for the record; where they all ran here it lies here already.

        Raises:
            PassingError, PlatformError: as ``Area``.
        """
        if self.began_here:
            return
        there = self._there()
        latest = next((stage for stage in reversed(_MADE) if f"{stage}.json" in there), None)
        handed = self._read(latest) if latest else HandOver()
        told = self._read("fault") if "fault.json" in there else HandOver()
        handed.model_copy(update={"seconds": handed.seconds | told.seconds}).unfold(self.workdir)
        Fault.discard(self.workdir)
        if told.fault:
            told.fault.save(self.workdir)

    def finish(self) -> None:
        """Say in the area that the run is over."""
        self.area.write(f"{self.folder}/{RECORDED}", "{}")

    def _there(self) -> set[str]:
        return {found.path.rpartition("/")[2] for found in self.area.objects(self.folder, deep=False)}

    def _read(self, name: str) -> HandOver:
        path = f"{self.folder}/{name}.json"
        try:
            return HandOver.model_validate_json(self.area.read(path))
        except ValidationError:
            raise PlatformError("P351", name=path) from None

    def _bring_files(self, handed: HandOver, stage: str) -> None:
        handed.unfold(self.workdir)
        self._files = handed.files
        staged = {file.path: file for file in handed.files}
        for path in handed.needed_by(stage):
            if path is None:
                continue
            if path not in staged:
                raise PlatformError("P402", missing=path)
            local, expected = self.workdir / path, Measured(staged[path].size, staged[path].sha256)
            if not local.exists() or Measured.of(local) != expected:
                self.area.bring(staged[path].object, local, expected)
