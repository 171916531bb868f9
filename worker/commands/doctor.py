"""`ticket-worker doctor`: is everything as it must be? Each finding with its mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_IRWXG, S_IRWXO
from urllib.parse import urlsplit

import redis
from rich.console import Console
from rich.table import Table

from config.channels import Channels
from config.portal import PortalNames
from config.settings import Settings
from worker.commands.terminal import shown
from worker.config_files import policy_of
from worker.escalation.addresses import unaddressed
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import HubSpotError, Rejected
from worker.hubspot.names import PropertyNames
from worker.hubspot.service import HubSpotService
from worker.hubspot.spaced import Spaced
from worker.hubspot.webhooks import Verdict, app_id
from worker.portal import PortalNotReady, read_portal
from worker.portal_names import PortalNamesError, read_portal_names
from worker.processes.counters import Counters
from worker.processes.logs import Masking, secrets_of
from worker.routing.policy import Policy, PolicyError
from worker.routing.portal_view import problems
from worker.runtime import connect
from worker.tickets.identity import KEY as IDENTITY_KEY
from worker.web.refusals import COUNTER as REFUSED

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
READS = {
    "objects/{}/tickets": "tickets",
    "objects/{}/companies": "crm.objects.companies.read",
    "objects/{}/contacts": "crm.objects.contacts.read",
    "objects/{}/emails": "sales-email-read",
    "owners/{}": "crm.objects.owners.read",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`good` is None for what is worth knowing and no fault."""

    about: str
    good: bool | None
    said: str


def run_doctor(settings: Settings, console: Console) -> int:
    """Print the findings. Exit status 1 when something must be mended."""
    findings = list(examine(settings))
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("about", style="bold")
    table.add_column("finding", overflow="fold")
    masking = Masking(secrets_of(settings))  # servers quote what they were told
    marks = {True: ("ok", "green"), False: ("!", "red"), None: ("-", "dim")}
    for finding in findings:
        table.add_row(
            shown(*marks[finding.good]), shown(finding.about), shown(masking.text(finding.said))
        )
    console.print(table)
    wrong = sum(finding.good is False for finding in findings)
    console.print(f"{wrong} to mend" if wrong else "all well")
    return 1 if wrong else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check, in the order in which a person mends them."""
    policy, names = _policy(settings), _names(settings)
    yield policy if isinstance(policy, Finding) else _sound(policy)
    if isinstance(names, Finding):
        yield names
    yield from _secrets(settings)
    yield from _redis(settings)
    yield from _hubspot(settings, policy, names)
    yield from _webhooks(settings)
    if isinstance(policy, Policy):
        for about, good, said in unaddressed(policy.document.notices, Channels(settings)):
            yield Finding(about, good, said)


def _policy(settings: Settings) -> Policy | Finding:
    try:
        return policy_of(settings)
    except (PolicyError, OSError) as error:
        return Finding("policy", False, str(error))


def _sound(policy: Policy) -> Finding:
    return Finding("policy", True, f"version {policy.version}, {len(policy.types)} types")


def _names(settings: Settings) -> PortalNames | Finding:
    try:
        return read_portal_names(settings.portal_file)
    except PortalNamesError as error:
        return Finding("portal.yaml", False, str(error))


def _secrets(settings: Settings) -> Iterator[Finding]:
    """Whether others on this machine or on the way can read the token."""
    file = Path(str(settings.model_config.get("env_file") or ""))
    try:
        mode = file.stat().st_mode if file.is_file() else 0
    except OSError:
        mode = 0
    if mode & (S_IRWXG | S_IRWXO):
        yield Finding(
            str(file), False, f"Other users of this machine may read it. Run: chmod 600 {file}"
        )
    at = urlsplit(settings.hubspot_base_url)
    if at.scheme != "https" and at.hostname not in LOOPBACK:
        yield Finding(
            "token", False, f"{settings.hubspot_base_url} takes it in the clear. Set an https one."
        )


def _hubspot(
    settings: Settings, policy: Policy | Finding, names: PortalNames | Finding
) -> Iterator[Finding]:
    if not settings.hubspot_access_token.get_secret_value():
        yield Finding("token", False, "HUBSPOT_ACCESS_TOKEN is not set. Set it in .env.")
        return
    client = HubSpotClient(settings.hubspot_access_token, settings.hubspot_base_url, Spaced())
    version = settings.hubspot_api_version
    token = _token(HubSpotService(client, version))
    yield token
    if not token.good:
        return
    for path, scope in READS.items():
        yield _check(
            f"scope {scope}",
            lambda path=path: client.get(  # type: ignore[misc]
                "/crm/" + path.format(version), {"limit": 1}
            ),
            "granted",
            f"Add {scope} to hubspot-app/ and upload it again.",
        )
    yield from _limits(client, settings)
    if isinstance(policy, Finding) or isinstance(names, Finding):
        return
    theirs = {
        "tickets": PropertyNames(names.ticket_properties),
        "companies": PropertyNames(names.company_properties),
    }
    yield from _portal(HubSpotService(client, version, theirs), settings, policy, names)


def _portal(
    hubspot: HubSpotService, settings: Settings, policy: Policy, names: PortalNames
) -> Iterator[Finding]:
    try:
        portal = read_portal(hubspot, names, settings.go_live)
    except (PortalNotReady, HubSpotError) as error:
        yield Finding("portal", False, str(error))
        return
    yield Finding("go-live", True, f"tickets created since {portal.go_live:%Y-%m-%d %H:%M} UTC")
    wrong = problems(policy, portal.view)
    yield Finding("portal", not wrong, " ".join(wrong) or "takes every decision of the policy")
    if not portal.has_admin_label:
        yield Finding(
            "label",
            None,
            f"The portal has no label {names.admin_contact_label!r}: the contact property "
            f"{names.admin_contact_property} says who the administrative contacts are.",
        )


def _redis(settings: Settings) -> Iterator[Finding]:
    if "redis_url" not in settings.model_fields_set:
        yield Finding("Redis", None, "REDIS_URL is not set: `ticket-worker up` brings its own")
        return
    with connect(settings) as client:
        try:
            yield _kept(client)
            identity = client.get(IDENTITY_KEY)
            counters = Counters(client).totals()
        except (redis.RedisError, OSError) as error:
            yield Finding(
                "Redis",
                False,
                f"{error or type(error).__name__}. Start it, or correct REDIS_URL.",
            )
            return
    yield Finding(
        "our source id",
        None if identity is None else True,
        "not learned yet; the first ticket moved or handed on tells it"
        if identity is None
        else app_id(identity.decode() if isinstance(identity, bytes) else str(identity)),
    )
    yield from _deliveries(counters)


def _kept(client: redis.Redis) -> Finding:
    """Whether Redis keeps what it is given. Raises redis's errors."""
    try:
        there = {
            key: _text_values(client.config_get(key)).get(key, "")
            for key in ("appendonly", "maxmemory-policy")
        }
    except redis.ResponseError:
        client.ping()
        return Finding("Redis", None, "answers; its configuration can't be read (CONFIG is closed)")
    said = ", ".join(f"{key} {value}" for key, value in there.items())
    good = there == {"appendonly": "yes", "maxmemory-policy": "noeviction"}
    mend = "" if good else ". Set appendonly yes and maxmemory-policy noeviction"
    return Finding("Redis", good, said + mend)


def _text_values(raw: object) -> dict[str, str]:
    pairs = raw.items() if isinstance(raw, dict) else ()
    return {_text(key): _text(value) for key, value in pairs}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _deliveries(counters: Mapping[str, int]) -> Iterator[Finding]:
    """What the receiver met so far: the only proof of secret and address that there is."""
    taken = counters.get("webhook_events", 0)
    refused = {
        name.partition(":")[2]: count
        for name, count in counters.items()
        if name.startswith(REFUSED + ":")
    }
    said = f"{taken:,} events taken"
    if refused:
        said += "; refused: " + ", ".join(f"{n:,} {why}" for why, n in sorted(refused.items()))
    if not taken and refused.get(Verdict.FORGED):
        yield Finding(
            "deliveries",
            False,
            f"{said}. HUBSPOT_CLIENT_SECRET is not this app's, or WEBHOOK_PUBLIC_URL is not the "
            "target URL entered in HubSpot.",
        )
    elif taken or refused:
        yield Finding("deliveries", True if taken else None, said)


def _token(hubspot: HubSpotService) -> Finding:
    try:
        account = hubspot.account()
    except Rejected as error:
        return Finding("token", False, f"{error} Copy it again from the app's Auth tab.")
    except HubSpotError as error:
        return Finding("token", False, f"{error} Is HUBSPOT_BASE_URL right and reachable?")
    return Finding(
        "token", True, f"portal {account.get('portalId')}, time zone {account.get('timeZone')}"
    )


def _limits(client: HubSpotClient, settings: Settings) -> Iterator[Finding]:
    path = f"/account-info/{settings.hubspot_api_version}/api-usage/daily/private-apps"
    try:
        usage = client.get(path)["results"]
        used = ", ".join(f"{u['currentUsage']:,} of {u['usageLimit']:,}" for u in usage)
        yield Finding("calls today", True, used or "none counted yet")
    except HubSpotError as error:
        yield Finding("calls today", None, str(error))
    except (KeyError, TypeError):
        yield Finding("calls today", None, "HubSpot's answer has an unknown shape")


def _check(about: str, ask: Callable[[], object], good: str, mend: str) -> Finding:
    try:
        ask()
    except HubSpotError as error:
        return Finding(about, False, f"{error} {mend}")
    return Finding(about, True, good)


def _webhooks(settings: Settings) -> Iterator[Finding]:
    secret = bool(settings.hubspot_client_secret.get_secret_value())
    if secret and settings.webhook_public_url:
        https = settings.webhook_public_url.startswith("https://")
        said = settings.webhook_public_url + ("" if https else ": HubSpot calls https only")
        yield Finding("webhooks", https, said)
    else:
        yield Finding(
            "webhooks",
            None,
            "off: HUBSPOT_CLIENT_SECRET and WEBHOOK_PUBLIC_URL are not set; only the poll runs",
        )
    if settings.webhook_allow_v1:
        yield Finding("webhooks", None, "WEBHOOK_ALLOW_V1 is on: unset it once v3 deliveries come")
