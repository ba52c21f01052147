"""What a rule of a verdict is about, in people's words: the fields' titles, the sentence, what to do."""

from __future__ import annotations

from shuyuan.entry import Entry
from shuyuan.language import say
from shuyuan.stages import RuleResult


def columns_of_rule(entry: Entry, result: RuleResult) -> tuple[str, ...]:
    """Return the fields whose cells a rule is about; none for a rule about records or about the delivery."""
    if result.field is not None:
        return (result.field,)
    if result.rule == "key.unique":
        return entry.load.key
    head, _, rest = result.rule.partition(".")
    named = rest.partition(".")[0] if head == "unique" else head
    known = {field.name for field in entry.fields}
    return tuple(name for name in named.split("+") if name in known)


def title_of_rule(entry: Entry, result: RuleResult) -> str:
    """Return the titles of the fields that a rule is about; its id when it is about none."""
    titles = [entry.field(name).title for name in columns_of_rule(entry, result)]
    return say("check.join").join(titles) or result.rule


def what_is_asked(entry: Entry, result: RuleResult) -> str:
    """Return what the rule asks of a row: “身份证件号码”必填."""
    return say(f"rule.{result.code}", title=title_of_rule(entry, result), rule=result.rule)


def what_is_wrong(entry: Entry, result: RuleResult) -> str:
    """Return what the rule found: “身份证件号码”有 3 行为空."""
    return say(result.code, **_facts(entry, result))


def what_to_do(entry: Entry, result: RuleResult) -> str:
    """Return what the department should do about it; may be empty."""
    return say(result.code, "next", **_facts(entry, result))


def _facts(entry: Entry, result: RuleResult) -> dict[str, object]:
    observed = result.observed or ""
    title = title_of_rule(entry, result)
    return {"title": title, "count": f"{result.unexpected:,}", "rule": result.rule, "observed": observed}
