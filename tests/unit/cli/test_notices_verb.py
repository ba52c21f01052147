"""``shuyuan notices``: look, send, list."""

import json

import pytest
from rich.cells import cell_len

from notice_rooms import lines, make_room
from notice_scenes import scene, told
from notice_servers import ACCOUNT, HOST, PASSWORD, running
from shuyuan.cli import main
from shuyuan.cli.notices import list_lines
from shuyuan.notices.planning import plan_messages


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    return make_room(tmp_path, "failed", "P101", year=2025)  # the verbs look at the clock


def call(project, capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["--project", str(project.root), "notices", *arguments])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def test_a_look_prints_the_messages_and_sends_none(project, capsys):
    code, out, err = call(project, capsys, "--dry-run")
    assert code == 0
    assert "── 平台故障，发给 center，经通道 post\n【数源】平台故障 P101：影响 1 个资源\n" in out
    assert "共 2 条。" in out
    assert "这里没有发出任何通知" in err
    assert lines(project) == []


def test_sending_and_listing(project, capsys, tmp_path, monkeypatch):
    """A fault of ours goes out whatever the hour, so that this test needs no clock."""
    with running(tmp_path) as (mail, _, authority):
        connection = {
            "conn_type": "smtp", "host": HOST, "port": mail.port, "login": ACCOUNT, "password": PASSWORD,
            "extra": {"ca_file": str(authority)},
        }  # fmt: skip
        monkeypatch.setenv("AIRFLOW_CONN_NOTICES_SMTP", json.dumps(connection))
        code, out, _ = call(project, capsys, "--send")
        assert (code, "■ 已送达  center  【数源】平台故障 P101：影响 1 个资源" in out) == (0, True)
        faults = sum(b"P101" in text or b"5bmz5Y+w5pWF6Zqc" in text for _, _, text in mail.letters)
        assert (faults, len(mail.letters)) == (1, len(out.splitlines()))
    code, out, _ = call(project, capsys, "list")
    assert code == 0
    assert "平台故障" in out
    assert "■ 已送达" in out


def test_a_failure_is_an_exit_code(project, capsys, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_NOTICES_SMTP", raising=False)
    code, out, err = call(project, capsys, "--send")
    assert code == 1
    assert "✕ 没有送出 P108" in out
    assert "shuyuan notices list" in err


def test_neither_or_both_is_wrong_usage(project, capsys):
    assert call(project, capsys)[0] == 2
    assert call(project, capsys, "--send", "--dry-run")[0] == 2


def test_without_channels_it_says_so(project, capsys):
    project.notices.unlink()
    code, _, err = call(project, capsys, "--send")
    assert (code, "没有通道" in err) == (1, True)
    code, out, err = call(project, capsys, "--dry-run")
    assert (code, "没有登记去处" in out, "没有通道" in err) == (0, True, True)
    code, out, _ = call(project, capsys, "list")
    assert (code, out) == (0, "还没有发过通知。\n")


@pytest.mark.parametrize("width", [64, 80, 160])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_list_fits_the_terminal(monkeypatch, width, language):
    monkeypatch.setenv("SHUYUAN_LANG", language)
    (digest,) = plan_messages(scene({}, "17:30"))
    kinds = [told(digest, outcome, error_code=code) for outcome, code in (("sent", None), ("unknown", "P382"))]
    failed = told(digest, "failed", recipient="department:civil_affairs", error_code="P375")
    printed = list_lines([*kinds, failed], width)
    assert len(printed) == 4
    assert "P375" in printed[1]
    assert max(map(cell_len, printed)) <= width
