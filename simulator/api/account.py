"""The account itself: who it is, and how many calls it made today."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.api.call import Answer, Call
from simulator.state.clock import iso
from simulator.traffic.rates import Rates


def details(call: Call) -> Answer:
    """GET account details: portal id, time zone, kind of account."""
    settings = call.portal.settings
    zone = ZoneInfo(settings.time_zone)
    offset = datetime.fromtimestamp(call.portal.clock.now_ms() / 1000, zone).utcoffset()
    minutes = int((offset or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return Answer(
        200,
        {
            "portalId": settings.portal_id,
            "accountType": "STANDARD",
            "timeZone": settings.time_zone,
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


def usage(call: Call, rates: Rates) -> Answer:
    """GET today's calls of all private apps. It resets at midnight of the account's time zone."""
    zone = ZoneInfo(call.portal.settings.time_zone)
    now = datetime.fromtimestamp(call.portal.clock.now_ms() / 1000, zone)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": call.portal.settings.limits.daily,
        "currentUsage": rates.daily,
        "collectedAt": iso(call.portal.clock.now_ms()),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(round(midnight.timestamp() * 1000)),
    }
    return Answer(200, {"results": [row]})
