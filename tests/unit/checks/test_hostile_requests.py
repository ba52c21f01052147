"""208 hostile requests: each is refused, or kept as the text that it is; no message repeats what was typed."""

import pytest

from asked_checks import BY_NUMBER, CHECK, NUMBER, SIGNED, WHO, a_row, make_asked
from checked_county import REGISTER, number, publish_all
from shuyuan.checks.registering import register
from shuyuan.checks.running import run
from shuyuan.problems import ShuyuanError

PAYLOADS = (
    "' OR 1=1 --", "'; DROP TABLE ledger.audit; --", '" OR ""="', "1) UNION SELECT * FROM share.t --", "%s %(x)s {x}",
    "{{ var.value.key }}", "${jndi:ldap://x}", "$(rm -rf /)", "`id`", "../../etc/passwd", "/etc/passwd", "a\x00b",
    "a\nb", "a\u202eb", "\ufeffx", "=cmd|'/c calc'!A1", "+1+1", "@SUM(1)", "<script>alert(1)</script>",
    "<img onerror=x src=y>", "١٥٩٩٠١١٩٧٠٠١٠١٠٠١٥", "1" * 18, "9" * 100_000, "\ud800", "request;id", "张三' --",
)  # fmt: skip
PLACES = ("request_id", "check", "department", NUMBER, BY_NUMBER, "身份号码", SIGNED, "column")
CASES = [(place, payload) for place in PLACES for payload in PAYLOADS]


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        made = make_asked(tmp_path_factory.mktemp("hostile") / "center", patch)
        publish_all(made, {REGISTER: [(number(1), "张三", "H1", "02")]})
        yield made


def test_there_are_two_hundred():
    assert len(CASES) >= 200


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_text_is_refused_and_not_repeated(county, place):
    for payload in PAYLOADS:
        with pytest.raises(ShuyuanError) as caught:
            _send(county, place, payload)
        assert payload not in str(caught.value)
        assert repr(payload)[1:-1] not in repr(caught.value.problem.facts)
    assert county.query("SELECT count(*) AS n FROM ledger.check_requests") == [{"n": 0}]
    assert county.query("SELECT person_name FROM share.public_security__register") == [{"person_name": "张三"}]


def test_a_name_is_kept_as_the_text_that_it_is(county):
    """A name has no rule but its length: whatever it is, it is a value of a statement, and another name."""
    kept = [payload for payload in PAYLOADS if _registered(county, payload)]
    assert len(kept) >= 15
    assert county.query("SELECT person_name FROM share.public_security__register") == [{"person_name": "张三"}]
    county.query("SELECT count(*) AS n FROM ledger.audit")


def _registered(county, payload):
    try:
        made = register(county.project, CHECK, [a_row(1, **{"姓名": payload})], *WHO, county.now)
    except ShuyuanError:
        return False
    return run(county.project, made.request_id, county.now) == {"cases": 1, "pass": 0, "fail": 0, "review": 1}


def _send(county, place, payload):
    if place == "request_id":
        run(county.project, payload, county.now)
    elif place == "check":
        register(county.project, payload, [a_row(1)], *WHO, county.now)
    elif place == "department":
        register(county.project, CHECK, [a_row(1)], payload, *WHO[1:], county.now)
    elif place == "column":
        register(county.project, CHECK, [a_row(1) | {payload: "x"}], *WHO, county.now)
    else:
        register(county.project, CHECK, [a_row(1, **{place: payload})], *WHO, county.now)
