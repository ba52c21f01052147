"""The report inside Airflow's own site: read by people who are logged in there and may see the nightly DAG.

Airflow protects no page of a plugin by itself, so every request is asked for its user here, by Airflow's own
dependency. Who may read the DAG ``operations.nightly`` (the one that writes the report) may read the report; any
authentication manager can grant or refuse that. Nothing but the report's files is served, without scripts.
"""

import stat
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shuyuan.language import say
from shuyuan.orchestration.identity import NIGHTLY_DAG, entry_of_dag

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.responses import Response

PREFIX = "/shuyuan-report"
PAGES = {".html": "text/html; charset=utf-8"}
DOCUMENTS = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "application/pdf",
}
CURRENT = "current"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}
VIEWS: list[dict[str, Any]] = [
    {"name": say("report_pages.menu"), "href": f"{PREFIX}/", "destination": "nav", "nav_top_level": True},
    {
        "name": say("report_pages.entry"),
        "href": f"{PREFIX}/dags/{{DAG_ID}}",
        "destination": "dag",
        "url_route": "report",
    },
]
"""The menu entry, and a link on every DAG to the page of its entry."""

Scope = MutableMapping[str, Any]


class ReportPages:
    """An ASGI application over the reports' ``folder``; made of FastAPI at the first request.

    Plugins are loaded by every Airflow process, and only the api-server needs FastAPI.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._app: FastAPI | None = None

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Scope]], send: Callable[[Scope], Awaitable[None]]
    ) -> None:
        """Answer one request."""
        if self._app is None:
            self._app = build_app(self.folder)
        await self._app(scope, receive, send)


def build_app(folder: Path) -> "FastAPI":
    """Return the application: the report's files for who may see them, 401 or 403 (a browser: the login) for others."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.responses import RedirectResponse, Response
    from starlette.exceptions import HTTPException as AnyRefusal

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    def see_report(user: BaseUser = Depends(get_user)) -> None:  # noqa: B008 - FastAPI's way to ask
        if not get_auth_manager().is_authorized_dag(method="GET", details=DagDetails(id=NIGHTLY_DAG), user=user):
            raise HTTPException(403, "Forbidden")

    def go_to(request: Request, page: str) -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/{page}", 303)

    @app.exception_handler(AnyRefusal)
    async def refuse(request: Request, refusal: AnyRefusal) -> Response:
        if refusal.status_code == 401 and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"{get_auth_manager().get_url_login()}?next={quote(request.url.path)}", 303)
        said = f"report_pages.{refusal.status_code}"
        text = say(said) if said in _SAID else str(refusal.detail)
        return Response(f"{text}\n", refusal.status_code, HEADERS, "text/plain; charset=utf-8")

    @app.get("/dags/{dag_id}", dependencies=[Depends(see_report)])
    def page_of_dag(request: Request, dag_id: str) -> Response:
        entry = entry_of_dag(dag_id)
        page = f"{CURRENT}/entries/{entry}.html"
        return go_to(request, page if entry and (folder / page).is_file() else f"{CURRENT}/index.html")

    @app.get("/", dependencies=[Depends(see_report)])
    def begin(request: Request) -> Response:
        return go_to(request, f"{CURRENT}/index.html")

    @app.get("/{path:path}", dependencies=[Depends(see_report)])
    def serve(path: str) -> Response:
        return read_page(folder, path)

    return app


def read_page(folder: Path, path: str) -> "Response":
    """Return one file of the report as it is now.

    Raises:
        HTTPException: 404 for what is not a page or document of the report, links included.
    """
    from fastapi import HTTPException
    from fastapi.responses import Response

    root, suffix = folder.resolve(), Path(path).suffix
    kind = PAGES.get(suffix) or DOCUMENTS.get(suffix)
    try:
        file = (root / path).resolve(strict=True)
        if kind is None or not file.is_relative_to(root) or not stat.S_ISREG((root / path).lstat().st_mode):
            raise HTTPException(404, "Not Found")
        content = file.read_bytes()
    except (OSError, ValueError):  # not there, or a name that no file can have
        raise HTTPException(404, "Not Found") from None
    headers = dict(HEADERS)
    if suffix in DOCUMENTS:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name)}"
    return Response(content, 200, headers, kind)


_SAID = {"report_pages.401", "report_pages.403", "report_pages.404"}
