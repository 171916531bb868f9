"""Owners: the ids that may stand in `hubspot_owner_id`."""

from simulator.api.call import Answer, Call
from simulator.rules.refusals import Json, not_found

_PAGE = 500


def list_page(call: Call) -> Answer:
    """GET owners, 100 by default and at most 500, by e-mail or archived where asked for."""
    archived = call.flag("archived")
    email = call.one("email")
    after = int(call.one("after") or 0) if (call.one("after") or "0").isdigit() else 0
    limit = call.number("limit", 100, _PAGE)
    rows = [
        owner
        for owner in sorted(call.portal.owners.values(), key=lambda owner: owner.id)
        if owner.archived is archived and owner.id >= after and email in (None, owner.email)
    ]
    body: Json = {"results": [owner.as_json() for owner in rows[:limit]]}
    if len(rows) > limit:
        body["paging"] = {"next": {"after": str(rows[limit].id), "link": "?after="}}
    return Answer(200, body)


def read(call: Call) -> Answer:
    """GET one owner by `id`, or by `userId` with idProperty."""
    text = call.path["owner_id"]
    wanted = int(text) if text.isdigit() else -1
    by_user = call.one("idProperty") == "userId"
    for owner in call.portal.owners.values():
        key = owner.user_id if by_user else owner.id
        if key == wanted and owner.archived is call.flag("archived"):
            return Answer(200, owner.as_json())
    raise not_found()
