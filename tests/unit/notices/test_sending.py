"""Sending: what the ledger says of each message, tried again when it failed, never delivered twice."""

from datetime import timedelta

import pytest

from notice_rooms import NOTICES, add_run, lines, make_room
from notice_scenes import at
from shuyuan.catalog import CatalogError
from shuyuan.notices import preview, send_notices, sending
from shuyuan.notices.channels import NotSent, PerhapsSent
from shuyuan.problems import PlatformError
from shuyuan.sources import Connection
from shuyuan.warehouses import open_warehouse


class Post:
    """Stands for all channels; ``fails`` are the errors of the next attempts."""

    def __init__(self):
        self.taken, self.asked, self.fails = [], 0, []

    def __call__(self, name, channel, connection, message):
        self.asked += 1
        if self.fails and (error := self.fails.pop(0)):
            raise error
        self.taken.append(message)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    return make_room(tmp_path)


@pytest.fixture
def post(monkeypatch):
    made = Post()
    monkeypatch.setattr(sending, "send", made)
    return made


def sweep(project, now):
    return [one.outcome for one in send_notices(project, at(now), lambda name: Connection(name, "smtp"))]


def outcome(project):
    return [(line["kind"], line["outcome"], line["attempts"], line["error_code"]) for line in lines(project)]


def test_a_message_is_delivered_once_however_often_the_sweep_runs(project, post):
    assert [sweep(project, now) for now in ("09:15", "09:30", "09:45", "16:00")] == [[], ["sent"], [], []]
    assert len(post.taken) == 1
    (line,) = lines(project)
    assert (line["recipient"], line["channel"], line["matters"]) == ("steward:mz-jzg", "post", 1)
    assert (line["outcome"], line["digest"]) == ("sent", post.taken[0].digest)
    assert line["sent_at"].isoformat() == "2026-11-20T01:30:00"


def test_without_its_ledger_the_same_message_would_be_sent_twice(project, post):
    sweep(project, "09:30")
    with open_warehouse(project).session() as session:
        session.execute("DELETE FROM ledger.notices")
    sweep(project, "09:45")
    assert len(post.taken) == 2
    assert post.taken[0].digest == post.taken[1].digest


def test_the_same_is_not_said_on_the_next_day_but_a_change_is(project, post):
    sweep(project, "09:30")
    assert sweep(project, "2026-11-23 09:30") == []
    add_run(project, "blocked", "D601", day=23)
    assert sweep(project, "2026-11-23 09:45") == ["sent"]


def test_no_personal_word_is_in_the_ledger(project, post):
    sweep(project, "09:30")
    assert "@" not in str(lines(project))
    assert "example" not in str(lines(project))


def test_a_failure_is_tried_again_after_a_growing_pause(project, post):
    post.fails = [NotSent("P375", channel="post")] * 3
    tried = [
        now for now in range(0, 300, 15) if sweep(project, (at("09:30") + timedelta(minutes=now)).strftime("%H:%M"))
    ]
    assert tried == [0, 15, 45, 105]
    assert outcome(project) == [("daily", "sent", 4, None)]
    assert len(post.taken) == 1


def test_it_is_given_up_in_the_end(project, post):
    post.fails = [NotSent("P377", channel="post")] * 99
    for minutes in range(0, 630, 15):
        sweep(project, (at("09:30") + timedelta(minutes=minutes)).strftime("%H:%M"))
    assert ("daily", "failed", 6, "P377") in outcome(project)
    assert post.taken == []


def test_what_is_tried_again_says_how_things_are_now(project, post):
    post.fails = [NotSent("P375", channel="post")]
    sweep(project, "09:30")
    add_run(project, "published", None, day=20)
    assert sweep(project, "09:45") in ([], ["sent"])
    assert all("D602" not in one.text() for one in post.taken)


def test_an_unknown_outcome_is_said_and_never_sent_again(project, post):
    post.fails = [PerhapsSent("P379", channel="post")]
    assert [sweep(project, now) for now in ("09:30", "10:30", "16:00")] == [["unknown"], [], []]
    assert outcome(project) == [("daily", "unknown", 1, "P379")]
    sweep(project, "17:30")
    assert "不知是否送达 1 条" in post.taken[-1].text()


def test_a_missing_connection_is_a_failure_with_its_code(project, post):
    def connect(name):
        raise PlatformError("P108", connection=name)

    made = send_notices(project, at("09:30"), connect)
    assert [(one.outcome, one.code) for one in made] == [("failed", "P108")]
    assert post.asked == 0


def test_a_failure_of_one_keeps_no_other_from_being_sent(project, post):
    add_run(project, "failed", "P101", day=20)
    post.fails = [NotSent("P375", channel="post")]
    assert sweep(project, "17:30") == ["failed", "sent"]


def test_a_process_that_died_leaves_an_unknown_outcome(project, post, monkeypatch):
    class Dead(BaseException):
        pass

    post.fails = [Dead()]
    with pytest.raises(Dead):
        sweep(project, "09:30")
    assert sweep(project, "09:40") == []
    assert outcome(project) == [("daily", "sending", 1, None)]
    assert sweep(project, "09:46") == []
    assert outcome(project) == [("daily", "unknown", 1, "P382")]
    assert post.taken == []


def test_without_channels_nothing_is_read_or_sent(tmp_path, monkeypatch, post):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    project = make_room(tmp_path, notices="kind: Notices\n")
    monkeypatch.setattr(sending, "open_warehouse", lambda project: pytest.fail("read"))
    assert sweep(project, "09:30") == []


def test_wrong_settings_send_nothing(project, post):
    project.notices.write_text(NOTICES.replace("channel: post", "channel: pots"), encoding="utf-8")
    with pytest.raises(CatalogError, match="E337"):
        sweep(project, "09:30")
    assert post.asked == 0


def test_a_look_sends_nothing_and_needs_no_time(project, post):
    with open_warehouse(project).session() as session:
        messages = preview(project, at("2026-11-21 03:00"), session)
    assert [one.kind for one in messages] == ["daily", "digest"]
    assert (post.asked, lines(project)) == (0, [])
    assert preview(project, at("10:00"), None) == []
