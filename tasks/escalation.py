"""Escalation: runs on the clock, beside the hand-offs that agents ask for."""

from __future__ import annotations

from config.channels import Channels
from config.settings import RoutingMode
from tasks.process import runtime
from worker.app import UPKEEP_QUEUE, app
from worker.escalation.ageing_watch import AgeingWatch
from worker.escalation.assignment import Assignment
from worker.escalation.delivery import Delivery
from worker.escalation.trust import mode_of
from worker.processes.slots import once
from worker.routing.escalation_rules import Ageing

AGEING_SLOT_S = 540
OWNERS_SLOT_S = 50


@app.task(name="announce_ageing", queue=UPKEEP_QUEUE)
def announce_ageing() -> str:
    """Tell each queue's channel of tickets that wait there too long, once for each stay."""
    here = runtime()
    policy = here.policy.current()
    watched_queues = {
        queue: hours
        for queue, hours in policy.document.ageing.queues.items()
        if mode_of(queue, policy, here.settings.routing_mode) is not RoutingMode.OBSERVE
    }
    if not watched_queues:
        return "no queue is watched: the policy names none, or they are only observed"
    if not once(here.redis, "ageing", AGEING_SLOT_S):
        return "done already in these ten minutes"
    portal = here.portal.current(policy)
    delivery = Delivery(Channels(here.settings))
    watch = AgeingWatch(here.hubspot, here.clients, here.redis, delivery)
    document = policy.document.model_copy(update={"ageing": Ageing(queues=watched_queues)})
    watched = watch.look(document, portal, here.links(), here.now())
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
