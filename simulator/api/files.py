"""Attached files: what they are, and a link that lets one read them for a while."""

from simulator.api.call import Answer, Call
from simulator.rules.refusals import Json, not_found
from simulator.state.clock import iso


def read(call: Call) -> Answer:
    """GET a file's particulars."""
    return Answer(200, _file(call))


def signed_url(call: Call) -> Answer:
    """GET a link to a private file, good for `expirationSeconds`."""
    shown = _file(call)
    lifetime = call.number("expirationSeconds", 3_600, 31_536_000)
    until = call.portal.clock.now_ms() + lifetime * 1000
    return Answer(
        200,
        {
            "url": f"{shown['url']}?Expires={until // 1000}&Signature=sample",
            "expiresAt": iso(until),
            "name": shown["name"],
            "extension": shown["extension"],
            "type": shown["type"],
            "size": shown["size"],
        },
    )


def archive(call: Call) -> Answer:
    """DELETE a file."""
    shown = _file(call)
    del call.portal.files[int(shown["id"])]
    return Answer(204)


def _file(call: Call) -> Json:
    text = call.path["file_id"]
    found = call.portal.files.get(int(text)) if text.isdigit() else None
    if found is None:
        raise not_found()
    return found
