"""Then and now: each kind of change, whether it breaks something, and whom it reaches."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from building import ENTRY, changed
from shuyuan.catalog.changes import Spec
from shuyuan.catalog.differences import Checkout, compare_catalogs
from shuyuan.catalog.entry_differences import compare_entry
from shuyuan.catalog.originals import keep_originals
from shuyuan.entry import Element, Entry

PEOPLE, NEW_PEOPLE, AID = "public_security.people", "health.residents", "civil_affairs.aid"
FIELDS = ENTRY["fields"]


def spec(told: dict[str, Any] | None = None, *, digest: str | None = None, **changes: Any) -> Spec:
    entry = keep_originals(Entry.model_validate(changed(ENTRY if told is None else told, changes)))
    dumped = entry.model_dump(mode="json", by_alias=True)
    return Spec(entry.id, digest or str(hash(str(dumped))), dumped)


def with_field(at: int, **changes: Any) -> list[dict[str, Any]]:
    fields = copy.deepcopy(FIELDS)
    fields[at] = {key: value for key, value in {**fields[at], **changes}.items() if value is not None}
    return fields


def found(then: Spec, now: Spec) -> list[tuple[str, str, bool]]:
    return [(one.what, one.key, one.breaking) for one in compare_entry(then, now)]


RULE = {"rule": "between", "field": "monthly_amount", "min": "0", "max": "5000"}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str, bool]]]] = {
    "nothing": ({}, {}, []),
    "an optional field": (
        {},
        {"fields": [*FIELDS, {"name": "phone", "title": "电话"}]},
        [("field_added", "fields.phone", True)],
    ),
    "a required field": (
        {},
        {"fields": [*FIELDS, {"name": "phone", "title": "电话", "required": True}]},
        [("field_added_required", "fields.phone", True)],
    ),
    "a field goes": ({}, {"fields": FIELDS[:3]}, [("field_removed", "fields.approved_on", True)]),
    "a field is renamed, the column stays": (
        {},
        {"fields": with_field(1, name="full_name")},
        [("field_renamed", "fields.person_name", True)],
    ),
    "a field and its column are renamed": (
        {},
        {"fields": with_field(1, **{"name": "full_name", "from": "XINGMING"})},
        [("field_renamed", "fields.person_name", True), ("field_from", "fields.full_name.from", True)],
    ),
    "another field in its place": (
        {},
        {"fields": with_field(1, **{"name": "phone", "from": "DH", "title": "联系电话"})},
        [("field_removed", "fields.person_name", True), ("field_added_required", "fields.phone", True)],
    ),
    "the source column": (
        {},
        {"fields": with_field(1, **{"from": "XINGMING"})},
        [("field_from", "fields.person_name.from", True)],
    ),
    "longer": ({}, {"fields": with_field(0, length=20)}, [("field_wider", "fields.id_card_no.length", False)]),
    "without limit": ({}, {"fields": with_field(0, length=None)}, [("field_wider", "fields.id_card_no.length", False)]),
    "shorter": ({}, {"fields": with_field(0, length=15)}, [("field_narrower", "fields.id_card_no.length", True)]),
    "a first limit": (
        {},
        {"fields": with_field(1, length=15)},
        [("field_narrower", "fields.person_name.length", True)],
    ),
    "more digits": (
        {},
        {"fields": with_field(2, type="decimal(12,2)")},
        [("field_wider", "fields.monthly_amount.type", False)],
    ),
    "fewer whole digits": (
        {},
        {"fields": with_field(2, type="decimal(10,4)")},
        [("field_narrower", "fields.monthly_amount.type", True)],
    ),
    "another kind": (
        {},
        {"fields": with_field(2, type="string")},
        [("field_type", "fields.monthly_amount.type", True)],
    ),
    "a whole number gets a fraction": (
        {"fields": with_field(2, type="integer")},
        {"fields": with_field(2, type="decimal(20,2)")},
        [("field_wider", "fields.monthly_amount.type", False)],
    ),
    "required now": (
        {},
        {"fields": with_field(2, required=True)},
        [("field_required", "fields.monthly_amount.required", True)],
    ),
    "optional now": (
        {},
        {"fields": with_field(1, required=False)},
        [("field_optional", "fields.person_name.required", False)],
    ),
    "a date is written otherwise": (
        {},
        {"fields": with_field(3, format="%Y%m%d")},
        [("field_format", "fields.approved_on.format", True)],
    ),
    "another unit": ({}, {"fields": with_field(2, unit="万元")}, [("field_unit", "fields.monthly_amount.unit", True)]),
    "a code table comes": (
        {},
        {"fields": with_field(1, codes="sex")},
        [("field_rule_added", "fields.person_name.codes", True)],
    ),
    "a check goes": (
        {"fields": with_field(0, check="resident_id")},
        {},
        [("field_rule_dropped", "fields.id_card_no.check", False)],
    ),
    "another pattern": (
        {"fields": with_field(0, pattern="[0-9]+")},
        {"fields": with_field(0, pattern="[0-9X]+")},
        [("field_rule_changed", "fields.id_card_no.pattern", True)],
    ),
    "masked": ({}, {"fields": with_field(1, mask="hide")}, [("field_mask", "fields.person_name.mask", False)]),
    "stored in its normal form": (
        {},
        {"fields": with_field(1, normalise=True)},
        [("field_normalised", "fields.person_name.normalise", False)],
    ),
    "stored as delivered again": (
        {"fields": with_field(1, normalise=True)},
        {},
        [("field_original_dropped", "fields.person_name.normalise", True)],
    ),
    "rows that the source does not know": (
        {},
        {"fields": with_field(0, unknown="reject")},
        [("copy_rejects", "fields.id_card_no.unknown", True)],
    ),
    "no longer compared": (
        {},
        {"fields": with_field(0, copy=False)},
        [("copy_stopped", "fields.id_card_no.copy", False)],
    ),
    "matched otherwise": (
        {},
        {"fields": with_field(1, match_by="id_card_no")},
        [("copy_match", "fields.person_name.match_by", False)],
    ),
    "a title": ({}, {"fields": with_field(1, title="姓 名")}, [("field_words", "fields.person_name", False)]),
    "the order, where it counts": (
        {"source": {"format": {"header": False}}},
        {"source": {"format": {"header": False}}, "fields": FIELDS[::-1]},
        [("fields_reordered", "fields", True)],
    ),
    "the order, where names tell": ({}, {"fields": FIELDS[::-1]}, []),
    "the key": ({}, {"load": {"key": ["person_name"]}}, [("key_changed", "load.key", True)]),
    "the mode": ({}, {"load": {"mode": "append"}}, [("mode_changed", "load.mode", True)]),
    "a merged table cannot change a type": (
        {"load": {"mode": "merge"}},
        {"load": {"mode": "merge"}, "fields": with_field(2, type="decimal(12,2)")},
        [("field_wider", "fields.monthly_amount.type", False), ("table_unfit", "fields.monthly_amount", True)],
    ),
    "a merged table cannot fill old rows": (
        {"load": {"mode": "merge"}},
        {"load": {"mode": "merge"}, "fields": [*FIELDS, {"name": "phone", "title": "电话", "required": True}]},
        [("field_added_required", "fields.phone", True), ("table_unfit", "fields.phone", True)],
    ),
    "a new rule": ({}, {"quality": {"rules": [RULE]}}, [("rule_added", "quality.rules", True)]),
    "a new rule that counts": (
        {},
        {"quality": {"rules": [{**RULE, "effect": "count"}]}},
        [("rule_added", "quality.rules", False)],
    ),
    "a rule goes": ({"quality": {"rules": [RULE]}}, {}, [("rule_dropped", "quality.rules", False)]),
    "a lower maximum": (
        {"quality": {"rules": [RULE]}},
        {"quality": {"rules": [{**RULE, "max": "900"}]}},
        [("rule_tightened", "quality.rules", True)],
    ),
    "a higher maximum": (
        {"quality": {"rules": [RULE]}},
        {"quality": {"rules": [{**RULE, "max": "10000"}]}},
        [("rule_loosened", "quality.rules", False)],
    ),
    "a minimum goes": (
        {"quality": {"rules": [RULE]}},
        {"quality": {"rules": [{**RULE, "min": None}]}},
        [("rule_loosened", "quality.rules", False)],
    ),
    "a harder effect": (
        {"quality": {"rules": [{**RULE, "effect": "count"}]}},
        {"quality": {"rules": [RULE]}},
        [("rule_tightened", "quality.rules", True)],
    ),
    "fewer values": (
        {"quality": {"rules": [{"rule": "one_of", "field": "person_name", "values": ["甲", "乙"]}]}},
        {"quality": {"rules": [{"rule": "one_of", "field": "person_name", "values": ["甲"]}]}},
        [("rule_tightened", "quality.rules", True)],
    ),
    "more values": (
        {"quality": {"rules": [{"rule": "one_of", "field": "person_name", "values": ["甲"]}]}},
        {"quality": {"rules": [{"rule": "one_of", "field": "person_name", "values": ["甲", "乙"]}]}},
        [("rule_loosened", "quality.rules", False)],
    ),
    "a suite": ({}, {"quality": {"suites": ["basic"]}}, [("rule_added", "quality.suites", True)]),
    "a stricter gate": (
        {},
        {"quality": {"gate": {"block_below": 80}}},
        [("gate_tightened", "quality.gate.block_below", True)],
    ),
    "a wider gate": (
        {},
        {"quality": {"gate": {"shrink_within": "50%", "allow_empty": True}}},
        [
            ("gate_loosened", "quality.gate.shrink_within", False),
            ("gate_loosened", "quality.gate.allow_empty", False),
        ],
    ),
    "sharing narrows": (
        {"sharing": {"type": "unconditional", "condition": None}},
        {},
        [("sharing_narrowed", "sharing.type", True), ("condition_changed", "sharing.condition", False)],
    ),
    "the level": ({}, {"level": "L3"}, [("level_changed", "level", False)]),
    "due earlier": ({}, {"update": {"due": "07:00"}}, [("schedule_tightened", "update", True)]),
    "due later": ({}, {"update": {"due": "10:00"}}, [("schedule_changed", "update", False)]),
    "less grace": ({}, {"update": {"grace": "30m"}}, [("schedule_tightened", "update", True)]),
    "more grace": ({}, {"update": {"grace": "1d"}}, [("schedule_changed", "update", False)]),
    "another cycle": ({}, {"update": {"cycle": "weekly"}}, [("schedule_tightened", "update", True)]),
    "another path": ({}, {"source": {"path": "/new/x.csv"}}, [("source_changed", "source.path", True)]),
    "another encoding": (
        {},
        {"source": {"format": {"encoding": "gb18030"}}},
        [("source_changed", "source.format.encoding", True)],
    ),
    "how long we wait": ({}, {"source": {"settle": "5m"}}, [("source_tuned", "source.settle", False)]),
    "a database instead": (
        {},
        {"source": {"type": "database", "table": "t", "path": None, "format": None}},
        [("source_type", "source.type", True)],
    ),
    "retired": ({}, {"status": "retired"}, [("entry_retired", "status", True)]),
    "suspended": ({}, {"status": "suspended"}, [("entry_stopped", "status", True)]),
    "back again": ({"status": "suspended"}, {}, [("entry_resumed", "status", False)]),
    "published": ({}, {"status": "published"}, [("status_changed", "status", False)]),
    "the code": ({}, {"code": "307010101/000099"}, [("code_changed", "code", True)]),
    "words": ({}, {"title": "最低生活保障家庭信息", "version": "1.0.1"}, [("words", "title", False)]),
}


@pytest.mark.parametrize("name", CASES)
def test_one_entry(name):
    before, after, expected = CASES[name]
    assert found(spec(**before), spec(**after)) == expected


def test_only_the_files_changed():
    assert found(spec(digest="a"), spec(digest="b")) == [("files_changed", "fields", False)]


ELEMENTS = {
    "resident_id": {"title": "公民身份号码", "source": PEOPLE},
    "person_name": {"title": "姓名", "length": 50, "source": PEOPLE},
}


def elements(**changes: Any) -> dict[str, dict[str, Any]]:
    told = {name: one for name, one in changed(ELEMENTS, changes).items() if one is not None}
    return {name: Element.model_validate(one).model_dump(mode="json") for name, one in told.items()}


def held(entry_id: str, number: int, known: dict[str, dict[str, Any]], *names: str, **more: Any) -> Spec:
    """An entry whose fields take their length from the elements ``names``."""
    fields = [
        {
            "name": name,
            "title": name,
            "type": "string",
            "element": name,
            "required": True,
            "length": known[name]["length"],
            **more,
        }
        for name in names
    ]
    told = {"id": entry_id, "code": f"307010101/{number:06}", "title": f"资源{number}号", "fields": fields}
    made = spec(changed(ENTRY, {**told, "load": {"key": [names[0]]}}))
    return Spec(made.entry_id, made.digest, made.entry, {name: known[name] for name in names})


def catalogs(then: dict[str, Any], now: dict[str, Any], names: tuple[str, str] = ("resident_id", "person_name")):
    """People are the source, aid holds copies; compare both catalogs."""
    sides = []
    for known in (then, now):
        mine = [name if name in known else "full_name" for name in names]
        source = held(PEOPLE, 1, known, *mine, authoritative=True)
        sides.append([source, held(AID, 2, known, *mine)])
    return compare_catalogs(sides[0], Checkout({one.entry_id: one for one in sides[1]}, now))


def test_nothing_changed():
    assert catalogs(elements(), elements()) == ()


def test_the_authority_moves():
    moved = elements(resident_id={"source": NEW_PEOPLE})
    (change,) = catalogs(elements(), moved)
    assert (change.what, change.subject, change.key, change.breaking) == (
        "authority_moved",
        "resident_id",
        "resident_id.source",
        True,
    )
    assert change.departments == ("civil_affairs", "health", "public_security")
    assert (change.facts["before"], change.facts["after"], change.facts["entries"]) == (PEOPLE, NEW_PEOPLE, AID)
    assert PEOPLE in change.message
    assert change.next_step


def test_an_authority_is_named_or_dropped():
    none = elements(person_name={"source": None})
    assert [(one.what, one.breaking) for one in catalogs(none, elements())] == [("authority_named", False)]
    assert [(one.what, one.breaking) for one in catalogs(elements(), none)] == [("authority_dropped", True)]


@pytest.mark.parametrize(
    ("changes", "what", "breaking"),
    [
        ({"length": 20}, "element_stricter", True),
        ({"length": 80}, "element_looser", False),
        ({"mask": "hide"}, "element_mask", False),
        ({"normal_form": "name"}, "element_form", False),
        ({"meaning": "户口登记的姓名"}, "element_words", False),
    ],
)
def test_what_an_element_asks_is_told_once(changes, what, breaking):
    (change,) = catalogs(elements(), elements(person_name=changes))
    assert (change.what, change.subject, change.breaking) == (what, "person_name", breaking)
    assert change.departments == ("civil_affairs", "public_security")


def test_a_field_that_departs_from_its_element_speaks_for_itself():
    known, shorter = elements(), elements(person_name={"length": 40})
    then, now = held(AID, 2, known, "person_name"), held(AID, 2, shorter, "person_name")
    own = Spec(AID, "x", {**now.entry, "fields": [{**now.entry["fields"][0], "length": 10}]}, now.elements)
    changes = compare_catalogs([then], Checkout({AID: own}, shorter))
    assert [(one.what, one.subject) for one in changes] == [
        ("field_narrower", AID),
        ("element_stricter", "person_name"),
    ]


def test_an_element_renamed_is_told_once():
    renamed = elements(person_name=None, full_name={"title": "姓名", "length": 50, "source": PEOPLE})
    sides = []
    for known, name in ((elements(), "person_name"), (renamed, "full_name")):
        entry = held(AID, 2, known, name).entry
        field = {**entry["fields"][0], "name": "person_name", "title": "姓名"}
        sides.append(
            Spec(AID, name, {**entry, "load": {**entry["load"], "key": ["x"]}, "fields": [field]}, {name: known[name]})
        )
    (change,) = compare_catalogs(sides[:1], Checkout({AID: sides[1]}, renamed))
    assert (change.what, change.subject, change.facts["after"]) == ("element_renamed", "person_name", "full_name")


def test_an_element_dropped():
    gone = {name: one for name, one in elements().items() if name != "person_name"}
    known = elements()
    then = held(AID, 2, known, "resident_id", "person_name")
    now = held(AID, 2, gone, "resident_id")
    changes = compare_catalogs([then], Checkout({AID: now}, gone))
    assert [(one.what, one.subject, one.breaking) for one in changes] == [
        ("field_removed", AID, True),
        ("element_dropped", "person_name", True),
    ]


def test_the_newest_run_is_believed_of_an_element():
    old, new = elements(), elements(person_name={"source": NEW_PEOPLE})
    then = [held("a.x", 1, new, "person_name"), held(AID, 2, old, "person_name")]
    now = [held("a.x", 1, new, "person_name"), held(AID, 2, new, "person_name")]
    assert compare_catalogs(then, Checkout({one.entry_id: one for one in now}, new)) == ()


def test_entries_come_and_go():
    first, second = spec(), spec(id="civil_affairs.other", code="307010101/000099", title="另一项")
    (new,) = compare_catalogs([], Checkout({first.entry_id: first}))
    assert (new.what, new.breaking, new.departments) == ("entry_new", False, ("civil_affairs",))
    (gone,) = compare_catalogs([first, second], Checkout({first.entry_id: first}))
    assert (gone.what, gone.subject, gone.breaking) == ("entry_gone", "civil_affairs.other", True)
    (broken,) = compare_catalogs([first], Checkout({}, {}, frozenset({first.entry_id})))
    assert broken.what == "entry_broken"
    moved = spec(id="civil_affairs.households")
    (renamed,) = compare_catalogs([first], Checkout({moved.entry_id: moved}))
    assert (renamed.what, renamed.facts["after"]) == ("entry_renamed", moved.entry_id)


def test_a_draft_is_no_news_and_what_stopped_before_is_not_missed():
    draft = spec(status="draft")
    assert compare_catalogs([], Checkout({draft.entry_id: draft})) == ()
    assert compare_catalogs([spec(status="retired")], Checkout({})) == ()


def test_who_holds_copies_is_reached_and_breaking_comes_first():
    known = elements()
    then = [
        held(PEOPLE, 1, known, "resident_id", "person_name", authoritative=True),
        held(AID, 2, known, "person_name"),
    ]
    wider = held(PEOPLE, 1, known, "resident_id", authoritative=True)
    titled = Spec(AID, "x", {**then[1].entry, "summary": "另一段话"}, then[1].elements)
    changes = compare_catalogs(then, Checkout({PEOPLE: wider, AID: titled}, known))
    assert [(one.what, one.breaking) for one in changes] == [("field_removed", True), ("words", False)]
    assert changes[0].departments == ("civil_affairs", "public_security")
    assert changes[0].consumers
