"""An answer in its one writing, over which its verification code is made."""

from __future__ import annotations

import json
from dataclasses import astuple, fields
from datetime import date, datetime
from typing import Any

from shuyuan.checks.answer import Answer


def canonical(answer: Answer) -> bytes:
    """Return everything that an answer says but its verification code: JSON, UTF-8, no blanks, names in order."""
    said = {one.name: getattr(answer, one.name) for one in fields(answer) if one.name != "verification"}
    said["sources"] = [astuple(source) for source in answer.sources]
    said["cases"] = [
        [
            case.number,
            dict(case.items),
            [dict(subject) for subject in case.subjects],
            [[line.rule, line.subject, line.state, line.found, dict(line.facts)] for line in case.lines],
            case.conclusion,
            case.authorization,
        ]
        for case in answer.cases
    ]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_written).encode()


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else dict(value)
