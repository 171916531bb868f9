"""A HubSpot that keeps nothing: it answers the flow's calls from nothing but the ids asked for.

What a portal is made of it asks the simulator; so its own memory and speed stand in nobody's way.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import orjson
import requests

from demo.portal import samples

COMPANIES = 2_000
MODIFIED = "2026-11-23T10:00:00.000Z"
LIMIT = "1000000"  # calls in ten seconds; no account has as many


class MadeUpHubSpot:
    """A server on a loopback port, for as long as the `with` lasts."""

    def __init__(self, simulator: str) -> None:
        pipeline = requests.get(
            f"{simulator}/crm/pipelines/2026-09/tickets",
            headers={"Authorization": "Bearer token-of-the-test"},
            timeout=10,
        ).json()["results"][0]
        intake = min(pipeline["stages"], key=lambda stage: int(stage["displayOrder"]))
        self._answers = _Answers(pipeline["id"], intake["id"])
        handler = type("Handler", (_Handler,), {"made_up": self._answers, "simulator": simulator})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    made_up: _Answers
    simulator: str

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._say(200, orjson.dumps(self.made_up.post(self.path, orjson.loads(body))))

    def do_GET(self) -> None:
        headers = {"Authorization": self.headers["Authorization"]}
        told = requests.get(f"{self.simulator}{self.path}", headers=headers, timeout=10)
        self._say(told.status_code, told.content)

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-HubSpot-RateLimit-Max", LIMIT)
        self.send_header("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class _Answers:
    def __init__(self, pipeline: str, intake: str) -> None:
        self._texts = samples()
        self._intake = {"hs_pipeline": pipeline, "hs_pipeline_stage": intake}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        rows = body.get("inputs", [])
        if path.endswith("/search"):
            return {"total": 0, "results": []}
        if "/associations/" in path:
            return {"status": "COMPLETE", "results": [_links(row["id"]) for row in rows]}
        object_type = path.split("/")[4]
        if path.endswith("update"):
            written = [{"id": row["id"], "properties": {}, "archived": False} for row in rows]
            return {"status": "COMPLETE", "results": written}
        history = bool(body.get("propertiesWithHistory"))
        return {
            "status": "COMPLETE",
            "results": [self._record(object_type, row["id"], history) for row in rows],
        }

    def _record(self, object_type: str, id_: str, history: bool) -> dict[str, Any]:
        number = int(id_)
        properties: dict[str, str | None] = {"hs_lastmodifieddate": MODIFIED}
        if object_type == "tickets":
            text = self._texts[number % len(self._texts)]
            properties |= {
                **self._intake,
                "subject": f"{text.subject} {number}",
                "content": f"{text.body} Reference {number}.",
                "createdate": MODIFIED,
            }
        elif object_type == "companies":
            properties |= {"name": f"Client {number}", "erp_system": "NetSuite" * (number % 2)}
        else:
            properties |= {"email": f"person{number}@client{number}.example"}
        found: dict[str, Any] = {"id": id_, "properties": properties}
        if history:
            found["propertiesWithHistory"] = {
                "hs_pipeline_stage": [
                    {
                        "value": self._intake["hs_pipeline_stage"],
                        "timestamp": MODIFIED,
                        "sourceType": "CONVERSATIONS",
                    }
                ]
            }
        return found | {"archived": False}


def _links(id_: str) -> dict[str, Any]:
    other = str(1 + int(id_) % COMPANIES)
    types = [{"typeId": 26, "label": None, "category": "HUBSPOT_DEFINED"}]
    return {"from": {"id": id_}, "to": [{"toObjectId": other, "associationTypes": types}]}
