"""Forms of the notices."""

from __future__ import annotations

from wtforms.widgets import HiddenInput

from core.forms import (
    BooleanField,
    DataRequired,
    EmailAddress,
    Form,
    IntegerField,
    Length,
    NumberRange,
    Optional,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from core.i18n import lazy as _


class AddressForm(Form):
    """The right address of a message that came back."""

    address = StringField(_("Right address"), [DataRequired(), Length(max=254)])


class TemplateForm(Form):
    """The company's own text of a kind."""

    base = IntegerField(widget=HiddenInput())
    subject = StringField(_("Subject"), [Length(max=300)])
    body = TextAreaField(_("Text"), [DataRequired(), Length(max=20_000)])
    enabled = BooleanField(_("Send notices of this kind"), default=True)
    test_address = StringField(_("Address for a test"), [Length(max=254)])


class MailAccountForm(Form):
    """The company's mail server."""

    host = StringField(_("Server"), [DataRequired(), Length(max=200)])
    port = IntegerField(_("Port"), [DataRequired(), NumberRange(1, 65535)], default=587)
    security = SelectField(_("Encryption"), choices=[("starttls", "STARTTLS"), ("tls", "TLS"), ("none", _("none"))])
    user = StringField(_("User"), [Optional(), Length(max=200)])
    password = PasswordField(_("Password"), [Optional(), Length(max=200)],
                             description=_("Leave it empty to keep the present one."))
    sender_name = StringField(_("Name of the sender"), [Optional(), Length(max=200)])
    sender_address = StringField(_("Address of the sender"), [DataRequired(), EmailAddress(), Length(max=254)])
    reply_to = StringField(_("Answers go to"), [Optional(), EmailAddress(), Length(max=254)])
    per_minute = IntegerField(_("Messages per minute"), [NumberRange(0, 100_000)], default=0,
                              description=_("What your provider allows; 0 means no limit."))
    active = BooleanField(_("Use this server"), default=True)
