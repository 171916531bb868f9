"""One HTTP POST over a connection of its own, with one deadline for all of it."""

import asyncio
import ssl
from urllib.parse import urlsplit


class Undelivered(Exception):
    """No answer: refused, reset, too late or no HTTP. The text says which."""


async def post(url: str, body: bytes, headers: dict[str, str], deadline_s: float) -> int:
    """Sends the body and returns the status of the answer. Raises Undelivered."""
    try:
        return await asyncio.wait_for(_exchange(url, body, headers), deadline_s)
    except TimeoutError as error:
        raise Undelivered(f"no answer within {deadline_s:g} s") from error
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        raise Undelivered(f"{type(error).__name__}: {error}") from error


async def _exchange(url: str, body: bytes, headers: dict[str, str]) -> int:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    context = ssl.create_default_context() if secure else None
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + body)
        await writer.drain()
        first = await reader.readline()
        status = int(first.split(b" ", 2)[1]) if first.startswith(b"HTTP/") else -1
        if status < 100:
            raise ValueError(f"no HTTP answer but {first[:40]!r}")
        await reader.read()
        return status
    finally:
        writer.close()
