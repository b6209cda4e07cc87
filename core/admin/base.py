"""The base of admin views: permission, company, words instead of SQL, and a record of each change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import abort, flash
from flask_admin.contrib.sqla import ModelView as Base
from flask_admin.tools import iterdecode
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from wtforms.validators import ValidationError

from core import audit, logs, scope
from core.admin.converters import EXPORTED, SHOWN, Converter, Filters
from core.db import CompanyScoped, db
from core.errors import DomainError
from core.i18n import _
from core.security import can, check
from core.types import Encrypted

log = logs.get(__name__)
WRITING = frozenset({"create_view", "edit_view", "delete_view", "action_view", "ajax_update"})
# columns that the frame fills in
HIDDEN = ("company_id", "company", "created_at")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ModelView(Base):
    """An admin view of a table. `permission` is needed to see it, `edit_permission` to change anything."""

    permission: str = ""
    edit_permission: str | None = None
    # only in companies of this country; filled in from the module's manifest
    country: str | None = None
    # the columns that head the page of one record, in words; without them what the record calls itself
    title_columns: tuple[str, ...] = ()

    list_template = "admin/abona_list.html"
    create_template = "admin/abona_create.html"
    edit_template = "admin/abona_edit.html"
    details_template = "admin/abona_details.html"
    can_view_details = True
    can_export = True
    export_max_rows = 10_000
    simple_list_pager = True
    page_size = 50
    page_size_options = (20, 50, 100, 200)
    can_set_page_size = True
    named_filter_urls = True
    model_form_converter = Converter
    filter_converter = Filters()
    column_type_formatters = SHOWN
    column_type_formatters_detail = SHOWN
    column_type_formatters_export = EXPORTED

    def __init__(self, model: Any, session: Any = None, **options: Any) -> None:
        if not self.permission:
            raise TypeError(f"{type(self).__name__} needs a permission")
        table = model.__tablename__
        options.setdefault("endpoint", f"admin_{table}")
        options.setdefault("url", f"/admin/{table.replace('_', '-')}")
        secrets = tuple(column.key for column in sa.inspect(model).column_attrs
                        if isinstance(column.columns[0].type, Encrypted))
        hidden = (*HIDDEN, *secrets)
        for name, more in (("form_excluded_columns", HIDDEN), ("column_exclude_list", hidden),
                           ("column_details_exclude_list", hidden), ("column_export_exclude_list", hidden)):
            setattr(self, name, (*(getattr(self, name) or ()), *more))
        shown = {"column_formatters": {**_words_of_choices(self), **(self.column_formatters or {})},
                 "column_details_list": self.column_details_list or self._labelled(model)}
        for name, value in shown.items():
            setattr(self, name, value)
        super().__init__(model, db, **options)
        if self.column_editable_list:
            raise TypeError("inline editing accepts changes of rows that the view does not show: not used here")

    def _labelled(self, model: Any) -> tuple[str, ...]:
        """What a page for looking shows: all that has words here, nothing that only the program knows."""
        known = (*(self.column_list or ()), *(self.form_columns or ()), *(self.column_labels or {}))
        return tuple(name for name in dict.fromkeys(known) if hasattr(model, name))

    def title_of(self, model: Any) -> str:
        """What heads the page of one record: the view's name where it has none of its own."""
        if self.title_columns:
            return " · ".join(str(self.get_list_value(None, model, name)) for name in self.title_columns)
        return str(model) if type(model).__str__ is not object.__str__ else str(self.name)

    # --- who may -------------------------------------------------------------------------------------

    def is_accessible(self) -> bool:
        return can(self.permission) and self._in_country()

    def _in_country(self) -> bool:
        if self.country is None:
            return True
        return bool(scope.company_id_or_none()) and scope.current_company().country == self.country

    def may_edit(self) -> bool:
        """Whether the person asking may change something here."""
        return can(self.edit_permission or self.permission)

    def inaccessible_callback(self, name: Any, **values: Any) -> Any:
        if not current_user.is_authenticated:
            abort(401)
        if not self._in_country():
            abort(404)
        check(self.permission)
        abort(403)

    def _handle_view(self, name: str, **values: Any) -> Any:
        refused = super()._handle_view(name, **values)
        if refused is None and name in WRITING:
            check(self.edit_permission or self.permission)
        return refused

    def _run_view(self, fn: Any, *args: Any, **values: Any) -> Any:
        # the original hides every TypeError behind a second call with other arguments
        return fn(self, *args, **values)

    def is_action_allowed(self, name: str) -> bool:
        return self.may_edit() and super().is_action_allowed(name)

    def get_list_row_actions(self) -> list[Any]:
        actions = super().get_list_row_actions()
        if self.may_edit():
            return actions
        return [one for one in actions if type(one).__name__ not in {"EditRowAction", "DeleteRowAction"}]

    # --- which rows ----------------------------------------------------------------------------------

    def get_count_query(self) -> Any:
        query = db.session.query(sa.func.count("*")).select_from(self.model)
        if issubclass(self.model, CompanyScoped) and not scope.is_every_company():
            query = query.filter(self.model.company_id == scope.current_company_id())
        return query

    def get_one(self, id: Any) -> Any:
        """By the same query as the list: what the list does not show cannot be opened either."""
        keys = sa.inspect(self.model).primary_key
        values = iterdecode(id)
        try:
            wanted = [key == key.type.python_type(value) for key, value in zip(keys, values, strict=True)]
        except ValueError:
            abort(404)
        found = self.get_query().filter(*wanted).one_or_none()
        if found is None:
            abort(404)
        return found

    # --- changes ---------------------------------------------------------------------------------------

    def _on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        super()._on_model_change(form, model, is_created)
        changes = {} if is_created else _changes(model)
        db.session.flush()
        audit.record("admin.create" if is_created else "admin.edit", model, changes)

    def delete_model(self, model: Any) -> bool:
        audit.record("admin.delete", model)
        return bool(super().delete_model(model))

    def handle_view_exception(self, exc: Exception) -> bool:
        """Words for people; the SQL goes to the log."""
        if isinstance(exc, (DomainError, ValidationError)):
            flash(str(exc), "error")
        elif isinstance(exc, IntegrityError):
            flash(_conflict(exc), "error")
        else:
            log.error("admin_failed", view=type(self).__name__, exc_info=exc)
            flash(_("This was not saved because something unexpected happened. Nothing was changed."), "error")
        return True

    # --- lists and exports -------------------------------------------------------------------------------

    def get_empty_list_message(self) -> str:
        return _("There is nothing here yet.")

    def get_export_value(self, model: Any, name: Any) -> Any:
        """As data, not as on screen; a text that a spreadsheet would run as a formula is quoted."""
        value = super().get_export_value(model, name)
        if isinstance(value, str) and value.startswith(FORMULA) and not _is_number(value):
            return "'" + value
        return value

    def _export_csv(self, return_url: Any) -> Any:
        answer = super()._export_csv(return_url)
        if hasattr(answer, "make_sequence"):
            answer.make_sequence()  # the rows must be read before the request's transaction ends
        return answer


class ReadOnlyView(ModelView):
    """For looking only."""

    can_create = can_edit = can_delete = False


def in_words(known: Iterable[tuple[Any, Any]] | Mapping[Any, Any]) -> Callable[..., str]:
    """A column formatter: the words of a code, from the choices of its field or {code: words}."""
    words = {str(code): said for code, said in dict(known).items()}
    return lambda view, context, model, name: str(words.get(str(getattr(model, name)), getattr(model, name)))


def _words_of_choices(view: ModelView) -> dict[str, Callable[..., str]]:
    """A formatter for each column that a form offers choices for."""
    found = {name: field["choices"] for name, field in (view.form_args or {}).items() if "choices" in field}
    return {name: in_words(choices) for name, choices in {**found, **(view.form_choices or {})}.items()}


def _changes(model: Any) -> dict[str, Any]:
    """{column: [before, after]} of what is about to be written; secrets without their values."""
    found: dict[str, Any] = {}
    for attribute in sa.inspect(model).mapper.column_attrs:
        history = sa.inspect(model).attrs[attribute.key].history
        if not history.has_changes():
            continue
        secret = isinstance(attribute.columns[0].type, Encrypted)
        found[attribute.key] = "********" if secret else [*(history.deleted or [None]), *(history.added or [None])]
    return found


def _conflict(error: IntegrityError) -> str:
    text = str(error.orig).lower()
    if "unique" in text or "duplicate" in text:
        return _("To save this you must choose other values: there is already a record like it.")
    if "foreign key" in text:
        return _("This is not possible because other records use it. Switch it off instead, where it can be.")
    if "not null" in text or "not-null" in text:
        return _("To save this you must fill in every required field.")
    return _("To save this you must correct the values: they do not fit together.")


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True


__all__ = ["ModelView", "ReadOnlyView"]
