"""The one file of this project that Airflow's plugin loader sees."""

from airflow.plugins_manager import AirflowPlugin

from shuyuan.orchestration.timetable import DeliveryTimetable


class ShuyuanPlugin(AirflowPlugin):
    """Registers the timetable that knows the working calendar."""

    name = "shuyuan"
    timetables = [DeliveryTimetable]  # noqa: RUF012 - Airflow reads a plain list
