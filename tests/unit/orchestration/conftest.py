"""Airflow must find a home of its own before it is imported."""

import airflow_home  # noqa: F401
