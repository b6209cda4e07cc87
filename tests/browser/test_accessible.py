"""The main screens for people who do not see well, use a keyboard or a reader: by day, by night and on a phone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import CHROMIUM

pytestmark = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


def test_an_image_without_words_is_found(chromium: Any) -> None:
    """The helper itself: without this a helper that finds nothing would please everybody."""
    page = chromium.new_page()
    page.set_content("<html lang='es'><title>t</title><main><h1>Hola</h1><img src='data:,'></main></html>")
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page, "an image")
    page.close()
