"""Help inside the pages: the Markdown files of docs/help, found by the page that somebody looks at.

A topic is one subject: `docs/help/es/accounting/payments.md` is the topic `accounting/payments`. Its head names the
pages that it is about, so that documentation and help are one text:

    ---
    title: Cobros
    group: money
    order: 10
    pages: accounting.payments, accounting.payment
    words: pago, caja, transferencia
    ---

docs/writing-a-module.md says how one is written; tests/core/test_help.py holds every topic, link and label to it.
"""

from core.help.finding import Found, find
from core.help.reader import Reader
from core.help.topics import Topic, all_topics

__all__ = ["Found", "Reader", "Topic", "all_topics", "find"]
