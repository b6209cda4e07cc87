"""Figures for Prometheus: requests, jobs by state, the database. Counts only, no names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, has_app_context
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from core import clock
from core.db import db
from core.models import Job


class Figures:
    """The counters of one app; of all its processes where they share the folder PROMETHEUS_MULTIPROC_DIR."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        shared = bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
        own = None if shared else self.registry
        self.requests = Counter("abona_requests", "Answered requests.", ["endpoint", "method", "status"], registry=own)
        self.seconds = Histogram("abona_request_seconds", "Time to answer.", ["endpoint"], registry=own)
        if shared:
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]
        self.registry.register(DatabaseFigures())


class DatabaseFigures(Collector):
    """Read when somebody looks: open and failed jobs, the oldest waiting one, whether the database answers."""

    def collect(self) -> Iterator[Any]:
        up = GaugeMetricFamily("abona_database_up", "1 where the database answers.")
        jobs = GaugeMetricFamily("abona_jobs", "Jobs by state; done ones are not counted.", labels=["state"])
        oldest = GaugeMetricFamily("abona_oldest_job_seconds", "How long the oldest due job has been waiting.")
        try:
            counted, waiting = _read_jobs()
        except SQLAlchemyError:
            db.session.rollback()
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        for state, count in sorted(counted.items()):
            jobs.add_metric([state], count)
        oldest.add_metric([], waiting)
        yield from (up, jobs, oldest)


def _read_jobs() -> tuple[dict[str, int], float]:
    if not has_app_context():
        return {}, 0
    counted = dict.fromkeys(("pending", "running", "failed"), 0)
    rows = db.session.execute(sa.select(Job.state, sa.func.count()).where(Job.state.in_(counted)).group_by(Job.state))
    counted.update(rows.tuples().all())
    first = db.session.scalar(sa.select(Job.run_at).where(Job.state == "pending").order_by(Job.run_at).limit(1))
    return counted, max(0.0, (clock.now() - first).total_seconds()) if first else 0.0


def init_app(app: Flask) -> None:
    """Give the app its counters."""
    app.extensions["abona_metrics"] = Figures()


def observe(endpoint: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    figures: Figures = current_app.extensions["abona_metrics"]
    figures.requests.labels(endpoint, method, str(status)).inc()
    figures.seconds.labels(endpoint).observe(seconds)


def text() -> bytes:
    """All figures in Prometheus' text format."""
    return generate_latest(current_app.extensions["abona_metrics"].registry)
