"""The month's figures once more, the slow way: loops over raw ledger rows, nothing of the product's own code.

It is what somebody with the published formulas, a printed ledger and patience would do. Rows are dictionaries as the
ledger has them; instants are naive UTC, Beijing time is eight hours ahead.
"""

from datetime import date, datetime, timedelta

import chinese_calendar

EIGHT = timedelta(hours=8)
SIX = {"01": "normativity", "02": "completeness", "03": "accuracy", "04": "consistency", "05": "timeliness",
       "06": "accessibility"}  # fmt: skip
WEIGHTS = {"linked": 15, "fresh": 30, "quality": 30, "response": 15, "used": 10}


def beijing_day(instant):
    return (instant + EIGHT).date()


def days_of_month(month):
    year, number = int(month[:4]), int(month[5:])
    before = (year, number - 1) if number > 1 else (year - 1, 12)
    return date(*before, 28), date(year, number, 27)


def figures(ledger, entries, month, now, demands=()):
    """``ledger``: table → rows. ``entries``: id, department, shared (bool), grace (timedelta). ``now``: naive UTC.

    ``demands``: department, limit_on, answered_on, withdrawn; limits are given, not computed here.
    """
    first, last = days_of_month(month)
    closing = datetime(last.year, last.month, last.day) + timedelta(days=1)  # 28th 08:00 in Beijing
    seen = min(now, closing)
    result = {"entries": {}, "departments": {}}
    for entry in entries:
        result["entries"][entry["id"]] = figures_of_entry(ledger, entry, first, last, seen)
    names = []
    for entry in entries:
        if entry["department"] not in names:
            names.append(entry["department"])
    for name in names:
        mine = [entry for entry in entries if entry["department"] == name]
        result["departments"][name] = figures_of_department(ledger, name, mine, result, first, last, seen, demands)
    ranked = [one for one in result["departments"].values() if one["due"] >= 5 and one["owed"]]
    for one in result["departments"].values():
        one["rank"] = None
        if one in ranked:
            better = 0
            for other in ranked:
                if round(other["score"], 2) > round(one["score"], 2):
                    better += 1
            one["rank"] = better + 1
    return result


def figures_of_entry(ledger, entry, first, last, seen):
    met = due = came = 0
    for row in ledger["freshness"]:
        if row["entry_id"] != entry["id"] or row["due_at"] > seen:
            continue
        if not first <= beijing_day(row["due_at"] + entry["grace"]) <= last:
            continue
        state = row["state"]
        if row["arrived_at"] is not None and row["arrived_at"] > seen and state != "excluded":
            state = "missing" if seen > row["due_at"] + entry["grace"] else "waiting"
        if state in ("excluded", "waiting"):
            continue
        due += 1
        if state in ("on_time", "no_change"):
            met += 1
        if state != "missing":
            came += 1
    runs = []
    for run in ledger["runs"]:
        in_month = first <= beijing_day(run["started_at"]) <= last and run["started_at"] <= seen
        if run["entry_id"] == entry["id"] and in_month:
            runs.append(run)
    checked = None
    for run in runs:
        if run["delivered"] is None or run["outcome"] not in ("published", "blocked", "failed"):
            continue
        if checked is None or (run["started_at"], run["run_id"]) > (checked["started_at"], checked["run_id"]):
            checked = run
    scores = {}
    if checked is not None:
        for row in ledger["rule_results"]:
            if row["run_id"] != checked["run_id"] or row["errored"] or not row["evaluated"]:
                continue
            if row["rule"].startswith("table.") or row["code"].startswith("D5"):
                continue
            share = 100 - 100 * row["unexpected"] / row["evaluated"]
            scores.setdefault(SIX[row["indicator"][:2]], []).append(share)
    if "consistency" not in scores:
        newest = {}
        for row in ledger["comparisons"]:
            if (
                row["entry_id"] == entry["id"]
                and row["compared_at"] <= seen
                and beijing_day(row["compared_at"]) <= last
            ):
                copy = (row["field"], row["source_id"])
                if copy not in newest or row["compared_at"] > newest[copy]["compared_at"]:
                    newest[copy] = row
        found = [row["score"] for row in newest.values() if row["state"] == "compared" and row["score"] is not None]
        if found:
            scores["consistency"] = found
    if "accessibility" not in scores:
        usable = ended = 0
        for run in runs:
            if run["outcome"] == "dry_run" or run["outcome"] is None or (run["problem_code"] or "").startswith("P"):
                continue
            ended += 1
            usable += run["outcome"] in ("published", "unchanged")
        if ended:
            scores["accessibility"] = [100 * usable / ended]
    if due and not came and not (checked is not None):
        scores = {"timeliness": [0.0]}
    dimensions = {name: sum(values) / len(values) for name, values in scores.items()}
    quality = sum(dimensions.values()) / len(dimensions) if dimensions else None
    published = False
    for run in ledger["runs"]:
        ended = run["finished_at"]
        mine = run["entry_id"] == entry["id"] and run["outcome"] == "published"
        if mine and ended is not None and ended <= seen and beijing_day(ended) <= last:
            published = True
    return {"met": met, "due": due, "dimensions": dimensions, "quality": quality, "published": published}


def figures_of_department(ledger, name, mine, result, first, last, seen, demands):
    met = due = owed = linked = 0
    qualities = []
    for entry in mine:
        one = result["entries"][entry["id"]]
        met, due = met + one["met"], due + one["due"]
        if one["quality"] is not None:
            qualities.append(one["quality"])
        if entry["shared"]:
            owed += 1
            linked += one["published"]
    timely = asked = 0
    for demand in demands:
        if demand["department"] != name or not first <= demand["limit_on"] <= last or demand["withdrawn"]:
            continue
        if demand["answered_on"] is not None and demand["answered_on"] <= beijing_day(seen):
            asked += 1
            timely += demand["answered_on"] <= demand["limit_on"]
        elif beijing_day(seen) > demand["limit_on"]:
            asked += 1
    for row in ledger["corrections"]:
        if row["department"] != name or not first <= row["due_on"] <= last or row["opened_at"] > seen:
            continue
        answered = row["answered_at"] if row["answered_at"] and row["answered_at"] <= seen else None
        closed = row["closed_at"] if row["closed_at"] and row["closed_at"] <= seen else None
        if answered is None and closed is not None and row["state"] == "explained":
            continue  # its copy is compared no longer: nothing was owed
        moments = [moment for moment in (answered, closed) if moment]
        if moments:
            asked += 1
            timely += beijing_day(min(moments)) <= row["due_on"]
        elif beijing_day(seen) > row["due_on"]:
            asked += 1
    parts = {
        "linked": 100 * linked / owed if owed else None,
        "fresh": 100 * met / due if due else None,
        "quality": sum(qualities) / len(qualities) if qualities else None,
        "response": 100 * timely / asked if asked else None,
        "used": None,
    }
    weight = sum(WEIGHTS[part] for part in WEIGHTS if parts[part] is not None)
    score = sum(WEIGHTS[part] * parts[part] for part in WEIGHTS if parts[part] is not None) / weight if weight else None
    return {"met": met, "due": due, "owed": owed, "timely": timely, "asked": asked, "score": score, **parts}


def limit_of_demand(steps, days):
    """The last working day of so many after the first step; from 补正 to its return no day counts."""
    day, left = steps[0]["date"], days
    while left:
        day += timedelta(days=1)
        stopped = False
        for number, step in enumerate(steps):
            if step["step"] == "supplement" and day > step["date"]:
                if number + 1 == len(steps):
                    return date.max  # nobody has come back yet
                stopped = stopped or day <= steps[number + 1]["date"]
        if not stopped and chinese_calendar.is_workday(day):
            left -= 1
    return day


def demand_of(written, sharing):
    """A demand as its file says; ``sharing`` is the wanted entry's type, ``None`` when the catalog has none."""
    steps = written["steps"]
    limit = limit_of_demand(steps, 1 if sharing == "unconditional" else 10)
    answered = None
    for step in steps:
        if step["step"] in ("agree", "refuse") and answered is None:
            answered = step["date"]
    withdrawn = steps[-1]["step"] == "withdraw" and answered is None
    return {"department": written["provider"], "limit_on": limit, "answered_on": answered, "withdrawn": withdrawn}
