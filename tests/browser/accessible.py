"""What axe-core says of a page: nothing that keeps somebody from using it may be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

GRAVE = ("serious", "critical")
# the rules of axe itself, also its best practices; only what is broken comes back, not what is well
OPTIONS = {"resultTypes": ["violations"]}
SHOWN = 5


def assert_accessible(page: Any, where: str = "") -> None:
    """Fails with a readable list of what is serious or critical on the page as it stands now.

    `where` is put above the list; without it the address of the page. Parts that are hidden are not looked at:
    open a menu or a dialog first.
    """
    found = grave(page)
    assert not found, report(found, where or page.url)


def grave(page: Any, rules: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The violations of axe with the impact serious or critical; of all rules, or of these."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    answer = page.evaluate("options => axe.run(document, options)",
                           OPTIONS | ({"runOnly": list(rules)} if rules else {}))
    return [one for one in answer["violations"] if one["impact"] in GRAVE]


def report(found: list[dict[str, Any]], where: str) -> str:
    """Per rule: what is wrong, the elements, and what would mend them."""
    return "\n".join([f"{where}: {len(found)} rules are broken", *(line for one in found for line in _rule(one))])


def _rule(one: dict[str, Any]) -> Iterator[str]:
    nodes = one["nodes"]
    yield f"\n{one['impact']}: {one['help']} ({one['id']}), {len(nodes)} times"
    for node in nodes[:SHOWN]:
        yield f"  {' '.join(str(part) for part in node['target'])}"
        yield f"    {' '.join(node['html'].split())[:160]}"
        yield from (f"    - {said['message']}" for said in node["any"] + node["all"] + node["none"])
    if len(nodes) > SHOWN:
        yield f"  and {len(nodes) - SHOWN} more"
