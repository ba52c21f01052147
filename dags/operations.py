"""The center's own work as two Airflow DAGs: comparing copies with their sources, and the nightly upkeep."""

from shuyuan.orchestration.nightly import build_nightly_dag
from shuyuan.orchestration.reconciling import build_reconcile_dag

reconcile_dag = build_reconcile_dag()
nightly_dag = build_nightly_dag()
