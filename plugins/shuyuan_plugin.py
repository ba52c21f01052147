"""The one file of this project that Airflow's plugin loader sees."""

from pathlib import Path

from airflow.plugins_manager import AirflowPlugin

from shuyuan.orchestration.pools import PoolListener
from shuyuan.orchestration.timetable import DeliveryTimetable


class ShuyuanPlugin(AirflowPlugin):
    """The timetable that knows the working calendar, and the pools of the front-end machines."""

    name = "shuyuan"
    timetables = [DeliveryTimetable]  # noqa: RUF012 - Airflow reads a plain list
    listeners = [PoolListener(Path(__file__).resolve().parents[1] / "dags")]  # noqa: RUF012
