"""Entries that are read from a table of a department's SQLite database, for tests that run DAGs."""

import json

from building import entry_text


def vehicle_entry(name: str, **changes):
    """An entry that reads table ``name`` of the department's SQLite database."""
    return (
        entry_text(
            **{
                "id": f"traffic_police.{name}",
                "code": f"306027/{sum(name.encode()):06d}",
                "title": f"机动车{name}",
                "status": "published",
                "published_on": "2026-01-01",
                "source": None,
                "fields": [
                    {"name": "plate", "title": "号牌号码", "type": "string", "required": True, "length": 10},
                    {"name": "seats", "title": "核定载客", "type": "integer"},
                ],
                "load": {"key": ["plate"]},
                "update": {"cycle": "daily", "calendar": "everyday"},
            }
            | changes
        )
        + f"source: {json.dumps({'type': 'database', 'connection': 'traffic_police_db', 'table': name})}\n"
    )
