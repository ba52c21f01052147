"""The page 核查 inside Airflow's own site: ask, see how far it is, fetch the reports; without scripts.

Airflow protects no page of a plugin by itself, so every request is asked for its user here, by Airflow's own
dependency. Three things must agree: the login is listed in ``include/check_users.yaml``, Airflow lets it trigger the
check's DAG, and the request is of its own department. Whatever fails of them looks like a page that is not there.
No address, log line or run of Airflow holds anything of a request but its number.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shuyuan.language import say
from shuyuan.orchestration.identity import check_dag_id
from shuyuan.problems import PlatformError, ShuyuanError
from shuyuan.project import Project

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.responses import Response

    from shuyuan.orchestration.check_desk import CheckDesk, Download
    from shuyuan.orchestration.check_forms import FormSeal

PREFIX = "/shuyuan-checks"
MEGABYTES = 32
_LARGEST = MEGABYTES * 1024**2 + 64 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
VIEWS: list[dict[str, Any]] = [
    {"name": say("check_pages.menu"), "href": f"{PREFIX}/", "destination": "nav", "nav_top_level": True}
]

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Send = Callable[[Scope], Awaitable[None]]


class CheckPages:
    """An ASGI application over a project; made at the first request, for every process of Airflow loads plugins."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._app: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Callable[[], Awaitable[Scope]], send: Send) -> None:
        """Answer one request. A body that is too large, or of no known size, is not read."""
        if self._app is None:
            self._app = build_app(self.project)
        if scope["type"] == "http" and scope["method"] == "POST" and not _fits(scope):
            from starlette.responses import PlainTextResponse

            told = str(PlatformError("P447", megabytes=MEGABYTES))
            await PlainTextResponse(told + "\n", 413, HEADERS)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # it is answered by now; its text may hold what was uploaded
            log.error("the page of checks failed: %s", type(error).__name__)


def build_app(project: Project) -> "FastAPI":
    """Return the application: the checks, a form for each, the requests, their reports."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.responses import RedirectResponse, Response
    from starlette.concurrency import run_in_threadpool
    from starlette.exceptions import HTTPException as AnyRefusal
    from starlette.requests import Request

    from shuyuan.catalog.check_users import find_check_user
    from shuyuan.orchestration.check_desk import Caseworker, CheckDesk
    from shuyuan.orchestration.check_forms import FormSeal, render

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    seal = FormSeal()

    def come_in(user: BaseUser = Depends(get_user)) -> CheckDesk:  # noqa: B008 - FastAPI's way to ask
        login = user.get_name()
        known = find_check_user(project, login)
        if known is None:
            raise HTTPException(403)

        def may_trigger(check_id: str) -> bool:
            details = DagDetails(id=check_dag_id(check_id))
            return get_auth_manager().is_authorized_dag(
                method="POST", access_entity=DagAccessEntity.RUN, details=details, user=user
            )

        return CheckDesk(project, Caseworker(login, known.department, known.role), may_trigger, datetime.now(UTC))

    entered = Depends(come_in)

    def page(request: Request, desk: CheckDesk, name: str, status: int = 200, **shown: Any) -> Response:
        facts = {"base": request.scope.get("root_path", ""), "desk": desk, "seal": seal.make(desk.worker.login)}
        return Response(render(name, facts | shown), status, HEADERS, "text/html; charset=utf-8")

    def see(request: Request, desk: CheckDesk, request_id: str, told: str = "", status: int = 200) -> Response:
        kept = desk.find_request(request_id)
        answer = page(request, desk, "request", status, kept=kept, told=told)
        if kept.state in ("registered", "answering") and not told:
            answer.headers["Refresh"] = "3"
        return answer

    @app.exception_handler(AnyRefusal)
    async def refuse(request: Request, refusal: AnyRefusal) -> Response:
        if refusal.status_code == 401 and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"{get_auth_manager().get_url_login()}?next={quote(request.url.path)}", 303)
        known = refusal.status_code in (401, 403)
        told = say(f"check_pages.{refusal.status_code if known else 404}")
        status = refusal.status_code if known else 404
        return Response(f"{told}\n", status, HEADERS, "text/plain; charset=utf-8")

    @app.exception_handler(ShuyuanError)
    async def explain(request: Request, error: ShuyuanError) -> Response:
        if error.problem.code == "P430":
            return await refuse(request, AnyRefusal(404))
        status = 503 if error.passing else 409
        return Response(f"{error}\n", status, HEADERS, "text/plain; charset=utf-8")

    @app.get("/")
    def list_checks(request: Request, desk: CheckDesk = entered) -> Response:
        return page(request, desk, "checks", checks=desk.checks(), requests=desk.requests())

    @app.get("/checks/{check_id}")
    def show_form(request: Request, check_id: str, desk: CheckDesk = entered) -> Response:
        return page(request, desk, "form", check_id=check_id, check=desk.check(check_id), megabytes=MEGABYTES)

    @app.get("/checks/{check_id}/form.xlsx")
    def get_form(check_id: str, desk: CheckDesk = entered) -> Response:
        return _attach(desk.empty_form(check_id))

    @app.post("/checks/{check_id}")
    async def ask(request: Request, check_id: str, desk: CheckDesk = entered) -> Response:
        async with request.form(max_files=1, max_fields=4) as form:
            _judge_origin(request, seal, desk, form.get("seal"))
            purpose, file = form.get("purpose"), form.get("file")
            content = b"" if file is None or isinstance(file, str) else await file.read()
        check = await run_in_threadpool(desk.check, check_id)
        made, problems = await run_in_threadpool(desk.ask, check_id, str(purpose or ""), content)
        if made is None:
            shown = {"check_id": check_id, "check": check, "problems": problems, "megabytes": MEGABYTES}
            return page(request, desk, "form", 422, **shown)
        return await run_in_threadpool(begin, request, desk, made)

    def begin(request: Request, desk: CheckDesk, request_id: str) -> Response:
        try:
            desk.start(request_id)
        except PlatformError as error:
            if error.problem.code != "P446":
                raise
            return see(request, desk, request_id, str(error), 503)
        base = request.scope.get("root_path", "")
        return RedirectResponse(f"{base}/requests/{request_id}", 303, HEADERS)

    @app.get("/requests/{request_id}")
    def show_request(request: Request, request_id: str, desk: CheckDesk = entered) -> Response:
        return see(request, desk, request_id)

    @app.post("/requests/{request_id}/start")
    async def start(request: Request, request_id: str, desk: CheckDesk = entered) -> Response:
        async with request.form(max_files=0, max_fields=2) as form:
            _judge_origin(request, seal, desk, form.get("seal"))
        return await run_in_threadpool(begin, request, desk, request_id)

    @app.post("/requests/{request_id}/report")
    async def fetch(request: Request, request_id: str, desk: CheckDesk = entered) -> Response:
        async with request.form(max_files=0, max_fields=2) as form:
            _judge_origin(request, seal, desk, form.get("seal"))
        return _attach(await run_in_threadpool(desk.fetch, request_id))

    return app


def _judge_origin(request: Any, seal: "FormSeal", desk: "CheckDesk", given: object) -> None:
    """A form counts when this site made it for this login, not long ago. Raises ``PlatformError`` P448."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or not isinstance(given, str) or not seal.is_ours(desk.worker.login, given):
        raise PlatformError("P448")


def _fits(scope: Scope) -> bool:
    said = dict(scope["headers"]).get(b"content-length", b"")
    return said.isdigit() and int(said) <= _LARGEST


def _attach(file: "Download") -> "Response":
    from fastapi.responses import Response

    headers = HEADERS | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"}
    return Response(file.content, 200, headers, file.kind)
