"""What stops a publication, and what does not."""

import pytest


def test_a_shrunken_full_delivery(judge, good):
    assert judge(good, volumes=[4]).blocked_by == ("table.shrink",)
    assert judge(good, volumes=[4], gate={"block_below": 0, "shrink_within": "25%"}).blocked_by == ()
    assert judge(good, volumes=[4], mode="append").blocked_by == ()
    assert judge(good, volumes=[]).blocked_by == ()


def test_exactly_the_allowed_shrinkage_passes(judge):
    rows = [{"id_card_no": None, "person_name": f"甲{chr(0x4E00 + number)}"} for number in range(8)]
    optional = [{**judge.fields[0], "required": False}, *judge.fields[1:]]
    verdict = judge(rows, volumes=[10], fields=optional)
    assert verdict.blocked_by == ()


def test_an_empty_delivery(judge):
    assert judge([]).blocked_by == ("table.empty",)
    assert judge([], volumes=[9]).blocked_by == ("table.empty", "table.shrink")
    assert judge([], volumes=[9], mode="merge").blocked_by == ("table.empty",)
    assert judge([], volumes=[9], gate={"allow_empty": True}).blocked_by == ()


def test_a_delivery_of_which_nothing_is_left(judge):
    verdict = judge([{}, {}], gate={"allow_empty": True, "block_below": 0})
    assert (verdict.accepted, verdict.blocked_by) == (0, ("table.empty",))


def test_a_low_score(judge, good, result_of):
    verdict = judge([*good, {}], gate={"block_below": 99})
    assert verdict.blocked_by == ("table.score",)
    assert result_of(verdict, "table.score").observed == f"{verdict.score:.1f}"


def test_no_score_is_no_low_score(judge):
    verdict = judge([], gate={"block_below": 99, "allow_empty": True})
    assert (verdict.score, verdict.scores, verdict.blocked_by) == (None, {}, ())


@pytest.mark.parametrize(
    ("rule", "volumes", "blocked"),
    [
        ({"min": 4}, [], True),
        ({"max": 2}, [], True),
        ({"min": 3, "max": 3}, [], False),
        ({"change_within": "50%"}, [2, 3, 9], False),
        ({"change_within": "10%"}, [2, 4, 4], True),
        ({"change_within": "10%"}, [], False),
        ({"min": 4, "effect": "count"}, [], False),
    ],
)
def test_the_number_of_rows(judge, rule, volumes, blocked, good, result_of):
    verdict = judge(good, volumes=volumes, mode="append", rules=[{"rule": "row_count", **rule}])
    assert verdict.blocked_by == (("table.row_count",) if blocked else ())
    assert result_of(verdict, "table.row_count").observed == "3"


def test_one_bad_row_of_a_blocking_rule_rejects_no_row(judge, good):
    verdict = judge(good, rules=[{"rule": "between", "field": "amount", "min": "2", "effect": "block"}])
    assert (verdict.blocked_by, verdict.rejected) == (("amount.between",), 0)
