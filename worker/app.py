"""The Celery application: queues, schedule, delivery guarantees.

Celery messages are wake-ups: the inbox says what there is to do, so a lost message costs a
second, not a ticket (docs/adrs/003-inbox-and-celery.md). Settings below are chosen from
measurements noted there.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.schedules import schedule
from kombu import Queue

from config.settings import Settings, load_settings

ROUTING_QUEUE = "routing"  # new tickets: a person waits
UPKEEP_QUEUE = "upkeep"  # polls and sweeps: nobody waits


def make_app(settings: Settings) -> Celery:
    """The application for these settings. Workers, beat and Flower all start from it."""
    app = Celery("ticket-worker", broker=settings.redis_url, backend=settings.redis_url)
    app.conf.update(configuration(settings))
    return app


def configuration(settings: Settings) -> dict[str, Any]:
    """Celery's settings."""
    return {
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "result_expires": 3600,
        "timezone": "UTC",
        "enable_utc": True,
        "imports": (
            "tasks.escalation",
            "tasks.intake",
            "tasks.nightly",
            "tasks.routing",
            "tasks.upkeep",
        ),
        "task_queues": (Queue(ROUTING_QUEUE), Queue(UPKEEP_QUEUE)),
        "task_default_queue": UPKEEP_QUEUE,
        "task_create_missing_queues": False,
        # A message is acknowledged after the work, and given back when its worker dies.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "task_track_started": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": 120,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 5,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "queue_order_strategy": "priority",
        },
        "redis_socket_timeout": 5,
        "redis_socket_connect_timeout": 2,
        "redis_retry_on_timeout": True,
        "task_publish_retry_policy": {
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.2,
        },
        "beat_schedule": {
            "announce tickets that wait too long": {
                "task": "announce_ageing",
                "schedule": schedule(600.0),
                "options": {"queue": UPKEEP_QUEUE, "expires": 600.0},
            },
            "give owners to tickets without one": {
                "task": "assign_owners",
                "schedule": schedule(60.0),
                "options": {"queue": UPKEEP_QUEUE, "expires": 60.0},
            },
            "poll for undecided tickets": {
                "task": "poll_hubspot",
                "schedule": schedule(settings.poll_interval_s),
                "options": {"queue": UPKEEP_QUEUE, "expires": settings.poll_interval_s},
            },
            "look again at tickets without a client": {
                "task": "look_again",
                "schedule": schedule(300.0),
                "options": {"queue": UPKEEP_QUEUE, "expires": 300.0},
            },
            "count what is undecided": {
                "task": "reconcile_undecided",
                "schedule": schedule(3600.0),
                "options": {"queue": UPKEEP_QUEUE, "expires": 3600.0},
            },
            "check client records that changed": {
                "task": "recheck_client_records",
                "schedule": schedule(30.0),
                "options": {"queue": UPKEEP_QUEUE, "expires": 30.0},
            },
            "tend the client records": {
                "task": "tend_client_records",
                "schedule": schedule(60.0),
                "options": {"queue": UPKEEP_QUEUE, "expires": 60.0},
            },
            "look for people's moves that no webhook told": {
                "task": "find_overrides",
                "schedule": schedule(86_400.0),
                "options": {"queue": UPKEEP_QUEUE, "expires": 3600.0},
            },
        },
        "beat_schedule_filename": str(settings.data_dir / "beat" / "schedule"),
        "beat_max_loop_interval": 5,
    }


app = make_app(load_settings())
