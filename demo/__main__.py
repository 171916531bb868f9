"""`make demo`: forty tickets arrive at a simulated HubSpot and land with their teams.

Everything runs for real on this machine: a Redis-compatible server, the receiver, two Celery
workers, beat and Flower, all started by `ticket-worker up`; only HubSpot is simulated.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from demo.people import Done, act
from demo.portal import Landed, Sample, SimulatedPortal, arrival, samples
from demo.processes import (
    Addresses,
    DemoFailed,
    answers,
    forget_settings,
    plan_addresses,
    python,
    running,
    wait_for,
)
from demo.report import write_report
from demo.shown import cards, flower_tasks, metrics, workers_seen

FOLDER = Path("var/demo")
LATENCY_MS = 80
CLIENTS = 60  # in the simulator's sample, a third of them complete
MUST_LAND_WITHIN_S = 40.0
QUEUES = ("admin", "level_1", "level_2", "ocr", "product", "development", "it", "not_supported")
console = Console(highlight=False)


def main() -> int:
    """Run the demo. Exit status 0 when every ticket was decided and stands in its stage."""
    options = argparse.ArgumentParser(prog="make demo", description=__doc__)
    options.add_argument("--stay", action="store_true", help="keep running until Ctrl-C")
    stay = options.parse_args().stay
    # Told to stop, it stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    forget_settings()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        return run(stay)
    except DemoFailed as error:
        console.print(f"[red]The demo failed:[/red] {error}")
        return 1


def run(stay: bool) -> int:
    addresses, environment = plan_addresses()
    environment["DATA_DIR"] = str((FOLDER / "data").resolve())
    environment["REPORTS_DIR"] = str((FOLDER / "reports").resolve())
    model = Path("var/model")
    if model.exists():  # trained at installation; the demo need not do it again
        shutil.copytree(model, FOLDER / "data" / "model")
    with ExitStack() as stack:
        portal = _start(stack, addresses, environment)
        sent_by_webhook, wanted = _send(portal)
        landed = _watch(portal, wanted, sent_by_webhook)
        summary = _summary(portal, addresses, landed, sent_by_webhook, wanted)
        morning = stack.enter_context(ThreadPoolExecutor(1)).submit(
            write_report, environment, FOLDER / "reports", CLIENTS, CLIENTS // 3
        )
        done = _people(portal, addresses, landed, summary)
        (FOLDER / "summary.json").write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2))
        missing = _report(summary, landed, wanted) + _missing_of_people(done)
        for one in missing:
            console.print(f"[red]missing:[/red] {one}")
        _morning(*morning.result())
        if stay:
            _stay(addresses, environment)
    return 1 if missing else 0


def _start(stack: ExitStack, addresses: Addresses, environment: dict[str, str]) -> SimulatedPortal:
    port = addresses.hubspot.rpartition(":")[2]
    simulator = python("simulator", "--port", port, "--latency-ms", str(LATENCY_MS))
    stack.enter_context(running(simulator, {}, FOLDER / "simulator.log"))
    portal = SimulatedPortal(addresses.hubspot)
    wait_for(
        "The simulator",
        lambda: answers(f"{addresses.hubspot}/__control/health"),
        FOLDER / "simulator.log",
    )
    console.print("[bold]1.[/bold] `ticket-worker setup` makes the portal ready:", end=" ")
    console.print(_setup(environment))
    portal.control("POST", "/clients/sample", {})
    portal.subscribe(addresses.webhooks, environment["HUBSPOT_CLIENT_SECRET"])
    console.print(
        "[bold]2.[/bold] `ticket-worker up` starts Redis, receiver, 2 workers, beat, Flower"
    )
    teams = python("demo.teams_endpoint", "--port", addresses.teams.rpartition(":")[2])
    stack.enter_context(running(teams, {}, FOLDER / "teams.log"))
    wait_for("The Teams channel", lambda: answers(f"{addresses.teams}/cards"), FOLDER / "teams.log")
    log = FOLDER / "up.log"
    stack.enter_context(running(python("worker.cli", "up"), environment, log, FOLDER))
    wait_for("The worker", lambda: answers(f"{addresses.private}/readyz"), log)
    wait_for("Flower", lambda: workers_seen(addresses) >= 2, FOLDER / "data" / "run" / "flower.log")
    portal.control("POST", "/counters/reset", {})
    return portal


def _setup(environment: dict[str, str]) -> str:
    done = subprocess.run(
        python("worker.cli", "setup"),
        env={**os.environ, **environment},
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise DemoFailed(f"setup did not work: {done.stdout}{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def _send(portal: SimulatedPortal) -> tuple[set[str], dict[str, Sample]]:
    """Twenty tickets are announced by webhooks, twenty never: the poll must find those."""
    console.print(
        "[bold]3.[/bold] Forty tickets arrive. Half are announced by webhook, half never are: the "
        "poll finds them (every 5 s here, 60 s by default)\n"
    )
    chosen = samples()
    order = list(range(len(chosen)))
    random.Random(7).shuffle(order)  # noqa: S311 - an order, not a secret
    senders = portal.senders()
    by_webhook: set[str] = set()
    wanted: dict[str, Sample] = {}
    for start in range(0, len(order), 5):
        batch = order[start : start + 5]
        tickets = [arrival(chosen[n], n, senders, announce=n % 2 == 0) for n in batch]
        for number, id_ in zip(batch, portal.arrive(tickets), strict=True):
            wanted[id_] = chosen[number]
            if number % 2 == 0:
                by_webhook.add(id_)
        time.sleep(0.4)
    return by_webhook, wanted


def _watch(
    portal: SimulatedPortal, wanted: dict[str, Sample], by_webhook: set[str]
) -> dict[str, Landed]:
    """Show each ticket as it lands; ends when all have, with their clients, or time is up."""
    ends = time.monotonic() + MUST_LAND_WITHIN_S
    shown: set[str] = set()
    landed: dict[str, Landed] = {}
    while time.monotonic() < ends:
        landed = {one.id: one for one in portal.landed(list(wanted))}
        for id_, one in landed.items():
            if one.seconds is not None and one.get("routing_status") and id_ not in shown:
                shown.add(id_)
                _line(one, wanted[id_], "webhook" if id_ in by_webhook else "poll")
        waiting = [
            i
            for i, one in landed.items()
            if not one.get("routing_status") or (_has_client(wanted[i]) and _lacks_client(one))
        ]
        if not waiting:
            break
        time.sleep(0.25)
    return landed


def _has_client(sample: Sample) -> bool:
    return not sample.staff and sample.sender != "unknown"


def _lacks_client(one: Landed) -> bool:
    return one.get("client_record_missing") == "client unknown"


def _line(one: Landed, sample: Sample, found_by: str) -> None:
    queue = one.get("routing_queue")
    note = "" if queue == sample.queue else f"  (guidelines: {sample.queue})"
    status = "" if one.get("routing_status") == "decided" else f" {one.get('routing_status')}"
    console.print(
        f"{one.seconds:5.1f} s  {found_by:<7}  {queue:<13}  {one.get('subject')[:24]:<24}"
        f"  {one.get('routing_ticket_type')}{status}{note}",
        markup=False,
        soft_wrap=True,
    )


def _summary(
    portal: SimulatedPortal,
    addresses: Addresses,
    landed: dict[str, Landed],
    by_webhook: set[str],
    wanted: dict[str, Sample],
) -> dict[str, Any]:
    counted = metrics(addresses)
    decided = {i: one for i, one in landed.items() if one.get("routing_status")}
    waits = {i: one.seconds for i, one in decided.items() if one.seconds is not None}
    told = sorted(s for i, s in waits.items() if i in by_webhook)
    polled = sorted(s for i, s in waits.items() if i not in by_webhook)
    calls = portal.counters()
    return {
        "tickets_sent": len(wanted),
        "tickets_decided": len(decided),
        "by_queue": {q: sum(o.get("routing_queue") == q for o in decided.values()) for q in QUEUES},
        "by_webhook": counted.get('announced_by_total{kind="webhook"}', 0),
        "by_poll": counted.get('announced_by_total{kind="poll"}', 0),
        "undecided": len(wanted) - len(decided),
        "to_triage": sum(o.get("routing_status") == "triage" for o in decided.values()),
        "as_the_guidelines_say": sum(
            o.get("routing_queue") == wanted[i].queue for i, o in decided.items()
        ),
        "median_seconds": _quantile(told, 50),
        "p95_seconds": _quantile(told, 95),
        "poll_p95_seconds": _quantile(polled, 95),
        "hubspot_calls": calls["total"],
        "hubspot_calls_per_ticket": round(calls["total"] / len(wanted), 3),
        "hubspot_calls_by_limit": {
            name: calls[name] for name in ("ten_secondly", "search", "associations")
        },
        "flower_tasks_seen": flower_tasks(addresses),
        "clients_flagged": counted.get("clients_flagged_total", 0),
    }


def _people(
    portal: SimulatedPortal,
    addresses: Addresses,
    landed: dict[str, Landed],
    summary: dict[str, Any],
) -> Done:
    """Agents at work: an escalation with its cards, and a move by hand that is respected."""
    console.print("\n[bold]4.[/bold] Agents at work")
    done = act(portal, landed.values(), lambda: cards(addresses))
    console.print(f"  on the ticket “{done.subject}”, first with Level 1:", soft_wrap=True)
    for request, queue, seconds in done.hand_offs:
        console.print(f"  an agent asks for {request}: with {queue} after {seconds} s")
    for card in done.cards:
        console.print("  what Team Ticketing in Teams shows:")
        for line in _lines(card):
            console.print(f"    │ {line}", markup=False, soft_wrap=True)
    console.print("  an agent drags another ticket to OCR by hand: it stays there, locked")
    summary["escalations"] = sum(seconds >= 0 for _, _, seconds in done.hand_offs)
    summary["escalation_seconds"] = [seconds for _, _, seconds in done.hand_offs]
    summary["teams_cards"] = len(done.cards)
    summary["human_moves_kept"] = done.moves_kept
    return done


def _missing_of_people(done: Done) -> list[str]:
    missing = [f"{request} was not carried out" for request, _, s in done.hand_offs if s < 0]
    if len(done.cards) != len(done.hand_offs):
        missing.append(f"{len(done.cards)} cards for {len(done.hand_offs)} hand-offs")
    if not done.moves_kept:
        missing.append("the agent's move was not kept")
    return missing


def _lines(card: dict[str, Any]) -> list[str]:
    """What a card says, line by line, with where its button leads."""
    lines = [text.strip() for text in _texts(card["body"])]
    lines += [f"[{action['title']}] {action['url']}" for action in card.get("actions", [])]
    return [line for line in lines if line]


def _texts(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        if runs := block.get("inlines"):
            yield "".join(str(run.get("text", "")) for run in runs)
        yield str(block.get("text", ""))
        yield from _texts(block.get("items", []))


def _report(
    summary: dict[str, Any], landed: dict[str, Landed], wanted: dict[str, Sample]
) -> list[str]:
    table = Table(box=None, pad_edge=False)
    table.add_column("queue")
    table.add_column("tickets", justify="right")
    for queue, count in summary["by_queue"].items():
        table.add_row(queue, str(count))
    console.print()
    console.print(table)
    calls = ", ".join(f"{n} {what}" for what, n in summary["hubspot_calls_by_limit"].items())
    for line in (
        f"{summary['tickets_decided']} of {summary['tickets_sent']} tickets decided, "
        f"{summary['as_the_guidelines_say']} as the guidelines say, "
        f"{summary['to_triage']} to triage",
        f"webhook to stage: median {summary['median_seconds']} s, p95 {summary['p95_seconds']} s; "
        f"found by the poll: p95 {summary['poll_p95_seconds']} s",
        f"{summary['hubspot_calls']} calls to HubSpot of {LATENCY_MS} ms each ({calls}), "
        f"{summary['hubspot_calls_per_ticket']} a ticket",
        f"{summary['flower_tasks_seen']} routing tasks seen in Flower, "
        f"{summary['clients_flagged']} client records flagged",
        f"figures in {FOLDER / 'summary.json'}, logs in {FOLDER / 'data' / 'run'}",
    ):
        console.print(line, soft_wrap=True)
    return _missing(summary, landed, wanted)


def _missing(
    summary: dict[str, Any], landed: dict[str, Landed], wanted: dict[str, Sample]
) -> list[str]:
    """What a person would miss; each is a reason to fail."""
    missing = []
    if summary["undecided"]:
        missing.append(f"{summary['undecided']} tickets without a decision")
    for id_, one in landed.items():
        stage = one.get("hs_pipeline_stage")
        if one.get("routing_status") and one.seconds is None:
            missing.append(f"ticket {id_} was decided but stayed in stage {stage}")
        if _has_client(wanted[id_]) and _lacks_client(one):
            missing.append(f"ticket {id_} lacks its client")
    stages = Counter((o.get("routing_queue"), o.get("hs_pipeline_stage")) for o in landed.values())
    if any(len({pair[side] for pair in stages}) != len(stages) for side in (0, 1)):
        missing.append(f"queues and stages are not one to one: {sorted(stages)}")
    if missing_queues := [q for q, count in summary["by_queue"].items() if not count]:
        missing.append(f"no ticket in {', '.join(missing_queues)}")
    if not summary["by_webhook"] or not summary["by_poll"]:
        missing.append("one of webhook and poll found nothing")
    if not summary["flower_tasks_seen"]:
        missing.append("Flower saw no task")
    return missing


def _quantile(values: list[float], percent: int) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)


def _morning(page: Path, figures: dict[str, Any]) -> None:
    """The report that the night would bring, made while the agents were at work."""
    lacks = ", ".join(f"{one['words']} {one['clients']}" for one in figures["missing"])
    first = figures["to_mend"][0]
    for line in (
        "[bold]5.[/bold] `ticket-worker report`: the morning's report on the client records",
        f"   {figures['complete']} of {figures['clients']} records complete; missing: {lacks}",
        f"   first to mend: {first['client']} (open tickets: {first['open_tickets']}, "
        f"decided without its data: {first['decided_without']})",
        f"   the report (its trend before today is made up): {page}",
    ):
        console.print(line, soft_wrap=True)


def _stay(addresses: Addresses, environment: dict[str, str]) -> None:
    user, password = addresses.flower_login
    console.print(f"\nFlower: {addresses.flower} (login {user}, password {password})")
    console.print(
        f"Reports: {addresses.private}/reports/ (login {environment['REPORTS_USER']}, password "
        f"{environment['REPORTS_PASSWORD']})",
        soft_wrap=True,
    )
    console.print(f"Metrics: {addresses.private}/metrics. Ctrl-C ends the demo.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    sys.exit(main())
