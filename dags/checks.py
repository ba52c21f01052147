"""Every check (核查) becomes one triggered Airflow DAG; a run is given the id of a registered request, nothing else."""

from shuyuan.orchestration.checking import register_check_dags

register_check_dags(__file__, globals())
