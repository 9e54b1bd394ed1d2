"""One sentence that names an incident: what is wrong with which nodes, and what shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.detect.states import EMPTYING, LATE
from aftershock.model import Category
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from aftershock.detect.grouping import Group
    from aftershock.detect.rows import Finding
    from aftershock.detect.scene import Scene

NAMES = 3
CONTRACT = "contract"
HAS = {
    "null-test": "missing values",
    "values-test": "values that are not accepted",
    "relationships-test": "values that are not in the table that they refer to",
    "distinct-test": "another number of different values than expected",
}
"""What values have in a title that says all, by the rule that found them."""


def title(group: Group, scene: Scene, lead: Finding) -> str:
    """The title of an incident, without a full stop.

    Args:
        group: its evidence.
        scene: names its nodes.
        lead: the finding that says most about it.
    """
    if not group.nodes:
        return _nameless(group, scene, lead)
    names = listing([scene.label(node) for node in group.nodes], NAMES)
    head = _head(group, names, lead, many=len(group.nodes) > 1)
    tail = _tail(group, scene, lead)
    if not tail or tail.startswith("("):
        return f"{head} {tail}".rstrip()
    return f"{head}{';' if ': ' in tail else ':'} {tail}"


def _nameless(group: Group, scene: Scene, lead: Finding) -> str:
    """Of a hook after the run, or of results whose node the manifest does not have."""
    if lead.unique_id.startswith("operation."):
        return f"The hook {scene.label(lead.unique_id)} failed: {lead.reading.says.rpartition('; ')[2]}"
    what = lead.unique_id if len(group.findings) == 1 else counted(len(group.findings), "result")
    return f"{what} failed, and manifest.json does not say for which data: {lead.reading.says}"


def _head(group: Group, names: str, lead: Finding, *, many: bool) -> str:
    is_, was, have = ("are", "were", "have") if many else ("is", "was", "has")
    reading = lead.reading
    if group.category is Category.SCHEMA_BREAK:
        return _broken(group, names, lead, have=have)
    if group.category is Category.PIPELINE_FAILURE:
        if reading.about_test:
            return f"Tests of {names} could not run"
        return f"How old {names} {is_} is not known" if lead.file == "sources" else f"{names} {was} not built"
    if group.category is Category.STALE_DATA:
        return f"{names} may be late" if lead.status == "absent" else f"{names} {is_} late"
    where = f"column {group.columns[0]} of {names}" if not many and len(group.columns) == 1 else names
    if group.category is Category.DATA_LOSS:
        return f"Rows {'are' if any(item.reading.confirmed for item in group.roots) else 'may be'} missing in {names}"
    return f"Rows came more than once in {where}" if group.category is Category.DUPLICATE_LOAD else _wrong(where, lead, have=have)


def _wrong(where: str, lead: Finding, *, have: str) -> str:
    """Wrong values, in the words of the test where those make a sentence."""
    found = HAS.get(lead.reading.rule)
    if found is None:
        return f"Values are wrong in {where}"
    return f"{'C' + where[1:] if where.startswith('column ') else where} {have} {found}"


def _broken(group: Group, names: str, lead: Finding, *, have: str) -> str:
    reading = lead.reading
    column = group.columns[0] if len(group.columns) == 1 else ""
    reads = "read" if len(group.nodes) > 1 else "reads"
    if group.origin and reading.missing:
        return f"{names} lost its column {column}" if reading.rule == "missing-column" else f"{names} is not there any more"
    if reading.rule == CONTRACT:
        return f"{names} do not select the columns of their contracts" if len(group.nodes) > 1 else f"{names} does not select the columns of its contract"
    if reading.rule == "missing-column":
        return f"{names} {reads} a column {column}{' ' if column else ''}that is not there"
    if reading.rule == "missing-relation":
        return f"{names} {reads} a table {reading.relation}{' ' if reading.relation else ''}that is not there"
    return (
        f"{names} {have} other columns than before"
        if lead.file == "catalog"
        else f"Columns are not as {names} expect{'' if len(group.nodes) > 1 else 's'} them"
    )


def _tail(group: Group, scene: Scene, lead: Finding) -> str:
    """What the lead says, and how much more there is."""
    number = len(group.findings)
    if lead.reading.missing:
        return f"{counted(number, 'result')} {'fails' if number == 1 else 'fail'} because of it" if group.origin else ""
    differ = lead.reading.rule not in EMPTYING and len({item.reading.says for item in group.roots}) > 1
    whose = f"{scene.label(lead.nodes[0])}: " if len(group.nodes) > 1 and len(lead.nodes) == 1 and differ else ""
    others = sum(item is not lead and item.unique_id not in group.nodes for item in group.findings)
    more = f" (and {counted(others, 'more result')})" if others else ""
    if _says_all(group, lead):
        return more.strip()
    if lead.reading.rule == LATE.name and len(group.nodes) > 1:
        return f"their newest rows are older than their freshness allows{more}"
    return f"{whose}{lead.reading.says}{more}"


def _says_all(group: Group, lead: Finding) -> bool:
    """Whether the beginning of the title says what the lead does."""
    return lead.reading.rule in {*HAS, CONTRACT} and group.category is lead.reading.category
