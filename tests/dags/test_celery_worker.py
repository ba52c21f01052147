"""A real Celery worker whose processes have Great Expectations imported before their first task."""

import os
import subprocess
import sys
import time

PROBE = """
import sys
from celery import Celery, signals
from shuyuan.orchestration.celery_settings import CELERY_CONFIG

app = Celery("probe", broker="filesystem://")
app.config_from_object({**CELERY_CONFIG, "broker_url": "filesystem://", "result_backend": None,
                        "broker_transport_options": {"data_folder_in": "FOLDER", "data_folder_out": "FOLDER"},
                        "worker_hijack_root_logger": False})
assert "great_expectations" not in sys.modules


@signals.worker_process_init.connect(weak=False)
def tell(**_):
    with open("FOLDER/imported", "a") as told:
        heavy = ("great_expectations", "duckdb", "shuyuan.pipeline")
        told.write(" ".join(name for name in heavy if name in sys.modules))
"""


def test_a_worker_process_starts_with_great_expectations(tmp_path):
    (tmp_path / "probe.py").write_text(PROBE.replace("FOLDER", str(tmp_path)), encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "C_FORCE_ROOT": "1",
        "AIRFLOW__CELERY__BROKER_URL": "filesystem://",
    }
    command = [sys.executable, "-m", "celery", "-A", "probe", "worker", "--pool", "prefork", "--concurrency", "1"]
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        limit = time.monotonic() + 90
        while not (tmp_path / "imported").exists() and time.monotonic() < limit and worker.poll() is None:
            time.sleep(0.2)
        said = (tmp_path / "log").read_text(encoding="utf-8", errors="replace")
        assert (tmp_path / "imported").exists(), said[-2000:]
        assert (tmp_path / "imported").read_text() == "great_expectations duckdb shuyuan.pipeline"
    finally:
        worker.terminate()
        worker.wait(30)
