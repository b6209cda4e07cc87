"""From what should be and what was read to what must be written, and back: whether it is as it should be. Pure.

Order: restores before cuts, and for each connection first what the router stores, then the session. Speeds are
"up/down" in kb/s here and upload/download on the router, as the router sees them: the subscriber's upload first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from modules.networking.drivers.routeros.tables import LISTS, OPEN, PPP, Row, Tables
from modules.networking.drivers.routeros.tables import address as address_of
from modules.networking.ports import Access, Step, Wanted
from modules.networking.words import CUT, GONE, ON

MOST_IDS = 50
MARK = "abona:contract:"
# kept where sessions are kept, until the router answered: what he has open is to be closed
STILL_OPEN = "open"
# profiles that we made for plans
OURS = "abona-"
UNITS = {"": 1, "k": 1000, "M": 1_000_000, "G": 1_000_000_000}


@dataclass
class View:
    """One connection as it is: what it is (on, cut, gone, ""), its speed, what is in the way, and what to write."""

    state: str = ""
    speed: str = ""
    difference: str = ""
    sets: list[Write] = field(default_factory=list)
    kicks: list[Write] = field(default_factory=list)
    former: Mapping[str, str] = field(default_factory=dict)
    sessions: str = ""
    # what is open from here is to be closed, so that it does not go on past the rules
    closes: str = ""
    closes6: str = ""
    is_there: bool = True
    is_off: bool = False


@dataclass(frozen=True)
class Write:
    """A command for one row, before equal ones are joined. Without an id: something is added."""

    path: str
    values: tuple[tuple[str, str], ...]
    row_id: str = ""
    action: str = ""


def limit(speed: str) -> str:
    """`2000/10000` in kb/s as the router prints it: 2000000/10000000."""
    return "/".join(str(int(one) * 1000) for one in speed.split("/"))


def bits(text: str) -> str:
    """A pair of the router's in plain bits: 10M/2M -> 10000000/2000000; what is no pair stays."""
    found = re.fullmatch(r"(\d+)([kMG]?)/(\d+)([kMG]?)", text.split(" ")[0])
    return f"{int(found[1]) * UNITS[found[2]]}/{int(found[3]) * UNITS[found[4]]}" if found else text


def plan_profile(wanted: Wanted) -> str:
    """The name of the profile that has a plan's speed: of ASCII letters alone, and no other plan's."""
    letters = re.sub(r"[^A-Za-z0-9.-]+", "-", wanted.plan)[:40].strip("-")
    return f"{OURS}{letters}-{wanted.plan_id}"


def views(access: Access, tables: Tables, wanted: Iterable[Wanted]) -> dict[int, View]:
    """Each connection as it is, with what brings it where it should be."""
    return {one.connection_id: _view(access, tables, one) for one in wanted}


def _view(access: Access, tables: Tables, one: Wanted) -> View:
    if one.method == "address_list":
        return _listed(access, tables, one)
    rows = tables.rows(one.method, one.key)
    if len(rows) != 1:
        return View(difference="twice" if rows else "missing", is_there=bool(rows))
    maker = {"queue": _queue, "lease": _lease, "hotspot": _hotspot}.get(one.method, _secret)
    return maker(access, tables, one, rows[0])


# --- PPPoE -------------------------------------------------------------------------------------------------


def _secret(access: Access, tables: Tables, one: Wanted, row: Row) -> View:
    off, profile = row.get("disabled") == "true", row.get("profile", "default")
    in_cut_profile = profile == access.cut_profile
    by_profile = one.method == "pppoe_profile"
    state = GONE if off and by_profile else CUT if off or in_cut_profile else ON
    if off and not by_profile:
        state = one.state if one.state in (CUT, GONE) else CUT
    view = View(state, _profile_speed(tables, profile), is_off=off)
    changes = _secret_changes(access, one, view, off, profile)
    if view.difference:
        return view
    if changes:
        view.sets.append(Write("/ppp/secret/set", tuple(changes.items()), row[".id"]))
    if by_profile and in_cut_profile is False and one.state == CUT:
        view.former = {"profile": profile}
    _throw_off(access, tables, one, view, changes, profile)
    return view


def _throw_off(access: Access, tables: Tables, one: Wanted, view: View, changes: Mapping[str, str],
               profile: str) -> None:
    """Who is connected runs with what was stored when he dialled: kept with the write, and thrown off after it.

    Whom a lost session left connected is what he was before, whatever is stored by now.
    """
    sessions = tables.actives.get(one.key, [])
    renews, is_old = _renews(access, one, view, changes, profile), _is_old(access, tables, one, sessions)
    if renews:
        view.sessions = ",".join(session.get("session-id", "") for session in sessions)
    left = one.kick.split(",") if one.kick else []
    old = [session for session in sessions if renews or is_old or session.get("session-id") in left]
    view.kicks += [Write("/ppp/active/remove", (), session[".id"], "kick") for session in old]
    if not old or changes:
        return
    if one.state != ON:
        view.state, view.difference = ON, "still_on"
    elif is_old or one.applied in (CUT, GONE):
        view.state, view.difference = CUT, "still_cut"
    else:
        view.difference = "speed"


def _renews(access: Access, one: Wanted, view: View, changes: Mapping[str, str], profile: str) -> bool:
    """Whether what is written makes the sessions that are there old: another profile, or another speed of its own.

    A profile of ours with the same speed under another name is none: nobody is thrown off for that.
    """
    if changes:
        is_named_anew = "disabled" not in changes and changes["profile"] == plan_profile(one) \
            and profile.startswith(OURS) and profile != access.cut_profile
        return not is_named_anew or view.speed != limit(one.speed)
    sets = access.sets_speed and one.speed and one.state == ON and profile == plan_profile(one)
    return bool(sets) and view.speed != limit(one.speed)


def _secret_changes(access: Access, one: Wanted, view: View, off: bool, profile: str) -> dict[str, str]:
    """What of a secret must be set; a difference in the view where that cannot be said."""
    changes: dict[str, str] = {}
    by_profile = one.method == "pppoe_profile"
    should_be_off = one.state == GONE or (one.state == CUT and not by_profile)
    if off != should_be_off:
        changes["disabled"] = "yes" if should_be_off else "no"
    target = profile
    if by_profile and one.state == CUT:
        target = access.cut_profile
    elif one.state == ON and access.sets_speed and one.speed:
        target = plan_profile(one)
    elif one.state == ON and profile == access.cut_profile:
        target = one.former.get("profile", "")
        if not target:
            view.difference = "no_former"
    if target and target != profile:
        changes["profile"] = target
    return changes


def _is_old(access: Access, tables: Tables, one: Wanted, sessions: Sequence[Row]) -> bool:
    """Whether somebody is connected with what was stored before: a secret that is off, or a profile that is gone."""
    if not sessions:
        return False
    if one.method == "pppoe_disable" or one.state == GONE:
        return one.state != ON
    if not tables.profiles.get(access.cut_profile, {}).get("address-list"):
        return False
    listed = any(row.get("dynamic") == "true" for session in sessions
                 for row in tables.in_list(session.get("address", "")))
    return listed != (one.state == CUT)


def _profile_speed(tables: Tables, profile: str) -> str:
    rate = tables.profiles.get(profile, {}).get("rate-limit", "")
    return bits(rate) if rate else ""


# --- the others --------------------------------------------------------------------------------------------


def _listed(access: Access, tables: Tables, one: Wanted) -> View:
    address = one.address or one.key
    owner = tables.user_of.get(address, "")
    rows = [row for row in tables.in_list(address) if row.get("dynamic") != "true"]
    if one.user and owner and owner != one.user:
        # the address of a pool went to somebody else: he must not be cut in the other's place
        view = View(CUT if rows else ON, difference="address_moved" if one.state != ON else "")
    else:
        view = View(CUT if any(row.get("disabled") != "true" for row in rows) else ON)
    if one.state == ON:
        view.sets += [Write(f"{LISTS[0]}/remove", (), row[".id"]) for row in rows]
    elif view.state == ON and not view.difference:
        view.sets += [Write(f"{LISTS[0]}/enable", (), rows[0][".id"])] if rows else [_entry(LISTS[0], access, one,
                                                                                            address)]
    if access.has_ipv6 and one.address6:
        _also_six(access, tables, one, view)
    _close(access, one, view, address)
    if view.state == CUT and one.state == GONE:
        view.state = GONE
    return view


def _close(access: Access, one: Wanted, view: View, address: str) -> None:
    """Who is cut by an address keeps what he has open, fasttracked past the rules: it is closed after the cut."""
    if one.state == ON or not (view.sets or one.kick):
        return
    view.sessions, view.closes = STILL_OPEN, address
    view.closes6 = one.address6 if access.has_ipv6 else ""


def _entry(menu: str, access: Access, one: Wanted, address: str) -> Write:
    return Write(f"{menu}/add", (("list", access.cut_list), ("address", address), ("comment", one.mark)))


def _also_six(access: Access, tables: Tables, one: Wanted, view: View) -> None:
    """The other protocol: cut both, or he stays half on."""
    rows = tables.entries6.get(one.address6, [])
    if one.state == ON and rows:
        view.sets += [Write(f"{LISTS[1]}/remove", (), row[".id"]) for row in rows]
        view.state = CUT
    elif one.state != ON and not rows and not view.difference:
        view.sets.append(_entry(LISTS[1], access, one, one.address6))
        view.state = ON


def _queue(access: Access, _tables: Tables, one: Wanted, row: Row) -> View:
    now, cut = bits(row.get("max-limit", "0/0")), bits(access.cut_limit)
    view = View(CUT if now == cut else ON, now, is_off=now == cut)
    if view.state == CUT and one.state == GONE:
        view.state = GONE
    if row.get("dynamic") == "true":
        view.difference = "dynamic"
        return view
    target = cut
    if one.state == ON:
        own = limit(one.speed) if access.sets_speed and one.speed else ""
        target = own or (bits(one.former.get("max-limit", "")) if now == cut else now)
        if not target:
            view.difference = "no_former"
            return view
    elif now != cut:
        view.former = {"max-limit": now}
    if target != now:
        view.sets.append(Write("/queue/simple/set", (("max-limit", target),), row[".id"]))
    return view


def _lease(access: Access, _tables: Tables, one: Wanted, row: Row) -> View:
    now = [name for name in row.get("address-lists", "").split(",") if name]
    is_cut = access.cut_list in now
    view = View((one.state if one.state == GONE else CUT) if is_cut else ON, is_off=is_cut)
    if is_cut != (one.state != ON):
        if row.get("dynamic") == "true":
            view.sets.append(Write("/ip/dhcp-server/lease/make-static", (), row[".id"]))
        others = [name for name in now if name != access.cut_list]
        target = ",".join([*others, access.cut_list] if one.state != ON else others)
        view.sets.append(Write("/ip/dhcp-server/lease/set", (("address-lists", target),), row[".id"]))
    _close(access, one, view, address_of(row.get("address", "")))
    return view


def _hotspot(_access: Access, tables: Tables, one: Wanted, row: Row) -> View:
    off = row.get("disabled") == "true"
    view = View((one.state if one.state == GONE else CUT) if off else ON, is_off=off)
    if off != (one.state != ON):
        view.sets.append(Write("/ip/hotspot/user/set", (("disabled", "no" if off else "yes"),), row[".id"]))
    sessions = tables.hotspot_actives.get(one.key, [])
    if one.state != ON:
        view.kicks += [Write("/ip/hotspot/active/remove", (), session[".id"], "kick") for session in sessions]
    return view


# --- all together ------------------------------------------------------------------------------------------


def steps(access: Access, tables: Tables, wanted: Sequence[Wanted], found: Mapping[int, View]) -> list[Step]:
    """What to write, in order: profiles, restores, their sessions, cuts, their sessions."""
    made = _profiles(access, tables, wanted, found)
    for restores in (True, False):
        chosen = [one for one in wanted if (one.state == ON) == restores]
        for kicks in (False, True):
            writes = [(one, write) for one in chosen
                      for write in (found[one.connection_id].kicks if kicks else found[one.connection_id].sets)]
            made += _joined(writes, found)
    return made + _closings(wanted, found)


def _closings(wanted: Sequence[Wanted], found: Mapping[int, View]) -> list[Step]:
    """After the cuts what those who are cut have open, some at a time."""
    made = []
    for menu, name in zip(OPEN, ("closes", "closes6"), strict=True):
        chosen = [(one.connection_id, getattr(found[one.connection_id], name)) for one in wanted]
        chosen = [pair for pair in chosen if pair[1]]
        for at in range(0, len(chosen), MOST_IDS):
            keys, addresses = zip(*chosen[at:at + MOST_IDS], strict=True)
            made.append(Step("kick", f"{menu}/remove", {}, (), keys, f"{menu}/remove {' '.join(addresses)}",
                             addresses=addresses))
    return made


def _joined(writes: Sequence[tuple[Wanted, Write]], found: Mapping[int, View]) -> list[Step]:
    """Equal commands as one sentence with many ids; what comes first stays first."""
    groups: dict[tuple[str, tuple[tuple[str, str], ...], str], list[tuple[Wanted, Write]]] = {}
    for one, write in writes:
        action = write.action or _action(one, found[one.connection_id])
        place = (write.path, write.values, action) if write.row_id else (write.path, write.values, f"{action} ")
        groups.setdefault(place, []).append((one, write))
    made = []
    # a dynamic lease cannot be set before it is static
    for (path, values, action), rows in sorted(groups.items(), key=lambda one: not one[0][0].endswith("make-static")):
        for at in range(0, len(rows), MOST_IDS):
            made.append(_step(path, values, action.strip(), rows[at:at + MOST_IDS], found))
    return made


def _action(one: Wanted, view: View) -> str:
    if one.state == view.state:
        return "speed"
    return "restore" if one.state == ON else "cut"


def _step(path: str, values: Iterable[tuple[str, str]], action: str, rows: Sequence[tuple[Wanted, Write]],
          found: Mapping[int, View]) -> Step:
    former = {one.connection_id: found[one.connection_id].former for one, _write in rows
              if found[one.connection_id].former and action == "cut"}
    return Step(action, path, dict(values), tuple(write.row_id for _one, write in rows if write.row_id),
                tuple(one.connection_id for one, _write in rows),
                " ".join([path, *(f"{name}={value}" for name, value in values)]), former,
                {one.connection_id: found[one.connection_id].sessions for one, write in rows
                 if found[one.connection_id].sessions and not write.action})


def _profiles(access: Access, tables: Tables, wanted: Sequence[Wanted], found: Mapping[int, View]) -> list[Step]:
    """Profiles of plans that are missing or have another speed, and the one of those who are cut."""
    needed: dict[str, dict[str, str]] = {}
    if any(one.method == "pppoe_profile" and one.state == CUT for one in wanted) \
            and access.cut_profile not in tables.profiles:
        needed[access.cut_profile] = {"address-list": access.cut_list, "rate-limit": "512k/512k"}
    for one in wanted:
        if access.sets_speed and one.speed and one.method in PPP and one.state == ON:
            up, down = one.speed.split("/")
            needed[plan_profile(one)] = {"rate-limit": f"{up}k/{down}k"}
    made = []
    for name, values in needed.items():
        there = tables.profiles.get(name)
        if there is None:
            path, given = "/ppp/profile/add", {"name": name, **values, "comment": "abona:rule"}
        elif bits(there.get("rate-limit", "")) != bits(values["rate-limit"]) and name != access.cut_profile:
            path, given = "/ppp/profile/set", {".id": there[".id"], **values}
        else:
            continue
        shown = [f"{key}={value}" for key, value in given.items() if key != ".id"]
        running = {one.connection_id: found[one.connection_id].sessions for one in wanted
                   if one.method in PPP and one.state == ON and found[one.connection_id].sessions
                   and plan_profile(one) == name}
        made.append(Step("set_up", path, given, (), (), " ".join([path, name, *shown]), sessions=running))
    return made
