"""Writing the demand catalogue: a new file, or one more line at the end of one. What stands there is never touched.

Whatever is written was read first as the linter reads it; a step that is not possible now changes nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from shuyuan.catalog.credentials import without_credentials
from shuyuan.catalog.demands import understand_text
from shuyuan.catalog.dictionary import label
from shuyuan.catalog.faults import CatalogError
from shuyuan.entry import Demand
from shuyuan.entry.demand import Step, Use
from shuyuan.project import Project

SCHEMA_LINE = "# yaml-language-server: $schema=../../demand.schema.json"
_PLAIN = re.compile(r"[\u3007\u4e00-\u9fff《“][\u3007\u4e00-\u9fff\w《》〔〕“”（）、，。；！？…·/ .%+-]*")
_STEPS = re.compile(r"^steps:[^\n]*\n(?:[ ]*(?:#[^\n]*)?\r?\n)*([ ]*)- ", re.MULTILINE)


def demand_path(project: Project, name: str) -> Path:
    """Return the file of the demand ``name``."""
    folder, _, stem = name.partition(".")
    return project.demands / folder / f"{stem}.yaml"


def append_step(project: Project, name: str, step: Step, on: date, by: str, why: str | None = None) -> Demand:
    """Write one more step at the end of a demand's file and return the demand with it.

    Raises:
        CatalogError: the file is wrong, or the step is not possible now; nothing is written.
        FileNotFoundError: there is no such demand.
    """
    path = demand_path(project, name)
    with _alone(path.parent):
        content = path.read_bytes()
        text = content.decode("utf-8-sig", "replace")
        _understand(project, path, name, text)
        end = "\r\n" if "\r\n" in text else "\n"
        listed = _STEPS.search(text)
        line = f"{listed[1] if listed else '  '}- {step_text(step, on, by, why)}{end}"
        added = line if text.endswith("\n") else end + line
        demand = _understand(project, path, name, text + added)
        _replace(path, content + added.encode())
    return demand


def file_demand(
    project: Project,
    name: str,
    *,
    title: str,
    provider: str,
    entry: str | None,
    fields: tuple[str, ...],
    purpose: str,
    use: Use,
    legal_basis: str,
    until: date | None,
    on: date,
    by: str,
) -> Path:
    """Write a new demand and return its file.

    Raises:
        CatalogError: something in it is wrong; nothing is written.
        FileExistsError: there is such a demand already.
    """
    lines = [
        SCHEMA_LINE,
        "kind: Demand",
        f"id: {name}",
        f"title: {scalar(title)}",
        f"provider: {scalar(provider)}",
        *([f"entry: {scalar(entry)}"] if entry else []),
        *([f"fields: [{', '.join(scalar(field) for field in fields)}]"] if fields else []),
        f"purpose: {scalar(purpose)}",
        f"use: {use}",
        f"legal_basis: {scalar(legal_basis)}",
        *([f"until: {until}"] if until else []),
        "steps:",
        f"  - {step_text('file', on, by)}",
    ]
    path, text = demand_path(project, name), "".join(f"{line}\n" for line in lines)
    if path.exists():
        raise FileExistsError(path)
    _understand(project, path, name, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(text)
    return path


def step_text(step: Step, on: date, by: str, why: str | None = None) -> str:
    """Return a step as it is written on one line."""
    told = f", why: {scalar(why)}" if why else ""
    return f"{{step: {step}, date: {on}, by: {scalar(by)}{told}}}"


def scalar(text: str) -> str:
    """Return a text as YAML on one line: plain where nothing in it could mean something else, else in quotes."""
    flat = " ".join(text.split())
    if _PLAIN.fullmatch(flat) or re.fullmatch(r"[a-z]+[._][a-z0-9_]+", flat):
        return flat
    return json.dumps(flat, ensure_ascii=False)


def _understand(project: Project, path: Path, name: str, text: str) -> Demand:
    demand, problems = understand_text(text, label(project, path), name)
    if demand is None or problems:
        raise CatalogError(tuple(without_credentials(problems)))
    return demand


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that it is never half there."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep two commands from writing one after the other has read."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
