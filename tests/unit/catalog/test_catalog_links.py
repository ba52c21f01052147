"""Which fields are copies of which entry, and by which key: find_links and resource_links."""

from __future__ import annotations

from pathlib import Path

import pytest

from building import ENTRY, changed, entry_text, make_project, yaml_of
from shuyuan.catalog import load_resource, resource_links, unusable_sources
from shuyuan.catalog.links import Copied, Link, Unmatched, find_links
from shuyuan.entry import Element, Entry

PEOPLE, PLATES, BENEFITS = "public_security.people", "traffic_police.vehicles", "civil_affairs.benefits"
ELEMENTS = {
    "resident_id": Element(title="公民身份号码", source=PEOPLE),
    "person_name": Element(title="姓名", source=PEOPLE),
    "sex": Element(title="性别", source=PEOPLE),
    "plate_number": Element(title="号牌号码", source=PLATES),
    "plate_type": Element(title="号牌种类", source=PLATES),
    "vehicle_use": Element(title="使用性质", source=PLATES),
    "amount": Element(title="金额", source=BENEFITS),
    "note": Element(title="备注"),
}


def field(name, element=None, **more):
    return {"name": name, "title": name, "type": "string", **({"element": element} if element else {}), **more}


def entry(*fields, key=None, id="a.copy"):
    key = [fields[0]["name"]] if key is None else key
    return Entry.model_validate(changed(ENTRY, {"id": id, "fields": list(fields), "load": {"key": key}}))


def own(name, element):
    return field(name, element, authoritative=True)


SOURCES = {
    PEOPLE: entry(own("id_no", "resident_id"), own("full_name", "person_name"), own("sex", "sex"), id=PEOPLE),
    PLATES: entry(
        own("plate", "plate_number"),
        own("kind", "plate_type"),
        own("use", "vehicle_use"),
        key=["plate", "kind"],
        id=PLATES,
    ),
    BENEFITS: entry(field("id_no", "resident_id"), own("amount", "amount"), id=BENEFITS),
}


def links(*fields, sources=SOURCES, elements=ELEMENTS, **more):
    return find_links(entry(*fields, **more), elements, sources.get)


def to_people(key, *copied, unknown="count"):
    return Link("a.copy", PEOPLE, ((key, "id_no"),), ("resident_id",), tuple(Copied(*one) for one in copied), unknown)


NAME = ("name", "full_name", "person_name")

CASES = {
    "nothing is copied": ([field("x"), field("y", "note")], []),
    "the key alone is a reference": ([field("id", "resident_id")], [to_people("id")]),
    "an attribute finds the only key": (
        [field("id", "resident_id"), field("name", "person_name"), field("sex", "sex")],
        [to_people("id", NAME, ("sex", "sex", "sex"))],
    ),
    "two people in one row": (
        [
            field("husband", "resident_id"),
            field("wife", "resident_id"),
            field("name", "person_name", match_by="wife"),
        ],
        [to_people("husband"), to_people("wife", NAME)],
    ),
    "a definition only borrowed is no copy and no key": (
        [
            field("id", "resident_id"),
            field("former", "resident_id", copy=False),
            field("name", "person_name"),
            field("before", "sex", copy=False),
        ],
        [to_people("id", NAME)],
    ),
    "what is authoritative here is no copy": ([own("id", "resident_id")], []),
    "a compound key": (
        [field("kind", "plate_type"), field("plate", "plate_number"), field("use", "vehicle_use")],
        [
            Link(
                "a.copy",
                PLATES,
                (("plate", "plate"), ("kind", "kind")),
                ("plate_number", "plate_type"),
                (Copied("use", "use", "vehicle_use"),),
                "count",
            )
        ],
    ),
    "the same person in two sources": (
        [field("id", "resident_id"), field("money", "amount")],
        [
            Link(
                "a.copy",
                BENEFITS,
                (("id", "id_no"),),
                ("resident_id",),
                (Copied("money", "amount", "amount"),),
                "count",
            ),
            to_people("id"),
        ],
    ),
    "reject speaks of the field's own source only": (
        [field("id", "resident_id", unknown="reject"), field("money", "amount")],
        [
            Link(
                "a.copy",
                BENEFITS,
                (("id", "id_no"),),
                ("resident_id",),
                (Copied("money", "amount", "amount"),),
                "count",
            ),
            to_people("id", unknown="reject"),
        ],
    ),
    "an attribute may reject too": (
        [field("id", "resident_id"), field("name", "person_name", unknown="reject")],
        [to_people("id", NAME, unknown="reject")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_links(name):
    fields, expected = CASES[name]
    assert links(*fields) == (tuple(expected), ())


def test_two_vehicles_in_one_row_name_their_keys_in_any_order():
    found, unmatched = links(
        field("plate1", "plate_number", match_by=["kind1", "plate1"]),
        field("kind1", "plate_type", match_by=["plate1", "kind1"]),
        field("plate2", "plate_number", match_by=["plate2", "kind2"]),
        field("kind2", "plate_type", match_by=["plate2", "kind2"]),
    )
    assert unmatched == ()
    assert [one.key_name for one in found] == ["plate1+kind1", "plate2+kind2"]
    assert all(one.copied == () for one in found)


def test_a_copy_may_be_authority_of_the_key_that_finds_it():
    people = changed(ENTRY, {"id": PEOPLE, "load": {"key": ["id_no"]}})
    people["fields"] = [own("id_no", "resident_id"), field("money", "amount")]
    found, unmatched = find_links(Entry.model_validate(people), ELEMENTS, SOURCES.get)
    assert unmatched == ()
    assert [(one.source_id, one.key, one.copied) for one in found] == [
        (BENEFITS, (("id_no", "id_no"),), (Copied("money", "amount", "amount"),))
    ]


def keyed(*fields, key):
    return {**SOURCES, PEOPLE: entry(*fields, key=key, id=PEOPLE)}


MISSED = {
    "no key here": ([field("name", "person_name")], SOURCES, Unmatched("name", PEOPLE, "absent", "resident_id")),
    "half of a compound key": (
        [field("plate", "plate_number")],
        SOURCES,
        Unmatched("plate", PLATES, "absent", "plate_type"),
    ),
    "two candidates": (
        [field("a", "resident_id"), field("b", "resident_id"), field("name", "person_name")],
        SOURCES,
        Unmatched("name", PEOPLE, "unclear", "resident_id", ("a", "b")),
    ),
    "match_by names no field": (
        [field("id", "resident_id"), field("name", "person_name", match_by="idd")],
        SOURCES,
        Unmatched("name", PEOPLE, "wrong", "resident_id", ("idd",)),
    ),
    "match_by names a field of another element": (
        [field("id", "resident_id"), field("sex", "sex"), field("name", "person_name", match_by="sex")],
        SOURCES,
        Unmatched("name", PEOPLE, "wrong", "resident_id", ("sex",)),
    ),
    "match_by names too many": (
        [field("a", "resident_id"), field("b", "resident_id"), field("name", "person_name", match_by=["a", "b"])],
        SOURCES,
        Unmatched("name", PEOPLE, "wrong", "resident_id", ("a", "b")),
    ),
    "a key that points to another key": (
        [field("a", "resident_id"), field("b", "resident_id", match_by="a")],
        SOURCES,
        Unmatched("b", PEOPLE, "wrong", "resident_id", ("a",)),
    ),
    "the source's key has no element": (
        [field("id", "resident_id"), field("name", "person_name")],
        keyed(field("no"), own("id_no", "resident_id"), own("full_name", "person_name"), key=["no"]),
        Unmatched("name", PEOPLE, "keyless"),
    ),
    "the source's key only borrows its definition": (
        [field("money", "amount")],
        {BENEFITS: entry(field("id_no", "resident_id", copy=False), own("amount", "amount"), id=BENEFITS)},
        Unmatched("money", BENEFITS, "keyless"),
    ),
    "the source has two people in its key and we one": (
        [field("id", "resident_id"), field("money", "amount")],
        {
            BENEFITS: entry(
                field("a", "resident_id"),
                field("b", "resident_id"),
                own("amount", "amount"),
                key=["a", "b"],
                id=BENEFITS,
            )
        },
        Unmatched("money", BENEFITS, "absent", "resident_id"),
    ),
    "the source has two people in its key and so have we": (
        [field("x", "resident_id"), field("y", "resident_id"), field("money", "amount")],
        {
            BENEFITS: entry(
                field("a", "resident_id"),
                field("b", "resident_id"),
                own("amount", "amount"),
                key=["a", "b"],
                id=BENEFITS,
            )
        },
        Unmatched("money", BENEFITS, "unclear", "resident_id", ("x", "y")),
    ),
}


@pytest.mark.parametrize("name", MISSED)
def test_no_way_to_match(name):
    fields, sources, expected = MISSED[name]
    assert expected in links(*fields, sources=sources)[1]


def test_two_people_of_one_key_can_be_named():
    source = entry(
        field("a", "resident_id"), field("b", "resident_id"), own("amount", "amount"), key=["a", "b"], id=BENEFITS
    )
    fields = [field("x", "resident_id"), field("y", "resident_id"), field("money", "amount", match_by=["y", "x"])]
    (found,), unmatched = links(*fields, sources={BENEFITS: source})
    assert unmatched == ()
    assert found.key == (("y", "a"), ("x", "b"))


def test_a_source_that_is_not_there_gives_no_link():
    assert links(field("id", "resident_id"), sources={}) == ((), ())


def test_a_source_without_the_attribute_still_answers_for_its_key():
    sources = {PEOPLE: entry(own("id_no", "resident_id"), id=PEOPLE)}
    (found,), _ = links(field("id", "resident_id"), field("name", "person_name"), sources=sources)
    assert found.copied == ()


PROJECT_ELEMENTS = yaml_of(
    {
        "resident_id": {"title": "公民身份号码", "source": PEOPLE},
        "person_name": {"title": "姓名", "source": PEOPLE},
        "amount": {"title": "金额", "source": BENEFITS},
    }
)
COPY = [field("id", "resident_id", required=True), field("name", "person_name"), field("money", "amount")]


def text(id, number, fields, **more):
    facts = {"id": id, "code": f"307010101/{number:06}", "title": f"资源{number}号", "fields": fields}
    return entry_text(**facts, source={"path": f"/out/{number}.csv"}, load={"key": [fields[0]["name"]]}, **more)


def project(tmp_path, people=None):
    fields = [{**own("id_no", "resident_id"), "required": True}, own("full_name", "person_name")]
    entries = {
        "a.copy": text("a.copy", 1, COPY),
        PEOPLE: text(PEOPLE, 2, fields) if people is None else people,
        BENEFITS: text(BENEFITS, 3, [field("id_no", "resident_id", required=True), own("amount", "amount")]),
    }
    entries |= {f"b.other_{n}": text(f"b.other_{n}", 10 + n, COPY) for n in range(20)}
    return make_project(tmp_path, entries, elements=PROJECT_ELEMENTS)


def test_the_links_of_one_entry_read_only_its_sources(tmp_path, monkeypatch):
    resource = load_resource(project(tmp_path), "a.copy")
    opened = []
    real_open = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *args, **more: (opened.append(self), real_open(self, *args, **more))[1]
    )
    found = resource_links(resource)
    assert [one.source_id for one in found] == [BENEFITS, PEOPLE]
    read = {f"{path.parent.name}.{path.stem}" for path in opened if path.parent.parent.name == "catalog_specs"}
    assert read == {PEOPLE, BENEFITS, "public_security._department", "civil_affairs._department"}
    assert unusable_sources(resource) == {}


@pytest.mark.parametrize("state", ["broken", "missing", "retired"])
def test_a_source_that_cannot_be_used_is_told(tmp_path, state):
    fields = [{**own("id_no", "resident_id"), "required": True}, own("full_name", "person_name")]
    broken = text(PEOPLE, 2, fields, **({"status": "retired"} if state == "retired" else {"level": "L9"}))
    here = project(tmp_path, broken)
    if state == "missing":
        (here.specs / "public_security" / "people.yaml").unlink()
    resource = load_resource(here, "a.copy")
    assert [one.source_id for one in resource_links(resource)] == [BENEFITS]
    assert unusable_sources(resource) == {PEOPLE: ("id", "name")}
