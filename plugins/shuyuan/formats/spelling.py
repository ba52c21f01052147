"""``normalise: true``: delivered text → the text in its normal form, and the delivered text beside it.

Readers know nothing of this: they yield one column for each column of the delivery. A text without its normal
form's letters left (blanks alone) is no value. Each distinct text of a piece is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from shuyuan.catalog.originals import delivered_fields, forms_of
from shuyuan.entry import Element, Entry
from shuyuan.normal_forms import FORMS


class Spelling:
    """Turns the columns of a piece (one string array per delivered column) into those of the entry's fields."""

    def __init__(self, entry: Entry, elements: Mapping[str, Element]) -> None:
        forms = forms_of(entry, elements)
        places = [place for place, field in enumerate(delivered_fields(entry)) if field.normalise]
        self._normalised: dict[int, Callable[[str], str]] = {
            place: FORMS[forms.get(entry.fields[place].name, "exact")] for place in places
        }

    def spread(self, columns: list[pa.Array]) -> list[pa.Array]:
        """Return the columns in their normal forms, then the originals; nothing is done where no field asks."""
        if not self._normalised:
            return columns
        spelled = list(columns)
        for place, normalise in self._normalised.items():
            spelled[place] = _apply(columns[place], normalise)
        return [*spelled, *(columns[place] for place in self._normalised)]


def _apply(column: pa.Array, normalise: Callable[[str], str]) -> pa.Array:
    """Return the string array with ``normalise`` done to its texts; an empty result is NULL."""
    encoded = column.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    spelled = [normalise(text) or None for text in texts]
    if spelled == texts:
        return column
    return pa.array(spelled, pa.string()).take(encoded.indices)
