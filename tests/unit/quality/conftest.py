"""A check of a few rows in one call, for all tests of ``quality``."""

from datetime import date

import pyarrow.parquet as pq
import pytest

from batches import make_batch, make_entry, make_resource
from shuyuan import quality

FIELDS = [
    {"name": "id_card_no", "title": "证件号码", "required": True, "check": "resident_id"},
    {"name": "person_name", "title": "姓名", "pattern": "[一-龥]{2,4}"},
    {"name": "amount", "title": "金额", "type": "decimal(10,2)"},
    {"name": "born_on", "title": "出生日期", "type": "date"},
]


class Judge:
    """Checks rows by an entry with ``FIELDS`` in ``folder`` and asserts that no record is lost or made."""

    fields = FIELDS

    def __init__(self, folder):
        self.folder = folder

    def __call__(
        self,
        rows,
        *,
        volumes=(),
        mode="replace",
        fields=FIELDS,
        key=("id_card_no",),
        uncast=None,
        defects=(),
        codes=None,
        suite_files=None,
        **rules,
    ):
        rules.setdefault("gate", {"block_below": 0})
        entry = make_entry(fields, key, mode, **rules)
        batch = make_batch(self.folder, entry, rows, uncast=uncast, defects=defects)
        resource = make_resource(self.folder, entry, codes, suite_files)
        verdict = quality.check(resource, batch, self.folder, list(volumes), date(2026, 1, 31))
        assert verdict.delivered == verdict.accepted + verdict.rejected == len(rows) + len(defects)
        assert verdict.rejected == len(self.rejected()) or not verdict.rejected
        return verdict

    def rejected(self):
        """The rejected records by row number; none when there is no file."""
        path = self.folder / "rejected.parquet"
        return {row["_row"]: row for row in pq.read_table(path).to_pylist()} if path.exists() else {}


@pytest.fixture
def judge(tmp_path):
    return Judge(tmp_path)


@pytest.fixture
def good():
    """Three rows that break no rule."""
    return [
        {"id_card_no": "159901195001010016", "person_name": "张三", "amount": "1.50", "born_on": "1950-01-01"},
        {"id_card_no": "159901195001010024", "person_name": "李四"},
        {"id_card_no": "159901198906150041"},
    ]


@pytest.fixture
def result_of():
    """The result of one rule."""

    def find(verdict, rule):
        return next(result for result in verdict.results if result.rule == rule)

    return find
