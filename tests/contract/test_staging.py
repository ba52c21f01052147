"""Stages on different workers publish the same as one process, by a shared folder and by a real S3 server."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pytest

from s3_server import BUCKET, s3_server
from shuyuan.pipeline.retention import Limits, clear
from staged_workers import STAGES, UNCOMPARED, Center

ROWS = (("A1", "5"), ("A2", "x"), ("A3", "7"))
PUBLISHED = [("A1", 5), ("A3", 7)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(params=["file", "s3"])
def center(request, tmp_path):
    if request.param == "file":
        made = Center(tmp_path / "center", f"file://{tmp_path}/staging")
    else:
        server = request.getfixturevalue("server")
        server.empty()
        made = Center(tmp_path / "center", f"s3://{BUCKET}/county/runs", server.environment)
    made.deliver(*ROWS)
    return made


@pytest.fixture
def area(center, request):
    """The staging area as an outsider sees it: a filesystem and its root."""
    if center.staging.startswith("file:"):
        return pyarrow.fs.LocalFileSystem(), center.staging.removeprefix("file://")
    return request.getfixturevalue("server").filesystem(), f"{BUCKET}/county/runs"


def names(area, ending=""):
    filesystem, root = area
    found = filesystem.get_file_info(pyarrow.fs.FileSelector(root, recursive=True, allow_not_found=True))
    return sorted(one.path for one in found if one.is_file and one.path.endswith(ending))


def write(area, path, content):
    with area[0].open_output_stream(path) as target:
        target.write(content)


def read(area, path):
    with area[0].open_input_stream(path) as source:
        return source.read()


KEPT = {
    "runs": "SELECT entry_id, outcome, problem_code, data_date, delivered, accepted, rejected, score FROM ledger.runs",
    "deliveries": "SELECT delivery_id, sha256, rows_counted FROM ledger.deliveries",
    "results": "SELECT rule, evaluated, unexpected, success FROM ledger.rule_results ORDER BY rule",
    "rejected": "SELECT * EXCLUDE (load_no) FROM rejected.traffic_police__vehicles ORDER BY 1",
}


def test_stages_on_five_workers_publish_the_same_as_one_process(center, tmp_path):
    for stage in STAGES:
        done = center.do(f"worker-{stage}", stage)
        assert "code" not in done, done
    assert done["made"] == "published"
    assert center.shared() == PUBLISHED

    alone = Center(tmp_path / "alone", None)
    alone.deliver(*ROWS)
    assert alone.do("one", *STAGES)["made"] == "published"
    assert center.shared() == alone.shared()
    for sql in KEPT.values():
        assert center.query(sql) == alone.query(sql)
    (run,) = center.query("SELECT seconds FROM ledger.runs")
    assert all(f'"{stage}"' in run["seconds"] for stage in ("fetch", "read", "check", "load")), "timings travel too"


def test_three_workers_as_the_operators_work(center):
    center.do("first", "fetch", "read")
    center.do("second", "check")
    assert center.do("third", "load")["made"] == "Publication"
    assert center.do("first", "record")["made"] == "published"
    assert center.shared() == PUBLISHED


def test_a_worker_brings_only_what_its_stage_reads(center):
    center.do("first", "fetch", "read", "check")
    center.do("second", "load")
    (run,) = (center.var("second") / "runs").glob("*/*")
    assert {"batch.parquet", "rejected.parquet"} <= {path.name for path in run.iterdir()}
    assert not (run / "raw").exists()


def test_a_blocked_delivery_is_recorded_elsewhere_with_its_numbers(center):
    center.do("first", *STAGES)
    center.deliver()
    center.do("first", "fetch", "read", run="run-2", day=21)
    blocked = center.do("second", "check", run="run-2", day=21)
    assert blocked["code"].startswith("D6")
    assert center.do("third", "record", run="run-2", day=21)["made"] == "blocked"
    (line,) = center.query("SELECT problem_code, delivered FROM ledger.runs WHERE run_id = 'run-2'")
    assert line == {"problem_code": blocked["code"], "delivered": 0}
    assert center.shared() == PUBLISHED


def test_unchanged_content_is_recorded_elsewhere(center):
    center.do("first", *STAGES)
    center.do("first", "fetch", run="run-2", day=21)
    assert center.do("second", "record", run="run-2", day=21)["made"] == "unchanged"


def harmed(area, path, harm):
    """Change an object: cut its last byte off, flip a bit, or put another whole file in its place."""
    content = read(area, path)
    if harm == "other":
        table = pq.read_table(pa.BufferReader(content))
        sink = pa.BufferOutputStream()
        pq.write_table(table.set_column(table.column_names.index("plate"), "plate", [["B1", "B2", "B3"]]), sink)
        write(area, path, sink.getvalue().to_pybytes())
    else:
        write(area, path, content[:-1] if harm == "cut" else content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize(
    ("ending", "stage", "harm"),
    [
        ("0000.parquet", "read", "altered"),
        ("batch.parquet", "check", "cut"),
        ("batch.parquet", "check", "gone"),
        ("batch.parquet", "load", "other"),
        ("rejected.parquet", "load", "altered"),
    ],
)
def test_a_file_that_is_not_what_was_put_out_is_noticed(center, area, ending, stage, harm):
    center.do("first", *STAGES[: STAGES.index(stage)])
    (path,) = names(area, ending)
    if harm == "gone":
        area[0].delete_file(path)
    else:
        harmed(area, path, harm)
    found = center.do("second", stage)
    assert (found["code"], found["passing"]) == ("P402" if harm == "gone" else "P351", False)
    (run,) = (center.var("second") / "runs").glob("*/*")
    assert not [path for path in run.rglob("*") if path.name.startswith(ending)], "nothing of it is kept"
    assert center.do("third", "record")["made"] == "failed"
    again = center.do("third", *STAGES)
    assert again.get("made") == "published", again
    assert center.shared() == PUBLISHED


def test_without_the_comparison_another_file_would_be_published(center, area):
    """The protection switched off: what the test above rests on."""
    center.do("first", "fetch", "read", "check")
    (path,) = names(area, "batch.parquet")
    harmed(area, path, "other")
    assert "code" not in center.do("second", UNCOMPARED, "load")
    assert center.shared() == [("B1", 5), ("B3", 7)]


@pytest.mark.parametrize("harm", ["cut", "altered", "other"])
def test_a_hand_over_that_was_touched_is_noticed(center, area, harm):
    center.do("first", "fetch", "read")
    (path,) = names(area, "/read.json")
    content = read(area, path)
    changed = {"cut": content[:-9], "altered": content.replace(b'"rows": 3', b'"rows": 2'), "other": b"{}"}[harm]
    assert changed != content
    write(area, path, changed)
    assert center.do("second", "check")["code"] == "P351"


def test_a_stage_whose_former_has_not_handed_over_says_so(center):
    assert center.do("first", "check")["code"] == "P402"
    center.do("first", "fetch")
    assert center.do("second", "load")["code"] == "P402"


def test_two_attempts_of_one_run_never_mix(center):
    """A first attempt that was thought dead goes on after a second one has fetched other content."""
    center.do("first", "fetch", "read")
    center.deliver(("B1", "1"), ("B2", "2"))
    center.do("second", "fetch", "read")
    center.do("first", "read")  # the late one: it reads what was handed over last, whatever lies on its own disk
    center.do("second", "check")
    assert center.do("first", "load")["made"] == "Publication"
    assert center.do("third", "record")["made"] == "published"
    assert center.shared() == [("B1", 1), ("B2", 2)]
    (line,) = center.query("SELECT delivered, accepted, rejected FROM ledger.runs")
    assert line == {"delivered": 2, "accepted": 2, "rejected": 0}


def test_another_attempts_hand_over_never_joins_with_this_ones_files(center, area):
    """The late attempt's hand-over is written after the later one's fetch: it still is one attempt's, whole."""
    center.do("first", "fetch", "read")
    (late,) = names(area, "/read.json")
    content = read(area, late)
    center.deliver(("B1", "1"), ("B2", "2"))
    center.do("second", "fetch")
    write(area, late, content)
    center.do("third", "check", "load", "record")
    assert center.shared() == PUBLISHED
    (delivery,) = center.query("SELECT d.rows_counted FROM ledger.deliveries d JOIN ledger.runs r USING (delivery_id)")
    assert delivery == {"rows_counted": 3}


def test_a_new_fetch_forgets_what_the_run_found_before(center, area):
    center.do("first", *STAGES)
    assert names(area, "/recorded.json")
    center.deliver(("B1", "1"))
    center.do("second", "fetch")
    assert not names(area, "/recorded.json"), "the run is not over any more"
    assert center.do("third", "load")["code"] == "P402"


def test_secrets_and_rows_stay_out_of_names_and_sentences(center, area):
    center.do("first", "fetch", "read", "check")
    assert not [path for path in names(area) if "A1" in path or "A3" in path]
    for path in names(area, ".json"):
        assert b"A1" not in read(area, path)
        assert b"not-a-secret-of-anybody" not in read(area, path)


def test_retention_keeps_the_newest_and_the_unfinished(center, area, monkeypatch):
    for number in (1, 2, 3):
        center.deliver(*ROWS, (f"A{number + 3}", "4"))
        center.do("first", *(STAGES if number != 2 else STAGES[:2]), run=f"run-{number}")
    for name, value in center.variables("upkeep").items():
        monkeypatch.setenv(name, value)
    assert clear(center.room.project, datetime.now(UTC), Limits(timedelta(days=30), 0)) == 1
    kept = {path.split("/traffic_police.vehicles/")[1].split("/")[0] for path in names(area)}
    assert kept == {"run-2", "run-3"}
    went_on = center.do("second", "check", "load", run="run-2")
    assert went_on.get("made") == "Publication", went_on
