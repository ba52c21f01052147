"""Defines no DAG: lists the catalog's broken entries as this file's import error, so that Airflow shows them."""

from airflow.sdk import get_parsing_context

from shuyuan.orchestration.sentinel import raise_for_broken_entries

if get_parsing_context().dag_id is None:
    raise_for_broken_entries(__file__)
