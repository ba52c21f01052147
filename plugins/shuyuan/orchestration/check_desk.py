"""What one person may do on the page 核查: ask, look, fetch; for the own department, and no other is heard of.

An answer is fetched only after the audit says who fetches it. Uploads and reports touch the disk in a private folder
that is gone before the page answers.
"""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from shuyuan.catalog import CatalogError, load_resource
from shuyuan.catalog.checks import read_checks
from shuyuan.catalog.dictionary import pick_elements
from shuyuan.catalog.resources import Surroundings
from shuyuan.checks import requests_kept
from shuyuan.checks.fetching import fetch_answer, find_request
from shuyuan.checks.refusals import Denied, RequestError
from shuyuan.checks.registering import may_ask, register
from shuyuan.checks.reports import write_reports
from shuyuan.checks.request_items import Items
from shuyuan.checks.request_template import write_template
from shuyuan.checks.requests_kept import KeptRequest
from shuyuan.entry import Check
from shuyuan.one_source.titles import Titles
from shuyuan.orchestration.client import new_run_id
from shuyuan.orchestration.identity import check_dag_id
from shuyuan.problems import DeliveryError, PlatformError, Problem
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse

_PATIENCE = timedelta(minutes=1)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caseworker:
    """Who is at the desk: Airflow's login, and what ``check_users.yaml`` says of it."""

    login: str
    department: str
    role: str


@dataclass(frozen=True)
class Download:
    """One file for a browser."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class CheckDesk:
    """One person's visit at ``now`` (aware). ``may_trigger``: whether Airflow lets the login start a check's DAG."""

    project: Project
    worker: Caseworker
    may_trigger: Callable[[str], bool]
    now: datetime

    @property
    def operates(self) -> bool:
        """Whether the role asks and reads; the others only see that there are requests."""
        return self.worker.role == "operator"

    @cached_property
    def department(self) -> str:
        """The title of the person's department."""
        _, department = Surroundings(self.project).department(self.worker.department)
        return department.title if department else self.worker.department

    def checks(self) -> dict[str, Check]:
        """The checks that the person may ask now, by id."""
        return {name: check for name, check in self._all.items() if self._may_ask(name, check)}

    def check(self, check_id: str) -> Check:
        """Return one check. Raises ``Denied`` for whatever is not the person's to ask."""
        check = self._all.get(check_id)
        if check is None or not self._may_ask(check_id, check):
            raise Denied
        return check

    def title_of(self, check_id: str) -> str:
        """What a check is called, also when it is none any more."""
        check = self._all.get(check_id)
        return check.title if check else check_id

    def requests(self) -> Sequence[KeptRequest]:
        """The department's requests, the newest first."""
        with open_warehouse(self.project).session() as session:
            return requests_kept.list_requests(session, self.worker.department)

    def find_request(self, request_id: str) -> KeptRequest:
        """Return how far a request of the department is. Raises ``Denied``."""
        return find_request(self.project, request_id, self.worker.department)

    def may_start(self, kept: KeptRequest) -> bool:
        """Whether a request failed, or was handed to nobody for a while."""
        waited = self.now.astimezone(UTC).replace(tzinfo=None) - kept.asked_at
        forgotten = kept.state == "registered" and waited > _PATIENCE
        return self.operates and (kept.state == "failed" or forgotten)

    def empty_form(self, check_id: str) -> Download:
        """The form of a check to fill in. Raises ``Denied``."""
        check = self.check(check_id)
        elements = pick_elements(self.project, {one.element for one in check.inputs.values()})
        items = Items.of(self.project, check, elements)
        return Download(f"{check.title}.xlsx", _XLSX, write_template(check, items.elements, items.codes))

    def ask(self, check_id: str, purpose: str, content: bytes) -> tuple[str | None, Sequence[Problem]]:
        """Register a request and return its number, or every fault of it; then nothing is kept. Raises ``Denied``."""
        self.check(check_id)
        with self._private_folder() as folder:
            file = Path(folder) / "upload.xlsx"
            file.write_bytes(content)
            try:
                worker = self.worker
                made = register(self.project, check_id, file, worker.department, worker.login, purpose, self.now)
            except RequestError as error:
                return None, error.problems
            except DeliveryError as error:
                return None, (error.problem,)
        return made.request_id, ()

    def start(self, request_id: str) -> None:
        """Have Airflow answer a request of the department.

        Raises:
            Denied: it is none of the person's.
            PlatformError: P446, Airflow did not take it; the request stays registered.
        """
        kept = self.find_request(request_id)
        self._operate(kept)
        if kept.state not in ("registered", "failed"):
            return
        from airflow.api.common.trigger_dag import trigger_dag
        from airflow.utils.types import DagRunTriggeredByType

        try:
            trigger_dag(
                check_dag_id(kept.check),
                triggered_by=DagRunTriggeredByType.UI,
                triggering_user_name=self.worker.login,
                run_id=new_run_id("request"),
                conf={"request_id": request_id},
            )
        except Exception as error:
            log.warning("a request was not handed to Airflow: %s", type(error).__name__)
            raise PlatformError("P446", kind=type(error).__name__) from None

    def fetch(self, request_id: str) -> Download:
        """Return the reports of an answered request: a page, or a zip of a batch. The audit knows of it first.

        Raises:
            Denied: it is none of the person's.
            PlatformError: see ``fetch_answer`` and ``write_reports``.
        """
        self._operate(self.find_request(request_id))
        answer = fetch_answer(self.project, request_id, self.worker.department, self.worker.login, self.now)
        check = self._all.get(answer.check)
        if check is None:
            raise PlatformError("P433", check=answer.check)
        with self._private_folder() as folder:
            files = write_reports(answer, check, self._titles(check), Path(folder))
            if len(files) == 1:
                return Download(files[0].name, "text/html; charset=utf-8", files[0].read_bytes())
            return Download(f"{answer.number}.zip", "application/zip", _pack(files))

    @cached_property
    def _all(self) -> dict[str, Check]:
        return read_checks(self.project)

    def _may_ask(self, check_id: str, check: Check) -> bool:
        return self.operates and may_ask(check, self.worker.department, self.now) and self.may_trigger(check_id)

    def _operate(self, kept: KeptRequest) -> None:
        """The department may have lost the check meanwhile; what it asked before stays its own to read."""
        if not self.operates or not self.may_trigger(kept.check):
            raise Denied

    def _titles(self, check: Check) -> Titles:
        """What people call the entries of one check and their departments; the whole catalog need not be read."""
        entries, departments = {}, {self.worker.department: self.department}
        for entry_id in {lookup.entry for lookup in check.sources.values() if not lookup.planned}:
            with suppress(CatalogError):
                resource = load_resource(self.project, entry_id)
                entries[entry_id] = resource.entry
                departments[resource.entry.department] = resource.department.title
        return Titles(entries, departments)

    def _private_folder(self) -> TemporaryDirectory[str]:
        place = self.project.var / "desk"
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return TemporaryDirectory(dir=place)


def _pack(files: Sequence[Path]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for file in files:
            about = zipfile.ZipInfo(file.name, _EPOCH)
            about.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(about, file.read_bytes())
    return packed.getvalue()
