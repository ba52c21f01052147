"""The center's own work as Airflow DAGs: what did not come, comparing copies, the nightly upkeep, the month's end."""

from shuyuan.orchestration.freshness import build_freshness_dag
from shuyuan.orchestration.monthly import build_monthly_dag
from shuyuan.orchestration.nightly import build_nightly_dag
from shuyuan.orchestration.reconciling import build_reconcile_dag

freshness_dag = build_freshness_dag()
reconcile_dag = build_reconcile_dag()
nightly_dag = build_nightly_dag()
monthly_dag = build_monthly_dag(__file__)
