"""Texts that people write: words and conditions, nothing that runs, nothing that grows."""

from __future__ import annotations

import contextlib
import time

import pytest

from modules.notifications import texts

pytestmark = pytest.mark.once
GIVEN = {"amount": "$ 5", "url": "", "customer_name": "ana paz"}


@pytest.mark.parametrize(("source", "read"), [
    ("Debe {{ amount }}.", "Debe $ 5."),
    ("{% if url %}Pague en {{ url }}{% else %}Pase por la oficina{% endif %}", "Pase por la oficina"),
    ("{{ customer_name|title }}", "Ana Paz"),
    ("{{ url|default('—', true) }}", "—"),
    ("{{ amount ~ ' ya' if amount and not url else '' }}", "$ 5 ya"),
    ("{# para nosotros #}Hola", "Hola"),
    ("{% if phone is defined %}x{% endif %}{{ phone }}Hola", "Hola"),
    ("uno\n\n\n\n\ndos", "uno\n\ndos"),
])
def test_words_and_conditions_are_filled_in(source, read):
    assert texts.render(source, GIVEN) == read


@pytest.mark.parametrize("source", [
    "{{ amount.__class__ }}", "{{ amount.upper() }}", "{{ amount['x'] }}", "{{ amount|attr('__class__') }}",
    "{{ ().__class__.__base__.__subclasses__() }}", "{{ self }}{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__ }}", "{{ range(100) }}", "{{ lipsum() }}", "{% for x in amount %}x{% endfor %}",
    "{% set x = amount %}", "{{ 'x' * 1000000000 }}", "{{ 9 ** 9 ** 9 }}", "{{ '%1000000000d' % 1 }}",
    "{{ 'x'|center(1000000000) }}", "{{ amount|replace('5', amount) }}", "{{ [amount] }}", "{{ {'a': 1} }}",
    "{% include 'notifications/mail.html' %}", "{% extends 'layout.html' %}", "{% import 'macros.html' as ui %}",
    "{% macro f() %}{{ f() }}{% endmacro %}", "{% call f() %}{% endcall %}", "{% block x %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}", "{% autoescape false %}x{% endautoescape %}", "{{ amount is sameas amount }}",
    "{% with x = 1 %}{% endwith %}", "{% do amount %}", "{{ caller() }}", "{{ amount",
])
def test_all_else_is_refused_when_it_is_written_and_when_it_is_sent(source):
    with pytest.raises(texts.BadTemplate):
        texts.render(source, GIVEN)


@pytest.mark.parametrize("source", [
    "{{ " + "(" * 5000 + "amount" + ")" * 5000 + " }}", "{% if amount %}" * 400 + "x" + "{% endif %}" * 400,
    "{{ amount" + "|upper" * 4000 + " }}", "{{ " + "amount ~ " * 3000 + "amount }}"])
def test_a_text_made_to_hurt_ends_soon(source):
    began = time.monotonic()
    with contextlib.suppress(texts.BadTemplate):
        assert len(texts.render(source, GIVEN)) <= texts.LONGEST
    assert time.monotonic() - began < 5


def test_the_line_with_the_trouble_is_named():
    with pytest.raises(texts.BadTemplate, match="line 3"):
        texts.render("Hola\n\n{{ amount.x }}", GIVEN)
