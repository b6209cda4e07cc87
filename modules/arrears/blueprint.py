"""The staff's pages of arrears."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("arrears", __name__, url_prefix="/arrears")
SEE, PROMISE, REVIEW = "arrears.view_arrears", "arrears.grant_promises", "arrears.review_proofs"
CUT, EDIT = "arrears.cut_service", "arrears.edit_rules"
