# Abona for production: the same image runs the web, workers and the scheduler (compose.yaml).
FROM python:3.12-slim-bookworm AS build
WORKDIR /opt/abona
RUN python -m venv .venv
COPY lock/run.txt lock/run.txt
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check -r lock/run.txt
COPY . .
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e . \
 && .venv/bin/python tools/translations.py --compile \
 && .venv/bin/python -m compileall -q core modules

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/abona --shell /usr/sbin/nologin abona \
 && install -d -o abona -g abona -m 0750 /var/lib/abona
COPY --from=build /opt/abona /opt/abona
ENV PATH=/opt/abona/.venv/bin:$PATH \
    ABONA_INSTANCE=/var/lib/abona \
    PYTHONUNBUFFERED=1
WORKDIR /opt/abona
USER abona
VOLUME /var/lib/abona
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["abona", "serve", "--host", "0.0.0.0"]
