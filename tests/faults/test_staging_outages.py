"""The S3 server goes away, or a worker is killed, in the middle of each stage: the next attempt completes the run."""

import signal
import socket

import pyarrow.fs
import pytest
from cutting_proxy import CuttingProxy

from s3_server import BUCKET, free_port, s3_server
from shuyuan.crashpoints import STAGING_POINTS
from staged_workers import ALL, Center

ROWS = (("A1", "5"), ("A2", "x"), ("A3", "7"))
PUBLISHED = [("A1", 5), ("A3", 7)]
WORK = ("fetch", "read", "check", "load")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def center(server, tmp_path):
    server.empty()
    made = Center(tmp_path / "center", f"s3://{BUCKET}/runs", server.environment)
    made.deliver(*ROWS)
    return made


def away():
    """What a worker's environment says when nobody answers at the server's address."""
    return {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{free_port()}"}


def up_to(center, stage):
    if former := WORK[: WORK.index(stage)]:
        assert "code" not in center.do("before", *former)


def finish(center, stage):
    """As Airflow would: the stage again, and on another worker those after it and the record."""
    rest = (*WORK[WORK.index(stage) + 1 :], "record")
    assert "code" not in center.do("again", stage)
    done = center.do("after", *rest)
    assert done.get("made") == "published", done
    assert center.shared() == PUBLISHED
    (line,) = center.query("SELECT delivered, accepted, rejected FROM ledger.runs")
    assert line == {"delivered": 3, "accepted": 2, "rejected": 1}
    assert len(center.query("SELECT load_no FROM ledger.publications")) == 1, "published once"


@pytest.mark.parametrize("stage", WORK)
def test_the_server_is_away_when_a_stage_begins(center, stage):
    up_to(center, stage)
    failed = center.do("cut-off", stage, **away())
    assert (failed["code"], failed["passing"]) == ("P350", True)
    assert "tests-only" not in failed["text"]
    finish(center, stage)


class LineDown(CuttingProxy):
    """Forwards until it has seen ``word`` in what a client sends; then the line is down for good."""

    def __init__(self, port, word):
        super().__init__(port)
        self.word, self.down = word, False

    def _pump(self, source, sink, outward, cut):
        try:
            while not self.down and (data := source.recv(1 << 16)):
                if outward and self.word in data:
                    self.down = True
                    self.close()
                    break
                sink.sendall(data)
        except OSError:
            self.down = True
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                one.close()
            one.close()


@pytest.mark.parametrize(
    ("stage", "moment"),
    [(stage, moment) for stage in WORK for moment in ("files", "hand-over") if (stage, moment) != ("load", "files")],
)
def test_the_server_goes_away_while_a_stage_puts_out_what_it_made(center, server, stage, moment):
    word = b"PUT /%s/runs/traffic_police.vehicles/run-1/%s%s" % (
        BUCKET.encode(),
        stage.encode(),
        b"-" if moment == "files" else b".json",
    )
    up_to(center, stage)
    proxy = LineDown(server.port, word)
    failed = center.do("cut-off", stage, AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{proxy.port}")
    assert proxy.down
    assert (failed["code"], failed["passing"]) == ("P350", True)
    finish(center, stage)


@pytest.mark.parametrize("stage", WORK)
@pytest.mark.parametrize("crash_at", STAGING_POINTS)
def test_a_worker_is_killed_between_its_files_and_its_hand_over_or_right_after(center, stage, crash_at):
    up_to(center, stage)
    killed = center.do("killed", stage, SHUYUAN_CRASH_AT=crash_at)
    assert killed["status"] == -signal.SIGKILL
    finish(center, stage)


@pytest.mark.parametrize("stage", WORK)
def test_a_worker_is_killed_and_the_run_begins_anew(center, stage):
    up_to(center, stage)
    center.do("killed", stage, SHUYUAN_CRASH_AT="files_put")
    finish(center, "fetch")


def test_a_load_that_committed_but_could_not_hand_over_is_recorded_as_published(center):
    up_to(center, "load")
    center.do("killed", "load", SHUYUAN_CRASH_AT="files_put")
    assert center.do("another", "record")["made"] == "published"
    assert center.shared() == PUBLISHED


def test_the_record_waits_for_the_server(center):
    up_to(center, "load")
    center.do("third", "load")
    failed = center.do("fourth", "record", **away())
    assert (failed["code"], failed["passing"]) == ("P350", True)
    assert center.query("SELECT run_id FROM ledger.runs") == [], "nothing false is written meanwhile"
    assert center.do("fourth", "record")["made"] == "published"


def test_one_process_records_its_outage_without_the_server(center):
    """``shuyuan run``: what all stages found lies on this worker."""
    done = center.do("alone", ALL, **away())
    assert done["made"] == "failed"
    (line,) = center.query("SELECT problem_code FROM ledger.runs")
    assert line == {"problem_code": "P350"}


def test_a_server_that_lost_everything(tmp_path):
    """It was killed and a new one has taken its place, with the bucket and nothing in it."""
    with s3_server(tmp_path) as first:
        first.empty()
        center = Center(tmp_path / "center", f"s3://{BUCKET}/runs", first.environment)
        center.deliver(*ROWS)
        up_to(center, "check")
    failed = center.do("cut-off", "check")
    assert (failed["code"], failed["passing"]) == ("P350", True)
    with s3_server(tmp_path) as second:
        center.environment = second.environment
        refused = center.do("no-bucket", "fetch")
        assert (refused["code"], refused["passing"]) == ("P352", False)
        second.empty()
        assert center.do("empty", "check")["code"] == "P402"
        finish(center, "fetch")


def test_nothing_half_written_has_a_name_that_others_read(center, server):
    """Files of a killed attempt lie beside those of the one that completed, and no hand-over names them."""
    center.do("killed", "fetch", SHUYUAN_CRASH_AT="files_put")
    finish(center, "fetch")
    filesystem = server.filesystem()
    root = f"{BUCKET}/runs/traffic_police.vehicles/run-1"
    found = filesystem.get_file_info(pyarrow.fs.FileSelector(root))
    attempts = {one.base_name for one in found if not one.is_file and one.base_name.startswith("fetch-")}
    assert len(attempts) == 2
    with filesystem.open_input_stream(f"{root}/load.json") as source:
        said = source.read().decode()
    assert sum(attempt in said for attempt in attempts) == 1
