"""The one file of this project that Airflow's plugin loader sees."""

from pathlib import Path

from airflow.plugins_manager import AirflowPlugin

from shuyuan.orchestration import check_pages
from shuyuan.orchestration.pools import PoolListener
from shuyuan.orchestration.project_folder import project_of
from shuyuan.orchestration.report_pages import PREFIX, VIEWS, ReportPages
from shuyuan.orchestration.timetable import DeliveryTimetable

_DAGS = Path(__file__).resolve().parents[1] / "dags"
_PROJECT = project_of(_DAGS / "catalog.py")


class ShuyuanPlugin(AirflowPlugin):
    """The working calendar's timetable, the pools of the front-end machines, the pages in the menu."""

    name = "shuyuan"
    timetables = [DeliveryTimetable]  # noqa: RUF012 - Airflow reads a plain list
    listeners = [PoolListener(_DAGS)]  # noqa: RUF012
    fastapi_apps = [  # noqa: RUF012
        {"app": ReportPages(_PROJECT.reports), "url_prefix": PREFIX, "name": "shuyuan report"},
        {"app": check_pages.CheckPages(_PROJECT), "url_prefix": check_pages.PREFIX, "name": "shuyuan checks"},
    ]
    external_views = [*VIEWS, *check_pages.VIEWS]  # noqa: RUF012
