"""The daily operations as one Airflow DAG: missed deliveries, the report, old run directories."""

from shuyuan.orchestration.nightly import build_operations_dag

dag = build_operations_dag()
