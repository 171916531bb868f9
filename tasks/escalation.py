"""Escalation: runs on the clock, beside the hand-offs that agents ask for."""

from __future__ import annotations

from config.channels import Channels
from config.settings import RoutingMode
from tasks.process import runtime
from worker.app import UPKEEP_QUEUE, app
from worker.escalation.account import ticket_links
from worker.escalation.ageing_watch import AgeingWatch
from worker.escalation.assignment import Assignment
from worker.escalation.delivery import Delivery
from worker.slots import once

AGEING_SLOT_S = 540
OWNERS_SLOT_S = 50


@app.task(name="announce_ageing", queue=UPKEEP_QUEUE)
def announce_ageing() -> str:
    """Tell each queue's channel of tickets that wait there too long, once for each stay."""
    here = runtime()
    policy = here.policy.current()
    if here.settings.routing_mode is RoutingMode.OBSERVE:
        return "nothing is announced in observe"
    if not policy.document.ageing.queues:
        return "the policy watches no queue"
    if not once(here.redis, "ageing", AGEING_SLOT_S):
        return "done already in these ten minutes"
    portal = here.portal.current(policy)
    delivery = Delivery(Channels(here.settings))
    watch = AgeingWatch(here.hubspot, here.clients, here.redis, delivery)
    watched = watch.look(policy.document, portal, ticket_links(here.hubspot), here.now())
    here.counters.add({f"ageing:{queue}": count for queue, count in watched.by_queue.items()})
    return str(watched)


@app.task(name="assign_owners", queue=UPKEEP_QUEUE)
def assign_owners() -> str:
    """Give an owner to tickets in a queue that have none, where the policy says so."""
    here = runtime()
    policy = here.policy.current()
    if not policy.document.owners.queues:
        return "the policy leaves owners to HubSpot and to people"
    if not once(here.redis, "owners", OWNERS_SLOT_S):
        return "done already in this minute"
    portal = here.portal.current(policy)
    done = Assignment(here.hubspot, here.redis).look(
        policy.document, portal, here.settings.routing_mode, here.now()
    )
    here.counters.add({"owners_assigned": done.count})
    return str(done)
