"""The WSGI app for flask, gunicorn and other servers."""

from core.app import create_app

app = create_app()
