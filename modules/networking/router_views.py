"""A router: what it is, what waits and differs there, what would be changed, its set-up script, what is on it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import joinedload

from core.db import db, find
from core.errors import DomainError, OutsideError
from core.forms import refused
from core.i18n import _, ngettext
from core.security import require
from modules.contracts.models import Contract
from modules.networking import access, forms, importing, reconciling, routers, services
from modules.networking.blueprint import bp, form_page
from modules.networking.models import Change, Connection, InUse, Router
from modules.networking.ports import Found, drivers

SHOWN, PER_PAGE = 50, 100
EDIT, WORK, LINK, VIEW = ("networking.edit_routers", "networking.work_routers", "networking.link_contracts",
                          "networking.view_network")


def _to(router: Router | int) -> Any:
    return redirect(url_for("networking.router", router_id=router if isinstance(router, int) else router.id))


@bp.route("/network/routers/new", methods=["GET", "POST"])
@require(EDIT)
def new_router() -> Any:
    """A router is added; it is not spoken to before it is tested."""
    form = forms.router_form(None)
    if form.validate_on_submit():
        try:
            made = routers.save(None, form.values(), form.password.data or "")
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("The router is written down. Test it now."), "ok")
            return _to(made)
    return form_page("networking/router_form.html", form, router=None)


@bp.route("/network/routers/<int:router_id>/edit", methods=["GET", "POST"])
@require(EDIT)
def edit_router(router_id: int) -> Any:
    """Its settings; the password is kept where none is entered."""
    row = find(Router, router_id)
    form = forms.router_form(row)
    if form.validate_on_submit():
        try:
            routers.save(row, form.values(), form.password.data or "")
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("The changes are saved."), "ok")
            return _to(row)
    return form_page("networking/router_form.html", form, router=row)


@bp.get("/network/routers/<int:router_id>")
@require(VIEW)
def router(router_id: int) -> Any:
    """How it stands."""
    row = find(Router, router_id)
    mine = sa.select(Connection).where(Connection.router_id == row.id).options(
        joinedload(Connection.contract).joinedload(Contract.customer)).limit(SHOWN)
    counts = db.session.execute(sa.select(
        sa.func.count(), sa.func.count(Connection.waits_since), sa.func.min(Connection.waits_since),
        sa.func.coalesce(sa.func.sum(sa.case((Connection.difference != "", 1), else_=0)), 0))
        .where(Connection.router_id == row.id)).one()
    log = sa.select(Change).where(Change.router_id == row.id).order_by(Change.id.desc()).options(
        joinedload(Change.contract)).limit(SHOWN)
    in_use = sa.select(sa.func.count()).select_from(InUse).where(InUse.router_id == row.id)
    return render_template(
        "networking/router.html", router=row, driver=drivers.find(row.driver), in_use=db.session.scalar(in_use),
        linked=counts[0], waiting=counts[1], oldest=counts[2], different=counts[3], log=db.session.scalars(log).all(),
        queue=db.session.scalars(mine.where(Connection.waits_since.is_not(None)).order_by(Connection.waits_since)).all(),
        differences=db.session.scalars(mine.where(Connection.difference != "").order_by(Connection.key)).all())


@bp.post("/network/routers/<int:router_id>/test")
@require(EDIT)
def test_router(router_id: int) -> Any:
    """Log in and ask what it is; nothing is changed."""
    row = find(Router, router_id)
    settings, driver = access.of(row), drivers.get(row.driver)
    db.session.commit()
    try:
        with driver.open(settings) as session:
            about = session.about()
    except OutsideError as trouble:
        raise DomainError(str(trouble)) from trouble
    routers.met(find(Router, router_id), about)
    flash(_("It answers: %(name)s, %(board)s, RouterOS %(version)s, serial number %(serial)s.", name=about.identity,
            board=about.board, version=about.version, serial=about.serial or "—"), "ok")
    for words in about.warnings:
        flash(words, "warn")
    return _to(router_id)


@bp.post("/network/routers/<int:router_id>/preview")
@require(WORK)
def preview(router_id: int) -> Any:
    """Read it, and show what would be written; from here it is let be changed."""
    row = find(Router, router_id)
    try:
        about, seen, steps = reconciling.preview(row)
    except OutsideError as trouble:
        raise DomainError(str(trouble)) from trouble
    keys = {key for step in steps for key in step.connection_ids}
    names = {one.id: one for one in db.session.scalars(sa.select(Connection).where(
        Connection.router_id == router_id).options(joinedload(Connection.contract).joinedload(Contract.customer)))}
    counts: dict[str, int] = {}
    for step in steps:
        counts[step.action] = counts.get(step.action, 0) + len(step.connection_ids or (0,))
    return render_template("networking/preview.html", router=find(Router, router_id), about=about, seen=seen,
                           steps=steps, names=names, counts=counts, touched=len(keys))


@bp.post("/network/routers/<int:router_id>/arm")
@require(EDIT)
def arm(router_id: int) -> Any:
    """What would be changed was seen: from now on it is."""
    row = find(Router, router_id)
    services.arm(row)
    flash(_("From now on this router is brought where the contracts are."), "ok")
    return _to(row)


@bp.post("/network/routers/<int:router_id>/disarm")
@require(EDIT)
def disarm(router_id: int) -> Any:
    """It is read, and not written to."""
    row = find(Router, router_id)
    services.disarm(row)
    flash(_("Nothing is written onto this router any more. What is to be changed waits."), "ok")
    return _to(row)


@bp.post("/network/routers/<int:router_id>/try")
@require(WORK)
def try_now(router_id: int) -> Any:
    """Not to wait for the next try; with `force` also what the guard holds back."""
    row = find(Router, router_id)
    services.try_now(row, force=bool(request.form.get("force")))
    flash(_("It is tried now; this page shows what comes of it."), "ok")
    return _to(row)


@bp.post("/network/routers/<int:router_id>/accept")
@require(EDIT)
def accept(router_id: int) -> Any:
    """The machine or certificate that is there now is the right one."""
    row = find(Router, router_id)
    routers.accept(row)
    flash(_("What answers there now counts from now on."), "ok")
    return _to(row)


@bp.get("/network/routers/<int:router_id>/script")
@require(EDIT)
def script(router_id: int) -> Any:
    """What a person applies once on the router, after reading it."""
    row = find(Router, router_id)
    allowed = [one for one in request.args.get("allowed", "").split() if one.isascii()][:100]
    portal = request.args.get("portal", "").strip()[:100]
    allowed += [portal] if portal and portal not in allowed else []
    driver = drivers.find(row.driver)
    text = driver.script(access.of(row), allowed, portal) if driver else ""
    return render_template("networking/script.html", router=row, script=text, allowed=" ".join(allowed), portal=portal)


@bp.route("/network/routers/<int:router_id>/import", methods=["GET", "POST"])
@require(LINK)
def import_router(router_id: int) -> Any:
    """What is on it and hangs nowhere yet, with the contract that it may be; what is ticked is linked by POST."""
    found, trouble = _found(find(Router, router_id), keep=request.method == "POST")
    row = find(Router, router_id)
    if request.method == "POST":
        if trouble:
            raise DomainError(trouble)
        keys = request.form.getlist("key")
        places = [one for one in request.form.getlist("accept") if one.isdecimal() and int(one) < len(keys)]
        chosen = {keys[int(place)]: request.form.get(f"contract-{place}", "") for place in places}
        done, problems = importing.accept(row, chosen, found)
        flash(ngettext("%(num)s contract was linked.", "%(num)s contracts were linked.", done), "ok")
        for words in problems[:10]:
            flash(words, "warn")
        return redirect(url_for("networking.import_router", router_id=router_id))
    every = importing.proposals(row, found)
    kind = request.args.get("show", "all")
    groups = {"all": every, "sure": [one for one in every if one.is_sure],
              "name": [one for one in every if one.why == "name"], "none": [one for one in every if not one.why]}
    shown = groups.get(kind, every)[:PER_PAGE]
    return render_template("networking/import.html", router=row, rows=shown, why=importing.WHY, show=kind,
                           trouble=trouble, counts={key: len(rows) for key, rows in groups.items()})


def _found(row: Router, keep: bool) -> tuple[list[Found], str]:
    """What is on the router, or why it cannot be read."""
    try:
        return importing.read(row, keep), ""
    except OutsideError as trouble:
        return [], str(trouble)
