"""Every confirmed or published catalog entry becomes one Airflow DAG; a broken one is left out.

Beyond a few hundred entries copy this file to ``catalog_2.py``, ``catalog_3.py`` …: each takes its share.
"""

from shuyuan.orchestration.registering import register_dags

register_dags(__file__, globals())
