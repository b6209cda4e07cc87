"""MikroTik routers, by the API of RouterOS."""
