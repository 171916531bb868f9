"""HubSpot over HTTP: one pooled session, a deadline for every call, four errors.

`hubspot-api-client` gives the client and builds the requests. Its generated methods speak
versions that HubSpot ends in 2027 and have no time-outs, so everything goes through
`api_request`, overridden here (docs/adrs/002-hubspot-gateway.md).
"""

from __future__ import annotations

import http.cookiejar
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

import hubspot
import requests
import structlog
from hubspot.utils.requests.http_request_builder import Request
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from worker.hubspot.answers import Json, error_body, interval_s, missing_scopes, parse, seconds_of
from worker.hubspot.errors import HubSpotError, NotFound, RateLimited, Rejected, Transient
from worker.hubspot.limits import MAX_SLEEP_S, Bucket
from worker.hubspot.models import error_sentence

CONNECT_S = 3.05
READ_S = 10.0
DEADLINE_S = 25.0  # a body is read on only while one more wait of READ_S still fits
MAX_BODY_BYTES = 16 * 1024 * 1024
LOCKED_WAIT_S = 2.0  # HubSpot: 423 lasts two seconds
READ_AGAIN_S = 0.5  # at most, before a read that failed is made once more
FAILED_SOON_S = 5.0  # it is not made again when failing took longer: a slot would wait too long
REFUSED_S = 1.0  # the first hold after a 429 that names no time; doubled for each one that follows
USER_AGENT = "hubspot-ticket-worker"

log = structlog.get_logger()


class CallLimiter(Protocol):
    def acquire(self, bucket: Bucket) -> None: ...
    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None: ...
    def hold(self, bucket: Bucket, seconds: float) -> None: ...
    def hold_everything(self, seconds: float) -> None: ...


class CallBreaker(Protocol):
    def wait_s(self) -> float: ...
    def failed(self) -> None: ...
    def answered(self) -> None: ...


def bucket_of(path: str) -> Bucket:
    """Which limit a call counts against (HubSpot's specification marks the exempt paths)."""
    if path.endswith("/search"):
        return Bucket.SEARCH
    if path.startswith("/crm/associations/"):
        return Bucket.ASSOCIATIONS
    return Bucket.TEN_SECONDS


def only_reads(options: Mapping[str, Any]) -> bool:
    """Whether a call changes nothing, so that it may be sent again whatever became of it."""
    return options["method"] == "GET" or str(options["path"]).endswith(("/batch/read", "/search"))


def _closed(_: HubSpotClient) -> NoReturn:
    raise TypeError(
        "HubSpot's generated methods have no time-out, no limits and a pool of their own. Nothing "
        "was sent; call get, post, patch, put or api_request instead."
    )


class HubSpotClient(hubspot.Client):  # type: ignore[misc]  # the package carries no types
    """The package's client with its transport replaced. Thread-safe; make it after any fork.

    `on_call` is told of every call that left: bucket, status (0: no answer) and seconds.
    """

    # The package's other doors, shut.
    oauth = automation = cms = communication_preferences = conversations = property(_closed)
    crm = events = files = marketing = settings = webhooks = property(_closed)

    def __init__(
        self,
        access_token: SecretStr,
        base_url: str,
        limiter: CallLimiter,
        pool_size: int = 16,
        on_call: Callable[[str, int, float], None] | None = None,
        breaker: CallBreaker | None = None,
    ) -> None:
        super().__init__(
            access_token=access_token.get_secret_value(), base_url=base_url, user_agent=USER_AGENT
        )
        self._limiter = limiter
        self._on_call = on_call
        self._breaker = breaker
        self._refusals = dict.fromkeys(Bucket, 0)  # 429s in a row that named no time
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=pool_size, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def __repr__(self) -> str:
        return f"HubSpotClient({self.config['base_url']})"

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Json:
        return self.api_request({"method": "GET", "path": path, "qs": dict(query or {})})

    def post(self, path: str, body: Json) -> Json:
        return self.api_request({"method": "POST", "path": path, "body": body})

    def patch(self, path: str, body: Json) -> Json:
        return self.api_request({"method": "PATCH", "path": path, "body": body})

    def put(self, path: str, body: Json) -> Json:
        return self.api_request({"method": "PUT", "path": path, "body": body})

    def api_request(self, options: dict[str, Any]) -> Json:
        """Send one request and return the parsed JSON (None for an empty body). What only reads
        is sent once more when HubSpot fails on it within `FAILED_SOON_S`, and anything for which
        a limit was used up for at most `MAX_SLEEP_S`: then nothing was done.

        Raises `RateLimited`, `Transient`, `Rejected` or `NotFound`; for a write, `Transient`
        means that nobody knows whether it happened.
        """
        started = time.monotonic()
        try:
            return self._attempt(options)
        except Transient:
            if not only_reads(options) or time.monotonic() - started > FAILED_SOON_S:
                raise
        except RateLimited as error:
            if error.retry_after_s > MAX_SLEEP_S:
                raise
        time.sleep(random.uniform(0, READ_AGAIN_S))  # noqa: S311 - a wait, not a secret
        return self._attempt(options)

    def _attempt(self, options: dict[str, Any]) -> Json:
        if self._breaker and (wait_s := self._breaker.wait_s()):
            raise RateLimited("HubSpot does not answer at present; nobody calls it", wait_s)
        bucket = bucket_of(options["path"])
        self._limiter.acquire(bucket)
        try:
            answer = self._call(options, bucket)
        except Transient:
            if self._breaker:
                self._breaker.failed()
            raise
        except (RateLimited, Rejected):
            if self._breaker:
                self._breaker.answered()
            raise
        if self._breaker:
            self._breaker.answered()
        return answer

    def _call(self, options: dict[str, Any], bucket: Bucket) -> Json:
        request = Request(self.config, options)
        path = options["path"]
        started = time.monotonic()
        status = 0
        try:
            status, headers, body = self._exchange(request, path)
        finally:
            if self._on_call:
                self._on_call(bucket, status, time.monotonic() - started)
        self._limiter.learn(bucket, headers)
        if status >= 400:
            self._refuse(status, headers, body, request.get_method(), path, bucket)
        self._refusals[bucket] = 0
        if status >= 300:
            raise Transient(
                f"HubSpot answered {request.get_method()} {path} with a redirect {status}"
            )
        if not body:
            return None
        try:
            return parse(body)
        except ValueError:
            what = f"{request.get_method()} {path}"
            raise Transient(f"HubSpot answered {what} with {status} and no JSON") from None

    def _exchange(self, request: Request, path: str) -> tuple[int, Mapping[str, str], bytes]:
        started = time.monotonic()
        what = f"{request.get_method()} {path}"
        try:
            with self._session.request(
                request.get_method(),
                request.get_url(),
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
                **request.get_options_for_sending(),
            ) as response:
                body = bytearray()
                while chunk := response.raw.read1(65536, decode_content=True):
                    body += chunk
                    if len(body) > MAX_BODY_BYTES:
                        raise Transient(f"HubSpot's answer to {what} is larger than 16 MiB")
                    if time.monotonic() - started > DEADLINE_S - READ_S:
                        raise Transient(f"HubSpot's answer to {what} took too long to arrive")
                return response.status_code, response.headers, bytes(body)
        except HubSpotError:
            raise
        except (requests.RequestException, OSError) as error:
            raise Transient(f"{what} got no answer: {type(error).__name__}") from None
        except Exception as error:
            # urllib3's own errors come through unwrapped when a body is read by hand.
            if type(error).__module__.startswith("urllib3."):
                raise Transient(f"{what} got half an answer: {type(error).__name__}") from None
            raise

    def _refuse(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        method: str,
        path: str,
        bucket: Bucket,
    ) -> NoReturn:
        said = error_body(body)
        message = self._masked(error_sentence({"category": f"HTTP {status}", **said}))
        correlation = str(said.get("correlationId") or "")
        category = str(said.get("category") or "")
        what = f"{method} {path}: {message}"
        if status == 429:
            self._slow_down(headers, said, bucket, message, correlation)
        if status == 423:
            self._limiter.hold(bucket, LOCKED_WAIT_S)
            raise RateLimited(f"HubSpot locks the records: {message}", LOCKED_WAIT_S, correlation)
        if status == 477:
            wait = seconds_of(headers.get("Retry-After"), 60.0)
            self._limiter.hold_everything(wait)
            raise RateLimited(f"HubSpot is moving the account: {message}", wait, correlation)
        if status in {408, 421, 425} or status >= 500:
            raise Transient(f"HubSpot failed with {status} on {what}", correlation)
        if status == 404:
            raise NotFound(what, status, category, correlation)
        if category == "MISSING_SCOPES":
            message = f"{what} Missing scopes: {', '.join(missing_scopes(said)) or 'not named'}"
            raise Rejected(message, status, category, correlation)
        raise Rejected(what, status, category, correlation)

    def _masked(self, text: str) -> str:
        """A proxy may quote the request in its refusal; our messages end in logs and tickets."""
        token = self.config["access_token"]
        return text.replace(token, "…") if token else text

    def _slow_down(
        self,
        headers: Mapping[str, str],
        said: dict[str, Any],
        bucket: Bucket,
        message: str,
        correlation: str,
    ) -> NoReturn:
        policy = str(said.get("policyName") or "").upper()
        if "DAILY" in policy or "daily limit" in message:
            # Midnight of the account's time zone frees it; asked again every quarter of an hour.
            wait = seconds_of(headers.get("Retry-After"), 900.0)
            self._limiter.hold_everything(wait)
        else:
            wait = seconds_of(headers.get("Retry-After"), self._usual_hold_s(bucket, headers))
            self._limiter.hold(bucket, wait)
        log.warning("hubspot_limit_hit", policy=policy, bucket=str(bucket), wait_s=wait)
        raise RateLimited(f"HubSpot's limit is used up: {message}", wait, correlation)

    def _usual_hold_s(self, bucket: Bucket, headers: Mapping[str, str]) -> float:
        """How long nobody calls after a 429 that does not say. We count our calls ourselves, so
        one alone is mostly a passing thing; whoever is refused again and again waits until the
        bucket's window is over.
        """
        longest = REFUSED_S if bucket is Bucket.SEARCH else interval_s(headers)
        self._refusals[bucket] += 1
        return float(min(longest, REFUSED_S * 2 ** min(self._refusals[bucket] - 1, 10)))
