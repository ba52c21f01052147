"""Addresses of staging areas, and whole files to and from one."""

import stat

import pytest

from shuyuan.pipeline.staging import StagedFile
from shuyuan.pipeline.staging_area import Area, Measured
from shuyuan.problems import PassingError, PlatformError


@pytest.mark.parametrize(
    "url",
    ["ftp://host/x", "bucket/prefix", "s3://", "file://", "file:///", "file://elsewhere/x", "s3:///prefix"],
)
def test_addresses_that_are_none(url):
    with pytest.raises(PlatformError) as caught:
        Area.open(url)
    assert caught.value.problem.code == "P353"


@pytest.mark.parametrize("url", ["s3://AKIAKEY:topsecret@bucket/x", "s3://bucket/x?secret_key=topsecret"])
def test_a_secret_in_an_address_is_refused_and_not_repeated(url):
    with pytest.raises(PlatformError) as caught:
        Area.open(url)
    assert caught.value.problem.code == "P353"
    assert "topsecret" not in str(caught.value) + repr(caught.value)


@pytest.fixture
def area(tmp_path):
    return Area.open(f"file://{tmp_path}/the%20area")


def test_there_and_back(area, tmp_path):
    (tmp_path / "a").write_bytes(b"rows")
    sent = area.send(tmp_path / "a", "e/r/x/a")
    assert sent == Measured.of(tmp_path / "a")
    area.bring("e/r/x/a", tmp_path / "b" / "c", sent)
    assert (tmp_path / "b" / "c").read_bytes() == b"rows"
    assert [one.path for one in area.objects("e")] == ["e/r/x/a"]
    assert area.objects("e/r", deep=False) == []


def test_a_folder_is_ours_alone(area, tmp_path):
    area.write("e/r/one.json", "{}")
    assert stat.S_IMODE((tmp_path / "the area").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "the area" / "e" / "r").iterdir()) == ["one.json"]


def test_an_old_file_stays_when_the_new_one_is_not_what_it_must_be(area, tmp_path):
    (tmp_path / "a").write_bytes(b"new")
    area.send(tmp_path / "a", "a")
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(PlatformError) as caught:
        area.bring("a", tmp_path / "b", Measured(3, "0" * 64))
    assert caught.value.problem.code == "P351"
    assert (tmp_path / "b").read_bytes() == b"old"
    assert not (tmp_path / "b.part").exists()


def test_a_folder_that_refuses_and_one_that_fails(area, monkeypatch):
    for raised, kind, code in (
        (PermissionError(13, "no"), PlatformError, "P352"),
        (OSError(5, "io"), PassingError, "P350"),
    ):

        def fail(*_, error=raised):
            raise error

        monkeypatch.setattr(Area, "_make_folder", fail)
        with pytest.raises(PlatformError) as caught:
            area.write("a", "b")
        assert (type(caught.value), caught.value.problem.code) == (kind, code)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "raw/../../x", ""])
def test_a_hand_over_cannot_lead_out_of_the_run_directory(path):
    with pytest.raises(ValueError, match="leads out"):
        StagedFile(path=path, object="o", size=1, sha256="0")
