"""What was read from a router, told to the product: how each connection is, and what nobody expected. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from modules.networking.drivers.routeros.mapping import MARK, View
from modules.networking.drivers.routeros.tables import LISTS, MENUS, PPP, Tables
from modules.networking.drivers.routeros.tables import address as address_of
from modules.networking.ports import Access, Seen, Wanted
from modules.networking.words import ON


def seen(access: Access, tables: Tables, wanted: Sequence[Wanted], found: Mapping[int, View]) -> Seen:
    """What was read, and what nobody expected."""
    differences = {}
    for one in wanted:
        view = found[one.connection_id]
        differences[one.connection_id] = view.difference or (_difference(one, view) if view.sets else "")
    there = [view for view in found.values() if view.is_there]
    return Seen({key: view.state for key, view in found.items()}, {key: view.speed for key, view in found.items()},
                differences, strays(access, tables, wanted), len(found) - len(there),
                bool(there) and all(view.is_off for view in there), session_addresses(tables, wanted))


def session_addresses(tables: Tables, wanted: Iterable[Wanted]) -> dict[int, str]:
    """What those who are connected by PPPoE have now; what two have at once is nobody's."""
    users = {name: address_of(rows[-1].get("address", "")) for name, rows in tables.actives.items()}
    holders = Counter(address_of(row.get("address", "")) for rows in tables.actives.values() for row in rows)
    return {one.connection_id: users[one.key] for one in wanted
            if one.method in PPP and users.get(one.key) and holders[users[one.key]] == 1}


def _difference(one: Wanted, view: View) -> str:
    if one.state != view.state:
        return "still_cut" if one.state == ON else "still_on"
    return "speed"


def strays(access: Access, tables: Tables, wanted: Sequence[Wanted]) -> list[dict[str, str]]:
    """What bears our mark, or is on our list or profile, and belongs to none of these connections."""
    marks = {one.mark for one in wanted}
    addresses = {one.address or one.key for one in wanted if one.method == "address_list"}
    keys = {(MENUS[one.method][0], one.key) for one in wanted if one.method in MENUS}
    found = []
    for address, rows in tables.entries.items():
        if address not in addresses and any(row.get("dynamic") != "true" for row in rows):
            found.append({"menu": LISTS[0], "name": address, "detail": rows[0].get("comment", "")})
    for menu, by_key in tables.by_menu.items():
        for key, rows in by_key.items():
            comment = rows[0].get("comment", "")
            ours = comment.startswith(MARK) and comment not in marks
            if (menu, key) not in keys and (ours or rows[0].get("profile") == access.cut_profile):
                found.append({"menu": menu, "name": key, "detail": comment or rows[0].get("profile", "")})
    return found
