"""What the worker knows and does.

`flow.py` is the way of one batch of tickets; `runtime.py` what a process holds; `app.py` the
Celery application; `cli.py` the command. Rooms: `intake` (how tickets are found), `clients` (who
the client is), `routing` (the decision), `tickets` (what a ticket asks for and what is written),
`escalation` (hand-offs), `reports`, `hubspot` (the only door to HubSpot), `web` (what listens),
`commands` (what a person runs), `processes` (what keeps all of it going).
"""
