"""The catalog as Airflow sees it: DAGs, tasks, pools, the schedule, and a local Airflow to try it on.

This is the only package that imports Airflow, and only ``airflow.sdk`` where a task or DAG is made.
``local`` and ``client`` talk to Airflow from outside and import none of it, so that the command line
stays quick.
"""
