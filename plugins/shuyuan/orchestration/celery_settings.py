"""Celery's settings for Airflow's workers: Airflow's own, and heavy libraries imported once a worker process.

For a CeleryExecutor set ``AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS`` to
``shuyuan.orchestration.celery_settings.CELERY_CONFIG``. Without it every check pays the import of Great
Expectations (4 s), as it would without the forkserver's preload under the LocalExecutor.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG
from celery.signals import worker_process_init

from shuyuan.orchestration.local_settings import PRELOADED

CELERY_CONFIG: dict[str, Any] = dict(DEFAULT_CELERY_CONFIG)


@worker_process_init.connect
def import_heavy_libraries(**_: Any) -> None:
    """Import what every task would import, before the first task comes."""
    for name in PRELOADED:
        import_module(name)
