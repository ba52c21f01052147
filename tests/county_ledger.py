"""A made-up county of any size: its catalog as YAML, and a ledger of as many days, the same on every machine.

``build(1500, 365)`` fills an in-memory ledger, ``make_county(folder, 1500, 365)`` a whole project with its embedded
warehouse. The ledger is SQL inside DuckDB. Entry *n* has twelve items; it is due daily on working days (7 of 10),
weekly, monthly or at no fixed time. Runs are published, unchanged, late, missing, blocked or failed by a fault of
ours; six rules judge a delivery. Every fifth entry copies one item of the entry before it, with listed differences.
Nothing in it is a person.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from building import ENTRY, department_text, entry_text, make_project, yaml_of
from shuyuan.project import Project
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import LOCAL, Calendar, data_date_for, due_periods
from synthetic_ledger import NOW, TODAY, Ledger

DEPARTMENTS = 60
LISTED = 40
CYCLES = ("daily", "daily", "daily", "daily", "daily", "daily", "daily", "weekly", "monthly", "irregular")
GRACE = timedelta(hours=2)
KEY = "card_no"
PLAIN_ITEMS = range(5, 13)
Execute = Callable[..., object]


@dataclass(frozen=True)
class Rhythm:
    """The ``update`` block of a made-up entry (a ``workdays.Promise``)."""

    cycle: str
    due: str = "08:30"
    day: int = 3
    calendar: str = "workday"
    grace: timedelta = GRACE
    data_lag_days: int = 0


def entry_id(number: int) -> str:
    """The id of entry ``number`` (from 0)."""
    return f"department_{number % DEPARTMENTS:02}.resource_{number // DEPARTMENTS:03}"


def entry_yaml(number: int) -> str:
    """The YAML of entry ``number``."""
    first, second, *others = ENTRY["fields"]
    shared = {3: {"element": _element(number), "authoritative": True}, 4: {"element": _element(number - 1)}}
    plain = ({"name": f"item_{n}", "from": f"XM{n}", "title": f"信息项{n}", "type": "string"} for n in PLAIN_ITEMS)
    return entry_text(
        fields=[first | {"element": KEY}, second | shared.get(number % 5, {}), *others, *plain],
        id=entry_id(number),
        code=f"307010101/{number:06}",
        title=f"某类登记信息第{number:04}号",
        status="published",
        published_on="2025-01-01",
        source={"connection": f"frontend_{number % DEPARTMENTS:02}", "path": f"/out/{number}_{{date:%Y%m%d}}.csv"},
        update={"cycle": CYCLES[number % len(CYCLES)], "day": 3, "grace": "2h"},
    )


def elements_yaml(numbers: Sequence[int]) -> str:
    """The elements of which these entries are the sources, one each."""
    return yaml_of({_element(n): {"title": f"某项内容第{n:04}号", "source": entry_id(n)} for n in numbers})


def write_catalog(root: Path, entries: int) -> Project:
    """Write the catalog of a county with so many entries."""
    numbers = range(entries)
    folders = {f"department_{number:02}": f"鄂托克旗第{number:02}局" for number in range(min(entries, DEPARTMENTS))}
    project = make_project(
        root,
        {entry_id(number): entry_yaml(number) for number in numbers},
        departments={folder: department_text(title=title) for folder, title in folders.items()},
        elements=yaml_of({KEY: {"title": "证件号码"}}),
    )
    for place, folder in enumerate(folders):
        if place % 5 == 3:
            own = numbers[place::DEPARTMENTS]
            (project.elements / f"{folder}.yaml").write_text(elements_yaml(own), encoding="utf-8")
    return project


def build(entries: int = 1500, days: int = 365) -> Ledger:
    """Return an in-memory ledger."""
    ledger = Ledger.empty()
    fill(ledger.connection.execute, entries, days)
    return ledger


def make_county(root: Path, entries: int = 1500, days: int = 365) -> Project:
    """Write a project and its warehouse below ``root``; ``SHUYUAN_VAR`` and ``SHUYUAN_WAREHOUSE`` must be unset."""
    project = write_catalog(root, entries)
    with open_warehouse(project).session() as session:
        # a year at once, with the entries of its primary keys, is more than a pipeline ever writes in one statement
        session.execute("SET memory_limit = '4GB'")
        fill(session.execute, entries, days)
    return project


def fill(execute: Execute, entries: int, days: int) -> None:
    """Fill an empty DuckDB ledger with the ``days`` local days that end on ``TODAY``, as of ``NOW``."""
    execute("CREATE TEMP TABLE due (cycle VARCHAR, period DATE, data_date DATE, due_at TIMESTAMP)")
    dues = list(_dues(days))
    execute(f"INSERT INTO due VALUES {', '.join(['(?, ?, ?, ?)'] * len(dues))}", [cell for row in dues for cell in row])
    names = ", ".join(f"'{name}'" for name in CYCLES)
    execute(
        f"CREATE TEMP TABLE entry AS SELECT n, printf('department_%02d', n % {DEPARTMENTS}) AS department,"
        f" printf('department_%02d.resource_%03d', n % {DEPARTMENTS}, n // {DEPARTMENTS}) AS entry_id,"
        f" [{names}][n % {len(CYCLES)} + 1] AS cycle, 200 + (n * 7919) % 90000 AS volume,"
        f" 0.3 + 1.4 * ((n * 104729) % 997) / 997 AS trouble FROM range({int(entries)}) t(n)"
    )
    for statement in STATEMENTS:
        execute(statement)
    execute("DROP TABLE slot")
    execute("DROP TABLE copy")
    execute("DROP TABLE entry")
    execute("DROP TABLE due")


def _dues(days: int) -> Iterator[tuple[str, date, date, datetime]]:
    """What is due in each cycle; an irregular entry comes on the 3rd and the 14th."""
    calendar = Calendar({})
    until = NOW.replace(tzinfo=None)
    first = TODAY - timedelta(days=days - 1)
    since = datetime.combine(first, time(), LOCAL).astimezone(UTC).replace(tzinfo=None)
    for cycle in ("daily", "weekly", "monthly"):
        rhythm = Rhythm(cycle)
        for period, due in due_periods(rhythm, calendar, since, until):
            yield cycle, period, data_date_for(rhythm, period), due
    for back in range(days):
        day = TODAY - timedelta(days=back)
        if day.day in (3, 14):
            yield "irregular", day, day, datetime(day.year, day.month, day.day, 0, 30)


def _element(number: int) -> str:
    """The name of what entry ``number`` is the source of."""
    return f"content_{number:04}"


def _chance(salt: int) -> str:
    """SQL for a number from 0 to 1 that depends on entry, due date and ``salt`` alone."""
    return f"('0x' || left(md5(n || ' ' || epoch(due_at)::BIGINT || ' {salt}'), 8))::UBIGINT / 4294967296.0"


STATEMENTS: Sequence[str] = (
    f"""
    CREATE TEMP TABLE slot AS
    SELECT *, CASE WHEN fate < 0.010 * trouble THEN 'missing' WHEN fate < 0.025 * trouble THEN 'blocked'
                   WHEN fate < 0.028 * trouble THEN 'failed' WHEN fate < 0.070 * trouble THEN 'late'
                   WHEN fate < 0.120 AND row_number() OVER (PARTITION BY n ORDER BY due_at) > 1 THEN 'unchanged'
                   ELSE 'published' END AS became,
           due_at + to_minutes((CASE WHEN fate < 0.070 * trouble AND fate >= 0.028 * trouble THEN 150 ELSE -20 END
                                + floor(60 * spread))::BIGINT) AS arrived,
           greatest(1, volume + floor(volume * 0.02 * (size - 0.5))::BIGINT) AS delivered,
           'scheduled__' || strftime(due_at, '%Y%m%d') || '__' || entry_id AS run_id
    FROM (SELECT e.*, d.period, d.data_date, d.due_at,
                 {_chance(1)} AS fate, {_chance(2)} AS spread, {_chance(3)} AS size, {_chance(4)} AS dirt
          FROM entry e JOIN due d ON d.cycle = e.cycle) t""",
    """
    ALTER TABLE slot ADD COLUMN rejected BIGINT""",
    """
    UPDATE slot SET rejected = CASE WHEN became = 'blocked' THEN delivered * 4 // 10
                                    ELSE floor(delivered * 0.03 * dirt * trouble)::BIGINT END""",
    """
    INSERT INTO ledger.runs BY NAME
    SELECT run_id, entry_id, department, 'spec-' || entry_id AS spec_digest, '1.0.0' AS spec_version,
           '0.1.0' AS code_version, data_date, 'schedule' AS "trigger", arrived AS started_at,
           arrived + INTERVAL 25 SECOND AS finished_at,
           CASE became WHEN 'late' THEN 'published' ELSE became END AS outcome,
           CASE became WHEN 'missing' THEN 'D101' WHEN 'blocked' THEN 'D605' WHEN 'failed' THEN 'P306' END
               AS problem_code,
           CASE WHEN became IN ('missing', 'blocked', 'failed') THEN '某处出了问题，请处理。' END AS problem,
           CASE WHEN became NOT IN ('missing', 'failed') THEN run_id END AS delivery_id,
           CASE WHEN checked THEN delivered END AS delivered,
           CASE WHEN checked THEN delivered - rejected END AS accepted, CASE WHEN checked THEN rejected END AS rejected,
           CASE WHEN checked THEN 100 - 100.0 * rejected / delivered END AS score,
           CASE WHEN checked THEN printf('{"completeness": %.2f, "accuracy": %.2f}',
                100 - 60.0 * rejected / delivered, 100 - 140.0 * rejected / delivered) ELSE '{}' END AS scores,
           '{"fetch": 6.1, "read": 2.4, "check": 9.8, "load": 7.9}' AS seconds
    FROM (SELECT *, became IN ('published', 'late', 'blocked') AS checked FROM slot) s ORDER BY arrived, entry_id""",
    """
    INSERT INTO ledger.deliveries BY NAME
    SELECT run_id AS delivery_id, entry_id, md5(run_id) || md5(entry_id) AS sha256, data_date, arrived AS received_at,
           'manifest' AS evidence, '[]' AS files, delivered AS rows_declared, delivered AS rows_counted, run_id
    FROM slot WHERE became NOT IN ('missing', 'failed') ORDER BY arrived, entry_id""",
    """
    INSERT INTO ledger.rule_results BY NAME
    SELECT s.run_id, s.entry_id, r.rule, r.code, r.field, r.indicator, r.dimension, 'reject' AS effect,
           s.delivered AS evaluated, least(s.rejected, floor(s.rejected * r.part)::BIGINT) AS unexpected,
           floor(s.rejected * r.part)::BIGINT = 0 AS success, FALSE AS errored
    FROM slot s CROSS JOIN (VALUES
        ('id_card_no.required', 'D402', 'id_card_no', '0201', 'completeness', 0.4),
        ('id_card_no.length', 'D403', 'id_card_no', '0102', 'normativity', 0.2),
        ('monthly_amount.type', 'D401', 'monthly_amount', '0302', 'accuracy', 0.3),
        ('item_5.required', 'D402', 'item_5', '0201', 'completeness', 0.05),
        ('item_6.type', 'D401', 'item_6', '0302', 'accuracy', 0.0),
        ('key.unique', 'D410', NULL, '0304', 'accuracy', 0.1)) r(rule, code, field, indicator, dimension, part)
    WHERE s.became IN ('published', 'late', 'blocked')""",
    """
    INSERT INTO ledger.publications BY NAME
    SELECT row_number() OVER (ORDER BY arrived, entry_id) AS load_no, md5(run_id || '/') AS load_id, entry_id, run_id,
           run_id AS delivery_id, 'spec-' || entry_id AS spec_digest, '1.0.0' AS spec_version, data_date,
           'replace' AS mode, delivered - rejected AS "rows", delivered // 90 AS added, delivered // 40 AS updated,
           delivered // 300 AS removed, delivered - rejected AS accepted, rejected,
           100 - 100.0 * rejected / delivered AS score, row_number() OVER (ORDER BY arrived, entry_id) AS token,
           arrived + INTERVAL 26 SECOND AS published_at,
           lead(arrived + INTERVAL 26 SECOND) OVER (PARTITION BY entry_id ORDER BY arrived) AS superseded_at
    FROM slot WHERE became IN ('published', 'late')""",
    """
    INSERT INTO ledger.freshness BY NAME
    SELECT entry_id, due_at, data_date::VARCHAR AS period,
           CASE became WHEN 'published' THEN 'on_time' WHEN 'unchanged' THEN 'no_change' WHEN 'late' THEN 'late'
                       WHEN 'failed' THEN 'excluded' ELSE 'missing' END AS state,
           CASE WHEN became IN ('published', 'unchanged', 'late') THEN arrived END AS arrived_at,
           CASE WHEN became <> 'failed' THEN run_id END AS run_id,
           CASE WHEN became = 'failed' THEN 'platform' END AS reason
    FROM slot WHERE cycle <> 'irregular' ORDER BY due_at, entry_id""",
    """
    CREATE TEMP TABLE copy AS
    SELECT s.*, o.entry_id AS source_id, o.department AS holder, s.rejected // 3 AS differing
    FROM slot s JOIN entry o ON o.n = s.n - 1 WHERE s.n % 5 = 4 AND s.became IN ('published', 'late')""",
    """
    INSERT INTO ledger.comparisons BY NAME
    SELECT 'reconcile__' || run_id AS run_id, arrived + INTERVAL 2 MINUTE AS compared_at, entry_id,
           'person_name' AS field, printf('content_%04d', n - 1) AS element, 'attribute' AS kind, source_id,
           'id_card_no' AS match_key, md5(source_id) AS link_digest, 'compared' AS state, delivered AS copy_rows,
           delivered - rejected AS matched, delivered - rejected - differing AS agreeing, differing,
           0 AS blank_here, 0 AS blank_there, 0 AS only_here, 0 AS only_there, 0 AS source_duplicates,
           '0401' AS indicator, 100 - 100.0 * differing / delivered AS score
    FROM copy""",
    """
    INSERT INTO ledger.corrections BY NAME
    SELECT printf('YY%06d', row_number() OVER (ORDER BY opened_at, entry_id)) AS correction_id, entry_id,
           'person_name' AS field, printf('content_%04d', n - 1) AS element, 'differing' AS kind, source_id, department,
           differing AS rows_first, differing AS rows_now, opened_at, (opened_at + INTERVAL 14 DAY)::DATE AS due_on,
           CASE WHEN n % 3 = 0 THEN 'open' ELSE 'explained' END AS state,
           CASE WHEN n % 3 <> 0 THEN opened_at + to_days((n % 20)::INTEGER) END AS answered_at,
           CASE WHEN n % 3 <> 0 THEN '经办人' END AS answered_by,
           CASE WHEN n % 3 <> 0 THEN '已核实' END AS answer,
           CASE WHEN n % 3 = 2 THEN opened_at + to_days((n % 20 + 1)::INTEGER) END AS closed_at, 0 AS reopened
    FROM (SELECT *, arrived + INTERVAL 3 MINUTE AS opened_at,
                 row_number() OVER (PARTITION BY n ORDER BY due_at DESC) AS place FROM copy WHERE differing > 0) c
    WHERE place % 40 = 15""",
    """
    INSERT INTO ledger.correction_events BY NAME
    SELECT correction_id, 1 AS step, opened_at AS happened_at, 'opened' AS action, 'shuyuan' AS who,
           NULL AS note, rows_first AS rows_then FROM ledger.corrections
    UNION ALL BY NAME
    SELECT correction_id, 2 AS step, answered_at AS happened_at, state AS action, answered_by AS who,
           answer AS note, rows_now AS rows_then FROM ledger.corrections WHERE answered_at IS NOT NULL""",
    f"""
    INSERT INTO ledger.discrepancies BY NAME
    SELECT entry_id, 'person_name' AS field, printf('content_%04d', n - 1) AS element, 'differing' AS kind, source_id,
           md5(n || '/' || row) AS token, '某***' AS copy_value, '某***' AS source_value,
           arrived - INTERVAL 9 DAY AS first_seen, arrived AS last_seen, 7 AS times
    FROM (SELECT *, unnest(range(least(differing, {LISTED}))) AS row FROM
          (SELECT * FROM copy QUALIFY row_number() OVER (PARTITION BY n ORDER BY arrived DESC) = 1) l) d""",
)


def main(arguments: Sequence[str]) -> None:
    """``python tests/county_ledger.py FOLDER [ENTRIES [DAYS]]``."""
    folder, *sizes = arguments
    make_county(Path(folder), *(int(size) for size in sizes))


if __name__ == "__main__":
    main(sys.argv[1:])
