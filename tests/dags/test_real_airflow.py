"""Runs in a real Airflow (scheduler, dag-processor, API servers, LocalExecutor), end to end.

One Airflow serves all tests of this file; each test has an entry of its own.
"""

import json
import sqlite3
import time
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from http.client import HTTPConnection
from types import SimpleNamespace

import psutil
import pytest
from filelock import FileLock

from building import department_text, entry_text, make_project
from shuyuan.demonstration.frontends import start_frontends
from shuyuan.orchestration import check_pages
from shuyuan.orchestration.client import new_run_id
from shuyuan.orchestration.identity import RECONCILE_DAG, dag_id, ledger_run_id
from shuyuan.orchestration.local import CATALOG_ONLY, LocalAirflow
from shuyuan.orchestration.report_pages import PREFIX
from shuyuan.warehouses import open_warehouse
from shuyuan.workdays import LOCAL
from vehicle_entries import vehicle_entry

DAY = "2026-11-20"
TABLES = ("happy", "same", "blocked", "killed", "suspended")
REGISTER, INSURED = "traffic_police.register", "traffic_police.insured"
ELEMENTS = """
plate: {title: 号牌号码, type: string, source: traffic_police.register}
seats: {title: 核定载客, type: integer, source: traffic_police.register}
"""
LATE = "civil_affairs.late"
NEVER = "civil_affairs.never"


def fill(path, table, plates, **seats):
    with sqlite3.connect(path) as database:
        database.execute(f"DROP TABLE IF EXISTS {table}")
        database.execute(f"CREATE TABLE {table} (plate TEXT, seats TEXT)")
        database.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(plate, seats.get(plate, "5")) for plate in plates])


def linked_entry(entry_id, authoritative):
    shared = {"authoritative": True} if authoritative else {}
    fields = [
        {"name": "plate", "title": "号牌号码", "element": "plate", "required": True} | shared,
        {"name": "seats", "title": "核定载客", "element": "seats"} | shared,
    ]
    # Of no promised date: with the tests' old data date the source would be stale, and nothing compared.
    return vehicle_entry(entry_id.partition(".")[2], status="confirmed", fields=fields, update={"cycle": "irregular"})


def file_entry(name, **update):
    path = f"/out/{name}_{{date:%Y%m%d}}.csv"
    source = {"type": "sftp", "path": path, "ready_when": path.replace(".csv", ".ok"), "settle": "1s"}
    return entry_text(
        id=f"civil_affairs.{name}",
        code=f"307010/{sum(name.encode()):06d}",
        title=f"低保对象 {name}",
        status="confirmed",
        source=source,
        update=update,
    )


@pytest.fixture(scope="module")
def center(tmp_path_factory):
    """A project with its departments' machines, and an Airflow that runs it."""
    root = tmp_path_factory.mktemp("real")
    entries = {
        f"traffic_police.{name}": vehicle_entry(name, status="suspended" if name == "suspended" else "confirmed")
        for name in TABLES
    }
    broken = vehicle_entry("broken").replace("daily", "dialy")
    entries |= {"traffic_police.broken": broken, "traffic_police.timed": vehicle_entry("timed")}
    entries |= {REGISTER: linked_entry(REGISTER, True), INSURED: linked_entry(INSURED, False)}
    entries |= {LATE: file_entry("late"), NEVER: file_entry("never", grace="1s", wait="1s")}
    front_end = {"connection": "civil_affairs_frontend", "slots": 5}
    project = make_project(
        root / "center",
        entries,
        departments={"civil_affairs": department_text(front_end=front_end)},
        elements=ELEMENTS,
    )
    home = root / "civil_affairs"
    (home / "out").mkdir(parents=True)
    database = root / "department.db"
    for name in TABLES:
        fill(database, name, ["蒙Z00001", "蒙Z00002", "蒙Z00003"])
    with start_frontends(root / "frontends", {"civil_affairs": home}) as frontends:
        tuned = {
            "SHUYUAN_VAR": str(project.root / "var"),
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,clerk:viewer,stranger:",
            "SHUYUAN_RECONCILE_PAUSE": "1",
            "AIRFLOW_CONN_TRAFFIC_POLICE_DB": json.dumps({"conn_type": "sqlite", "host": str(database)}),
            "AIRFLOW_CONN_CIVIL_AFFAIRS_FRONTEND": frontends.connections["civil_affairs"],
        }
        with LocalAirflow(project, CATALOG_ONLY, tuned) as airflow:
            wait_for(lambda: airflow.client.dag_ids() >= {dag_id(name) for name in entries if "broken" not in name}, 60)
            yield SimpleNamespace(project=project, airflow=airflow, client=airflow.client, home=home, database=database)


def wait_for(done, seconds=90):
    limit = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.3)
    return found


def trigger(center, entry_id, **conf):
    return center.client.trigger(dag_id(entry_id), new_run_id("manual"), {"data_date": DAY} | conf)


def tasks(center, entry_id, run_id):
    return center.client.task_states([dag_id(entry_id)], run_id).get(dag_id(entry_id), {})


def ended(center, entry_id, run_id):
    def state():
        now = center.client.run_states([dag_id(entry_id)], run_id).get(dag_id(entry_id))
        return now if now in ("success", "failed") else None

    return wait_for(state)


def run(center, entry_id, **conf):
    run_id = trigger(center, entry_id, **conf)
    return run_id, ended(center, entry_id, run_id), tasks(center, entry_id, run_id)


def query(center, sql, *parameters):
    from shuyuan.project import Project

    with open_warehouse(Project(center.project.root)).session() as session:
        return session.query(sql, list(parameters))


def recorded(center, entry_id, run_id):
    (row,) = query(center, "SELECT * FROM ledger.runs WHERE run_id = ?", ledger_run_id(entry_id, run_id))
    return row


def events(center, entry_id, asset=None):
    told = center.client.get(f"/assets/events?order_by=timestamp&limit=100&source_dag_id={dag_id(entry_id)}")
    return [event["extra"] for event in told["asset_events"] if event["name"] == (asset or entry_id)]


def task_of(center, entry_id, run_id, task_id, part=""):
    return center.client.get(f"/dags/{dag_id(entry_id)}/dagRuns/{run_id}/taskInstances/{task_id}{part}")


def settle(center):
    client = center.client
    wait_for(lambda: not client.waking(RECONCILE_DAG) and not client.open_runs(RECONCILE_DAG))


def compared(center):
    """The numbers of the newest line of each field of the copy."""
    asked = "field, kind, matched, agreeing, differing, only_here"
    rows = query(center, f"SELECT {asked} FROM ledger.comparisons WHERE entry_id = ? ORDER BY compared_at", INSURED)
    return {row.pop("field"): row for row in rows}


def corrections(center):
    rows = query(center, "SELECT field, kind, state, closed_at FROM ledger.corrections WHERE entry_id = ?", INSURED)
    return {(row["field"], row["kind"]): "closed" if row["closed_at"] else row["state"] for row in rows}


@pytest.fixture(autouse=True)
def _where_the_warehouse_is(center, monkeypatch):
    monkeypatch.setenv("SHUYUAN_VAR", str(center.project.root / "var"))


def test_a_delivery_is_published_recorded_and_announced(center):
    entry_id = "traffic_police.happy"
    run_id, state, done = run(center, entry_id)
    assert state == "success"
    assert set(done.values()) == {"success"}
    row = recorded(center, entry_id, run_id)
    assert (row["outcome"], row["delivered"], row["accepted"], row["rejected"]) == ("published", 3, 3, 0)
    assert row["data_date"] == date.fromisoformat(DAY)
    (extra,) = events(center, entry_id)
    assert (extra["rows"], extra["data_date"]) == (3, DAY)
    assert events(center, entry_id, "publications") == [{"entry": entry_id} | extra]
    shown = task_of(center, entry_id, run_id, "fetch")["rendered_fields"]
    assert shown["spec"]["title"] == "机动车happy"
    counts = task_of(center, entry_id, run_id, "check", "/xcomEntries/return_value")["value"]
    assert "'accepted': 3" in str(counts) or '"accepted": 3' in str(counts)


def test_the_same_delivery_again_changes_nothing_and_says_so(center):
    entry_id = "traffic_police.same"
    assert run(center, entry_id)[1] == "success"
    run_id, state, done = run(center, entry_id)
    assert state == "success"
    assert done == {"fetch": "success", "check": "skipped", "load": "skipped", "done": "success", "record": "success"}
    assert recorded(center, entry_id, run_id)["outcome"] == "unchanged"
    assert len(events(center, entry_id)) == 1


def test_a_blocked_delivery_stays_red_is_recorded_and_leaves_yesterdays_data(center):
    entry_id = "traffic_police.blocked"
    assert run(center, entry_id)[1] == "success"
    fill(center.database, "blocked", [])
    run_id, state, done = run(center, entry_id)
    assert state == "failed"
    assert done["record"] == "success"
    row = recorded(center, entry_id, run_id)
    assert row["outcome"] == "blocked"
    assert row["problem_code"].startswith("D")
    failed = next(task for task in ("fetch", "check") if done[task] == "failed")
    assert task_of(center, entry_id, run_id, failed)["try_number"] == 1
    assert query(center, "SELECT count(*) AS rows FROM share.traffic_police__blocked") == [{"rows": 3}]
    assert len(events(center, entry_id)) == 1


def test_waiting_holds_no_slot_and_ends_when_the_delivery_comes(center):
    run_id = trigger(center, LATE)
    wait_for(lambda: tasks(center, LATE, run_id).get("fetch") == "up_for_reschedule")
    pool = center.client.get("/pools/frontend_civil_affairs_frontend")
    assert pool["slots"] == 5
    wait_for(lambda: center.client.get("/pools/frontend_civil_affairs_frontend")["occupied_slots"] == 0)
    data = center.home / "out" / "late_20261120.csv"
    data.write_text("SFZH,XM,BZJE,SPRQ\nA1,甲,1.00,2020-01-01\n", encoding="utf-8")
    data.with_suffix(".ok").write_bytes(b"")
    assert ended(center, LATE, run_id) == "success"
    assert recorded(center, LATE, run_id)["outcome"] == "published"
    assert task_of(center, LATE, run_id, "fetch")["try_number"] == 1


def test_what_never_comes_is_missing_and_not_retried(center):
    run_id, state, done = run(center, NEVER)
    assert (state, done["fetch"], done["record"]) == ("failed", "failed", "success")
    row = recorded(center, NEVER, run_id)
    assert (row["outcome"], row["problem_code"]) == ("missing", "D101")
    assert task_of(center, NEVER, run_id, "fetch")["try_number"] == 1


def test_a_killed_task_is_run_again_and_publishes_once(center):
    """The warehouse's lock is held from here, so that the task is surely under way when it is killed."""
    entry_id = "traffic_police.killed"
    lock = FileLock(center.project.root / "var" / "warehouse" / "shuyuan.duckdb.lock")
    with lock:
        run_id = trigger(center, entry_id)
        wait_for(lambda: tasks(center, entry_id, run_id).get("fetch") == "running")
        task = task_of(center, entry_id, run_id, "fetch")
        (process,) = wait_for(lambda: processes_of(task["id"]))
        process.kill()
        wait_for(lambda: tasks(center, entry_id, run_id)["fetch"] in ("up_for_retry", "queued", "scheduled"))
    assert ended(center, entry_id, run_id) == "success"
    assert task_of(center, entry_id, run_id, "fetch")["try_number"] == 2
    loads = query(center, "SELECT load_no FROM ledger.publications WHERE entry_id = ?", entry_id)
    assert len(loads) == 1


def test_a_suspended_entry_refuses_to_run(center):
    entry_id = "traffic_police.suspended"
    center.client.patch(f"/dags/{dag_id(entry_id)}", {"is_paused": False})
    run_id, state, _ = run(center, entry_id)
    assert state == "failed"
    assert recorded(center, entry_id, run_id)["problem_code"] == "P412"


def test_a_data_date_that_is_none_is_refused(center):
    from shuyuan.problems import PlatformError

    with pytest.raises(PlatformError, match="400"):
        trigger(center, "traffic_police.happy", data_date="20-11-2026")


def test_a_broken_entry_shows_in_airflow_and_hides_no_other(center):
    (error,) = wait_for(center.client.import_errors).items()
    assert error[0].endswith("catalog_errors.py")
    assert "traffic_police/broken.yaml:" in error[1]
    assert "Traceback" not in error[1]
    assert dag_id("traffic_police.happy") in center.client.dag_ids()


def test_the_scheduler_knows_the_next_run_of_a_published_entry(center):
    dag = center.client.get(f"/dags/{dag_id('traffic_police.timed')}")
    start = datetime.fromisoformat(dag["next_dagrun_run_after"]).astimezone(LOCAL)
    assert datetime.now(UTC) < start
    assert time_of_day(8, 0) < start.time() <= time_of_day(8, 30)
    assert dag["timetable_summary"] == "每日 08:30"
    assert datetime.fromisoformat(dag["next_dagrun_data_interval_start"]).astimezone(LOCAL).date() == start.date()
    assert center.client.get(f"/dags/{dag_id('traffic_police.happy')}")["next_dagrun_run_after"] is None


def test_the_nightly_upkeep_runs(center):
    run_id = center.client.trigger("operations.nightly", new_run_id("manual"), {})

    def state():
        return center.client.run_states(["operations.nightly"], run_id).get("operations.nightly")

    wait_for(lambda: state() in ("success", "failed"))
    assert state() == "success"
    assert (center.project.report / "index.html").is_file()


def test_publications_wake_the_comparison_and_a_corrected_copy_closes_its_correction(center):
    plates = ["蒙Z00001", "蒙Z00002", "蒙Z00003"]
    fill(center.database, "register", plates)
    fill(center.database, "insured", [*plates[:2], "蒙Z00009"], 蒙Z00002="7")
    ids = [trigger(center, REGISTER), trigger(center, INSURED)]
    assert [ended(center, *run) for run in zip((REGISTER, INSURED), ids, strict=True)] == ["success"] * 2
    settle(center)
    assert compared(center) == {
        "plate": {"kind": "reference", "matched": 2, "agreeing": None, "differing": None, "only_here": 1},
        "seats": {"kind": "attribute", "matched": 2, "agreeing": 1, "differing": 1, "only_here": None},
    }
    assert corrections(center) == {("plate", "unknown"): "open", ("seats", "differing"): "open"}

    fill(center.database, "insured", plates)
    assert run(center, INSURED)[1] == "success"
    settle(center)
    assert compared(center)["seats"]["agreeing"] == 3
    assert corrections(center) == {("plate", "unknown"): "closed", ("seats", "differing"): "closed"}

    told = center.client.get(f"/dags/{RECONCILE_DAG}/dagRuns?limit=100")["dag_runs"]
    assert {one["run_type"] for one in told} == {"asset_triggered"}
    assert {one["state"] for one in told} == {"success"}


def test_the_same_delivery_again_wakes_no_comparison(center):
    def runs():
        assert center.client.waking(RECONCILE_DAG) == 0
        return center.client.get(f"/dags/{RECONCILE_DAG}/dagRuns?limit=1")["total_entries"]

    fill(center.database, "same", ["蒙Z00001", "蒙Z00002", "蒙Z00004"])
    settle(center)
    before = runs()
    run_id, _, _ = run(center, "traffic_police.same")
    assert recorded(center, "traffic_police.same", run_id)["outcome"] == "published"
    settle(center)
    woken = runs()
    assert woken > before
    run_id, _, _ = run(center, "traffic_police.same")
    assert recorded(center, "traffic_police.same", run_id)["outcome"] == "unchanged"
    assert runs() == woken


def test_comparisons_asked_for_by_many_at_once_are_made_once(center):
    settle(center)
    runs = [center.client.trigger(RECONCILE_DAG, new_run_id("manual"), {}) for _ in range(4)]
    settle(center)
    states = [
        center.client.get(f"/dags/{RECONCILE_DAG}/dagRuns/{run_id}/taskInstances/reconcile")["state"] for run_id in runs
    ]
    assert states[-1] == "success"
    assert "skipped" in states[:-1]


def test_a_second_airflow_of_the_project_is_refused_and_the_first_is_found(center):
    from shuyuan.problems import PlatformError

    with pytest.raises(PlatformError, match="P415"):
        LocalAirflow(center.project).start()
    assert LocalAirflow.running(center.project).url == center.airflow.url


def processes_of(task_instance_id):
    """The task's own process, found by the title that Airflow gives it."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if f"airflow worker -- {task_instance_id}" in " ".join(process.info["cmdline"] or []):
            found.append(process)
    return found


@pytest.fixture(scope="module")
def report(center):
    """A report as the nightly DAG leaves it, with a link that leads out of it."""
    folder = center.project.report
    (folder / "entries").mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text("<h1>总览</h1>", encoding="utf-8")
    (folder / "entries" / "traffic_police.happy.html").write_text("<h1>机动车</h1>", encoding="utf-8")
    (folder / "通报.xlsx").write_bytes(b"PK")
    (folder / "leak.html").symlink_to(center.airflow.home / "logins.json")
    return center


def ask(center, path, token=None, cookie=None, accept="*/*"):
    """One request to the report's pages, as it is written: status, headers, text."""
    headers = {"Accept": accept}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if cookie:
        headers["Cookie"] = f"_token={cookie}"
    line = HTTPConnection("127.0.0.1", center.airflow.ports.people, timeout=30)
    line.request("GET", f"{PREFIX}/{path}", headers=headers)
    answer = line.getresponse()
    return answer.status, answer.headers, answer.read().decode("utf-8", "replace")


def token_of(center, user):
    password = json.loads((center.airflow.home / "logins.json").read_text())[user]
    line = HTTPConnection("127.0.0.1", center.airflow.ports.people, timeout=30)
    body = json.dumps({"username": user, "password": password})
    line.request("POST", "/auth/token", body, {"Content-Type": "application/json"})
    return json.loads(line.getresponse().read())["access_token"]


@pytest.mark.parametrize("path", ["", "current/index.html", "current/entries/x.html", "dags/operations.nightly"])
def test_the_report_is_kept_from_those_without_a_login_or_a_right_to_it(report, path):
    assert ask(report, path)[0] == 401
    assert ask(report, path, token="forged.token.x")[0] in (401, 403)
    status, headers, _ = ask(report, path, accept="text/html")
    assert (status, headers["Location"]) == (303, f"/auth/login?next={PREFIX}/{path}")
    status, _, said = ask(report, path, token_of(report, "stranger"))
    assert status == 403
    assert "总览" not in said


def test_the_report_is_served_to_those_who_may_see_it(report):
    token = token_of(report, "clerk")
    assert ask(report, "", token)[1]["Location"] == f"{PREFIX}/current/index.html"
    for page in (ask(report, "current/index.html", token), ask(report, "current/index.html", cookie=token)):
        assert (page[0], page[2]) == (200, "<h1>总览</h1>")
        assert page[1]["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src d")
        assert page[1]["X-Content-Type-Options"] == "nosniff"
    status, headers, _ = ask(report, "current/%E9%80%9A%E6%8A%A5.xlsx", token)
    assert (status, headers["Content-Disposition"][:10]) == (200, "attachment")


def test_each_dag_leads_to_its_page_and_nothing_leads_out_of_the_report(report):
    token = token_of(report, "clerk")
    happy, nightly = (
        ask(report, f"dags/{dag_id('traffic_police.happy')}", token),
        ask(report, "dags/operations.x", token),
    )
    assert (happy[0], happy[1]["Location"]) == (303, f"{PREFIX}/current/entries/traffic_police.happy.html")
    assert (nightly[0], nightly[1]["Location"]) == (303, f"{PREFIX}/current/index.html")
    out = (
        "current/leak.html",
        "../airflow/logins.json",
        "%2e%2e/airflow/logins.json",
        "..%2f..%2fvar%2fairflow%2fairflow.db",
    )
    for path in (*out, "nothing.html", "%00.html", "current/entries", "current/.shuyuan-report"):
        status, _, said = ask(report, path, token)
        assert status == 404, path
        assert "operations.nightly" in said


def test_the_report_is_in_the_menu_and_on_every_dag(report):
    (plugin,) = report.client.get("/plugins")["plugins"]
    assert [(view["destination"], view["href"]) for view in plugin["external_views"]] == [
        ("nav", f"{PREFIX}/"),
        ("dag", f"{PREFIX}/dags/{{DAG_ID}}"),
        ("nav", f"{check_pages.PREFIX}/"),
    ]
