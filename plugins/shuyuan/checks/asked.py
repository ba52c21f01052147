"""A request as two tables in a database of its own in memory, so that all cases are answered at once.

``cases``: ``_case`` and the case's items; ``people``: ``_person``, ``_case``, the case's items and the person's. An
item ``x`` is ``_i_x`` (canonical text, ``NULL`` for none) and ``_n_x`` (the same in its element's normal form). A
source's field never begins with an underscore, so nothing of ours is taken for it. Nothing is ever spilled to a disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from shuyuan.checks.request import Request
from shuyuan.entry import Check, Element
from shuyuan.normal_forms import FORMS, SETTLED, NormalForm

MEMORY = "512MB"


@dataclass(frozen=True)
class Asked:
    """What is asked. ``people`` has all subjects in the order of the cases; ``first[k]`` is case ``k``'s first one."""

    connection: duckdb.DuckDBPyConnection
    check: Check
    elements: Mapping[str, Element]
    first: Sequence[int]
    persons: int

    @property
    def cases(self) -> int:
        """How many cases there are."""
        return len(self.first)

    def form_of(self, element: str | None) -> NormalForm:
        """The normal form of an element's values; as they are where there is none."""
        known = self.elements.get(element or "")
        return known.normal_form if known is not None else "exact"


def open_asked(request: Request, check: Check, elements: Mapping[str, Element]) -> Asked:
    """Lay a request out in memory. Whoever opens it closes its connection."""
    connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "temp_directory": ""})
    first, persons = [], 0
    for case in request.cases:
        first.append(persons)
        persons += len(case.subjects)
    asked = Asked(connection, check, elements, first, persons)
    numbers = [number for number, case in enumerate(request.cases) for _ in case.subjects]
    cases: dict[str, pa.Array] = {"_case": pa.array(range(len(request.cases)), pa.int64())}
    people: dict[str, pa.Array] = {"_case": pa.array(numbers, pa.int64())}
    people["_person"] = pa.array(range(persons), pa.int64())
    for item in check.case:
        form = asked.form_of(item.element)
        given = text_array([case.items.get(item.name) for case in request.cases])
        cases |= {f"_i_{item.name}": given, f"_n_{item.name}": normal_array(given, form)}
        people |= {name: cases[name].take(people["_case"]) for name in (f"_i_{item.name}", f"_n_{item.name}")}
    for item in check.subjects:
        form = asked.form_of(item.element)
        given = text_array([person.get(item.name) for case in request.cases for person in case.subjects])
        people |= {f"_i_{item.name}": given, f"_n_{item.name}": normal_array(given, form)}
    keep(connection, "cases", pa.table(cases))
    keep(connection, "people", pa.table(people))
    return asked


def keep(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Make a table of Arrow's."""
    connection.register("arriving", table)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM arriving")
    connection.unregister("arriving")


def text_array(values: Sequence[str | None]) -> pa.Array:
    """Texts, of which a blank one is none."""
    return pa.array([value if value and value.strip() else None for value in values], pa.string())


def normal_array(texts: pa.Array, form: NormalForm) -> pa.Array:
    """Texts in a normal form, each different one made once; a blank one is none."""
    coded = texts.dictionary_encode()
    normal = normaliser(form)
    known = [normal(text) or None for text in coded.dictionary.to_pylist()]
    return pa.array(known, pa.string()).take(coded.indices)


def normaliser(form: NormalForm) -> Callable[[str], str]:
    """What makes a normal form, leaving alone what surely is in it already."""
    make = FORMS[form]
    if form not in SETTLED:
        return make
    settled = re.compile(SETTLED[form])
    return lambda text: text if settled.fullmatch(text) else make(text)
