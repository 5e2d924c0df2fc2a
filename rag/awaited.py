"""What comes step by step in a thread, for whoever awaits it."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor

from rag.types import Event


async def awaited(stream: Generator[Event, None, None], stop: threading.Event) -> AsyncGenerator[Event]:
    """The events of `stream`, made one at a time in a thread of its own; leaving it sets `stop`, and ends both."""
    # one thread: a generator cannot be closed while it makes its next event
    with_thread = ThreadPoolExecutor(1, thread_name_prefix="answering")
    try:
        while (event := await asyncio.get_running_loop().run_in_executor(with_thread, next, stream, None)) is not None:
            yield event
    finally:
        stop.set()
        with_thread.submit(stream.close)
        with_thread.shutdown(wait=False)
