"""A reverse proxy before the app, as those have one who serve several programs under one name."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from urllib.parse import urlsplit

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def reverse_proxy(to: str, path: str, *, strips: bool) -> Iterator[int]:
    """A port on which what is below `path` goes to the address `to`: as it came, or without `path` if it `strips`.

    Everything else is another program's: 404.
    """
    app = urlsplit(to)
    told: Queue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Queue()
    below = re.compile(rb"(\S+ )%b(?=[/? ])/?(.*)" % path.encode(), re.DOTALL)

    async def pass_on(asking: asyncio.StreamReader, asker: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await asking.readuntil(b"\r\n\r\n")
            if asked := below.fullmatch(head):
                if strips:
                    head = asked[1] + b"/" + asked[2]
                head = re.sub(rb"(?im)^connection:.*$", b"Connection: close\r", head)  # one request a connection
                answering, app_end = await asyncio.open_connection(app.hostname, app.port)
                app_end.write(head)
                ways = [asyncio.create_task(_pour(asking, app_end)), asyncio.create_task(_pour(answering, asker))]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)  # whoever leaves first, both are done
                for way in ways:
                    way.cancel()
                app_end.close()
            else:
                asker.write(NOT_FOUND)
        asker.close()

    async def listen() -> None:
        listening, stop = await asyncio.start_server(pass_on, "127.0.0.1", 0), asyncio.Event()
        told.put((listening.sockets[0].getsockname()[1], asyncio.get_running_loop(), stop))
        await stop.wait()

    running = threading.Thread(target=lambda: asyncio.run(listen()), daemon=True)
    running.start()
    port, loop, stop = told.get(timeout=10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        running.join(10)


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(2**16):
            target.write(piece)
            await target.drain()
