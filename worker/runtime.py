"""Everything one worker process holds, made once from the settings, after any fork."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import redis

from config.channels import Channels
from config.portal import PortalNames
from config.settings import Settings
from worker.clients.directory import ClientDirectory
from worker.config_files import fingerprint, policy_of
from worker.escalation.account import ticket_links
from worker.escalation.cards import TicketLinks
from worker.escalation.colleagues import Colleagues
from worker.escalation.delivery import Delivery
from worker.escalation.hand_offs import HandOffs
from worker.escalation.holds import Holds
from worker.escalation.notifier import Notifier
from worker.escalation.sent_notices import SentNotices
from worker.flow import Flow
from worker.hubspot.behind import Behind
from worker.hubspot.breaker import Breaker
from worker.hubspot.by_night import HubSpotByNight
from worker.hubspot.client import CallLimiter, HubSpotClient
from worker.hubspot.limits import Limiter
from worker.hubspot.names import PropertyNames
from worker.hubspot.service import HubSpotService
from worker.intake.inbox import Inbox
from worker.portal import PORTAL_ID_KEY, Portal, read_portal
from worker.portal_names import read_portal_names
from worker.processes.counters import Counters
from worker.processes.policy_keeper import PolicyKeeper
from worker.processes.portal_keeper import PortalKeeper
from worker.processes.shared_view import SharedView
from worker.tickets.identity import Identity
from worker.tickets.lookback import LookBacks
from worker.tickets.loops import MoveBound
from worker.tickets.observation import Observations
from worker.tickets.writing import Writer

OnCall = Callable[[str, int, float], None]  # bucket, status (0: no answer), seconds


def connect(settings: Settings) -> redis.Redis:
    """A Redis client whose every wait ends."""
    return redis.Redis.from_url(
        settings.redis_url,
        socket_timeout=5,
        socket_connect_timeout=2,
        socket_keepalive=True,
        health_check_interval=25,
    )


def make_gateway(settings: Settings, client: redis.Redis, names: PortalNames) -> HubSpotService:
    """The door to HubSpot, counting its calls."""
    door = _door(settings, client, Limiter(client))
    return HubSpotService(door, settings.hubspot_api_version, _property_names(names))


def gateway_by_night(
    settings: Settings, client: redis.Redis, names: PortalNames, on_call: OnCall | None = None
) -> HubSpotByNight:
    """The same door for work that nobody waits for: its calls stand behind all others."""
    door = _door(settings, client, Behind(Limiter(client)), on_call)
    return HubSpotByNight(door, settings.hubspot_api_version, _property_names(names))


def _door(
    settings: Settings, client: redis.Redis, limiter: CallLimiter, on_call: OnCall | None = None
) -> HubSpotClient:
    counters = Counters(client)

    def count(bucket: str, status: int, seconds: float) -> None:
        counters.add({f"hubspot_calls:{bucket}": 1, f"hubspot_status:{status}": 1})
        if on_call:
            on_call(bucket, status, seconds)

    return HubSpotClient(
        settings.hubspot_access_token,
        settings.hubspot_base_url,
        limiter,
        pool_size=settings.worker_threads + 2,
        on_call=count,
        breaker=Breaker(client),
    )


def _property_names(names: PortalNames) -> dict[str, PropertyNames]:
    return {
        "tickets": PropertyNames(names.ticket_properties),
        "companies": PropertyNames(names.company_properties),
    }


class Runtime:
    """What tasks and commands work with."""

    def __init__(self, settings: Settings, process: str = "") -> None:
        """`process` is the name of this process, the same after each of its starts."""
        self.settings = settings
        self._links: TicketLinks | None = None
        self.names = read_portal_names(settings.portal_file)
        self.redis = connect(settings)
        self.hubspot = make_gateway(settings, self.redis, self.names)
        self.inbox = Inbox(self.redis, process)
        self.breaker = Breaker(self.redis)
        self.counters = Counters(self.redis)
        self.identity = Identity(self.redis)
        self.clients = ClientDirectory(
            self.hubspot, self.redis, self.names, lambda: self.policy.current().client_record
        )
        self.policy = PolicyKeeper(lambda: policy_of(settings), lambda: fingerprint(settings))
        asked = _asked_under(settings, self.names)
        self.portal = PortalKeeper(
            self._read_portal, SharedView(self.redis, f"portal:{asked}", Portal)
        )
        self._shared_links = SharedView(self.redis, f"links:{asked}", TicketLinks)
        self.writer = Writer(
            self.hubspot,
            self.clients,
            self.inbox,
            self.identity,
            self.counters,
            LookBacks(self.redis),
            MoveBound(self.redis),
            self.now,
            lambda: self.portal.forget(),
            lambda: self.breaker.tripped,
        )
        notifier = Notifier(
            self.hubspot,
            self.clients,
            self.inbox,
            SentNotices(self.redis),
            Delivery(Channels(settings)),
            Holds(self.redis),
            self.links,
            self.counters,
            self.now,
        )
        self.colleagues = Colleagues(self.hubspot)
        self.observations = Observations(self.redis, settings.data_dir / "observe")
        self.hand_offs = HandOffs(
            self.hubspot,
            self.clients,
            self.colleagues,
            notifier.reaches,
            settings.routing_mode,
        )
        self.flow = Flow(
            hubspot=self.hubspot,
            clients=self.clients,
            inbox=self.inbox,
            writer=self.writer,
            hand_offs=self.hand_offs,
            notifier=notifier,
            counters=self.counters,
            observations=self.observations,
            names=self.names,
            mode=settings.routing_mode,
            clock=self.now,
        )

    def _read_portal(self) -> Portal:
        portal = read_portal(self.hubspot, self.names, self.settings.go_live)
        # The receiver asks nobody but Redis whose events it gets.
        self.redis.set(PORTAL_ID_KEY, str(self.hubspot.account()["portalId"]))
        return portal

    def links(self) -> TicketLinks:
        """Where people open tickets; asked of HubSpot once a day."""
        if self._links is None:
            kept = self._shared_links.load()
            self._links = kept.value if kept else ticket_links(self.hubspot)
            if not kept:
                self._shared_links.store(self._links)
        return self._links

    def now(self) -> datetime:
        return datetime.now(UTC)


def _asked_under(settings: Settings, names: PortalNames) -> str:
    """Differs where HubSpot's answers about the portal are read differently."""
    said = (settings.hubspot_base_url, settings.go_live, names.model_dump_json())
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
