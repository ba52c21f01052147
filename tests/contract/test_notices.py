"""Every channel against a server of our own: what is delivered, what is certainly not, and what nobody knows."""

import email
import json
import logging
import time
import traceback
from email.policy import default

import pytest

from notice_scenes import message
from notice_servers import ACCOUNT, HOST, PASSWORD, SECRET, TOKEN, running
from shuyuan.entry import MailChannel, RobotChannel
from shuyuan.notices import channels
from shuyuan.notices.channels import NotSent, PerhapsSent, send
from shuyuan.problems import PlatformError
from shuyuan.sources import Connection

VENDORS = ("wecom", "dingtalk", "feishu")
HOSTILE = '户籍\r\nBcc: all@example.cn <at user_id="all">所有人</at> @all **粗** [点](http://e.cn) \u202e\u2028'


@pytest.fixture(scope="module")
def running_servers(tmp_path_factory):
    with running(tmp_path_factory.mktemp("tls")) as servers:
        yield servers


@pytest.fixture
def place(running_servers):
    mail, robots, authority = running_servers
    mail.fault, mail.letters, mail.logins = "", [], 0
    robots.answer, robots.delay, robots.cut, robots.headers = None, 0.0, False, {}
    robots.bodies, robots.asked = [], 0
    return mail, robots, {"ca_file": str(authority), "timeout": 1, "secret": SECRET}


def post(place, one=None, **changes):
    mail, _, extra = place
    channel = MailChannel(type="mail", connection="notices_smtp", sender="center@example.gov.cn")
    values = {"login": ACCOUNT, "password": PASSWORD, "host": HOST, "port": mail.port, "extra": extra} | changes
    send("post", channel, Connection("notices_smtp", "smtp", **values), one or message())


def call(place, vendor, one=None, **changes):
    _, robots, extra = place
    channel = RobotChannel(type=vendor, connection="notices_robot")
    values = {"password": TOKEN, "host": HOST, "port": robots.port, "extra": extra} | changes
    send("group", channel, Connection("notices_robot", "http", **values), one or message())


def letter(place):
    ((sender, to, text),) = place[0].letters
    return sender, to, email.message_from_bytes(text, policy=default)


def text_of(place):
    ((vendor, body),) = place[1].bodies
    return body["content"]["text"] if vendor == "feishu" else body["text"]["content"]


def test_a_letter_arrives_encrypted_and_whole(place):
    post(place, message(to=("a@example.gov.cn", "b@example.gov.cn")))
    sender, to, found = letter(place)
    assert place[0].logins == 1
    assert (sender, to) == ("center@example.gov.cn", ["a@example.gov.cn", "b@example.gov.cn"])
    assert found["Subject"] == "【数源】11月20日待办 1 项"
    assert found["Auto-Submitted"] == "auto-generated"
    assert "D410 取值：身份证件号码 不应重复：23 行" in found.get_content()


def test_the_same_letter_has_the_same_number(place):
    post(place)
    first = letter(place)[2]["Message-ID"]
    place[0].letters.clear()
    post(place)
    assert letter(place)[2]["Message-ID"] == first
    place[0].letters.clear()
    post(place, message(heading="婚姻登记"))
    assert letter(place)[2]["Message-ID"] != first


def test_a_hostile_title_writes_no_header_of_a_letter(place):
    from shuyuan.notices.message import fact

    post(place, message(subject=f"【数源】{fact(HOSTILE)}", heading=fact(HOSTILE)))
    _, to, found = letter(place)
    assert to == ["office@example.gov.cn"]
    assert found["Bcc"] is None
    assert found.get_content_type() == "text/plain"
    assert len(found["Subject"].splitlines()) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "code", "arrived"),
    [
        ("no_tls", NotSent, "P381", 0),
        ("no_login", NotSent, "P377", 0),
        ("no_recipient", NotSent, "P378", 0),
        ("busy", NotSent, "P378", 0),
        ("refuses_text", NotSent, "P378", 0),
        ("cut_before_text", NotSent, "P375", 0),
        ("cut_after_text", PerhapsSent, "P379", 1),
        ("silent", NotSent, "P375", 0),
    ],
)
def test_what_a_mail_server_does_wrong_is_told_apart(place, fault, kind, code, arrived, caplog):
    caplog.set_level(logging.DEBUG)
    place[0].fault = fault
    with pytest.raises(kind) as caught:
        post(place)
    assert caught.value.problem.code == code
    assert len(place[0].letters) == arrived
    said = caplog.text + str(caught.value) + repr(caught.value.__cause__)
    assert PASSWORD not in said
    assert "example.gov.cn" not in said


def test_a_server_that_answers_letter_by_letter_is_left_alone(place, monkeypatch):
    monkeypatch.setattr(channels, "WHOLE", 1.5)
    place[0].fault = "drips"
    began = time.monotonic()
    with pytest.raises(PerhapsSent, match="P379"):
        post(place)
    assert time.monotonic() - began < 3


def test_a_password_that_the_protocol_cannot_say(place):
    with pytest.raises(NotSent, match="P376"):
        post(place, password="口令")


def test_mail_over_tls_from_the_first_byte(place):
    place[0].fault = "tls_first"
    post(place, extra={**place[2], "security": "tls"})
    assert (place[0].logins, len(place[0].letters)) == (1, 1)


def test_a_mail_server_that_we_cannot_trust_gets_nothing(place):
    with pytest.raises(NotSent, match="P381"):
        post(place, extra={"timeout": 1})
    assert (place[0].logins, place[0].letters) == (0, [])


def test_nobody_there(place):
    with pytest.raises(NotSent, match="P375"):
        post(place, port=1)
    for vendor in VENDORS:
        with pytest.raises(NotSent, match="P375"):
            call(place, vendor, port=1)


@pytest.mark.parametrize(
    "changes", [{"host": None}, {"extra": {"security": "none"}}, {"extra": {"ca_file": "/nowhere"}}]
)
def test_a_mail_connection_that_cannot_be_used(place, changes):
    with pytest.raises(NotSent, match="P376"):
        post(place, **changes)


def test_a_timeout_that_is_none(place):
    with pytest.raises(PlatformError, match="P109"):
        post(place, extra={**place[2], "timeout": "long"})


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_robot_takes_the_signed_message(place, vendor):
    call(place, vendor)
    assert text_of(place).startswith("【数源】11月20日待办 1 项\n\n民政局：有 1 项需要处理。")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_hostile_title_mentions_nobody(place, vendor):
    from shuyuan.notices.message import fact

    call(place, vendor, message(heading=fact(HOSTILE)))
    text = text_of(place)
    assert not set("@<>\u202e\u2028\r") & set(text)
    assert "http://" not in text
    ((_, body),) = place[1].bodies
    assert body.get("msgtype", body.get("msg_type")) == "text"
    assert "true" not in json.dumps(body).lower()


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_message_is_cut_to_what_the_vendor_takes(place, vendor):
    call(place, vendor, message(items=400))
    text = text_of(place)
    assert "个资源没有列出，请看报告" in text
    assert len(text.encode()) <= {"wecom": 2048}.get(vendor, 15_000)


@pytest.mark.parametrize(("vendor", "code"), [("dingtalk", 310000), ("feishu", 19021)])
def test_a_wrong_signature_is_refused(place, vendor, code):
    with pytest.raises(NotSent, match="P378") as caught:
        call(place, vendor, extra={**place[2], "secret": "another"})
    assert caught.value.problem.facts["status"] == code
    assert place[1].bodies == []


@pytest.mark.parametrize(("vendor", "code"), [("wecom", 93000), ("dingtalk", 300001), ("feishu", 19001)])
def test_a_wrong_token_is_refused(place, vendor, code):
    with pytest.raises(NotSent, match="P378") as caught:
        call(place, vendor, password="another")
    assert caught.value.problem.facts["status"] == code


@pytest.mark.parametrize(
    ("vendor", "answer"),
    [
        ("wecom", '{"errcode":45009,"errmsg":"api freq out of limit"}'),
        ("dingtalk", '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}'),
        ("feishu", '{"code":11232,"msg":"frequency limited"}'),
    ],
)
def test_too_many_messages_is_a_code_of_its_own(place, vendor, answer):
    place[1].answer = (200, answer)
    with pytest.raises(NotSent, match="P380"):
        call(place, vendor)


@pytest.mark.parametrize(
    ("status", "text", "kind", "code"),
    [
        (429, "{}", NotSent, "P380"),
        (404, "no", NotSent, "P378"),
        (500, '{"errcode":0}', PerhapsSent, "P379"),
        (200, "<html>网关</html>", PerhapsSent, "P379"),
        (200, '{"errcode":"0"}', PerhapsSent, "P379"),
        (200, "[]", PerhapsSent, "P379"),
        (200, "[" * 60_000, PerhapsSent, "P379"),
        (200, '{"errcode":0,"errmsg":"' + "x" * 100_000 + '"}', PerhapsSent, "P379"),
    ],
)
def test_answers_that_are_not_a_yes(place, status, text, kind, code):
    place[1].answer = (status, text)
    with pytest.raises(kind, match=code):
        call(place, "wecom")


def test_the_old_answer_of_feishu_is_a_yes(place):
    place[1].answer = (200, '{"Extra":null,"StatusCode":0,"StatusMessage":"success"}')
    call(place, "feishu")


def test_a_redirection_is_not_followed(place):
    place[1].answer, place[1].headers = (302, ""), {"Location": f"https://{HOST}:{place[1].port}/robot/send"}
    with pytest.raises(NotSent, match="P378"):
        call(place, "wecom")
    assert place[1].asked == 1


@pytest.mark.parametrize("fault", ["slow", "cut"])
def test_a_line_that_breaks_after_the_message_leaves_it_unknown(place, fault):
    place[1].delay, place[1].cut = 3.0 * (fault == "slow"), fault == "cut"
    with pytest.raises(PerhapsSent, match="P379"):
        call(place, "dingtalk")


def test_a_robot_that_we_cannot_trust_gets_nothing(place):
    with pytest.raises(NotSent, match="P381"):
        call(place, "wecom", extra={"timeout": 1})
    assert place[1].asked == 0


@pytest.mark.parametrize("changes", [{"password": None}, {"host": "a b\n"}])
def test_a_robots_connection_that_cannot_be_used(place, changes):
    with pytest.raises(NotSent, match="P376"):
        call(place, "wecom", **changes)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", ["none", "refused", "unknown", "nobody"])
def test_no_secret_is_logged_or_raised(place, vendor, fault, caplog):
    caplog.set_level(logging.DEBUG)
    refusal = json.dumps({"errcode": 1, "code": 1, "errmsg": TOKEN})
    place[1].answer = {"refused": (200, refusal), "unknown": (502, TOKEN)}.get(fault)
    said = ""
    try:
        call(place, vendor, **({"port": 1} if fault == "nobody" else {}))
    except PlatformError as error:
        said = "".join(traceback.format_exception(error))
    assert bool(said) == (fault != "none")
    assert TOKEN not in said + caplog.text
    assert SECRET not in said + caplog.text
