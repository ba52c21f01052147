"""What a job does with its run directory, with and without a staging area."""

import pytest

from rooms import make_room
from shuyuan import pipeline
from shuyuan.pipeline.staging import LOOK, RECORDED, Staging
from shuyuan.pipeline.staging_area import Area
from shuyuan.problems import PlatformError


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_STAGING", raising=False)
    monkeypatch.setenv("SHUYUAN_VAR", str(tmp_path / "var"))
    made = make_room(tmp_path)
    made.deliver([("A1", "5")])
    return made


def test_without_an_area_everything_stays_in_the_run_directory(room):
    job = room.job()
    assert job.staging is None
    assert job.place == str(job.workdir)
    list(pipeline.run(job))
    assert (job.workdir / "batch.parquet").exists()
    job.leave()
    assert (job.workdir / "batch.parquet").exists()


def test_a_run_is_over_from_its_record_until_a_stage_begins_again(room):
    job = room.job()
    list(pipeline.run(job))
    assert (job.workdir / RECORDED).exists()
    pipeline.read(job)
    assert not (job.workdir / RECORDED).exists()


def test_a_first_look_at_files_travels_to_the_worker_that_looks_again(tmp_path):
    area = Area.open(f"file://{tmp_path}/area")
    first, second = (tmp_path / name for name in ("first", "second"))
    for folder in (first, second):
        folder.mkdir()
    (first / LOOK).write_text('{"since": "2026-11-20T08:00:00"}', encoding="utf-8")
    Staging(area, "a.b/run", first).put_fault("fetch")
    Staging(area, "a.b/run", second).bring("fetch")
    assert (second / LOOK).read_text(encoding="utf-8") == (first / LOOK).read_text(encoding="utf-8")


def test_a_wrong_address_is_a_problem_of_the_stage(room, monkeypatch):
    monkeypatch.setenv("SHUYUAN_STAGING", "s3://key:secret@bucket")
    with pytest.raises(PlatformError) as caught:
        pipeline.fetch(room.job())
    assert caught.value.problem.code == "P353"
    assert "secret@" not in str(caught.value)
