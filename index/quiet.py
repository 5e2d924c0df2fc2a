"""Nothing is reported to anybody: what the libraries read, before they load, of whether they may.

onnxruntime (from 1.32 on, on Linux) begins to send usage events to its maker when it is loaded, and keeps a device id
and a database of events below the user's home; its own call to turn that off comes too late for both.
"""

from __future__ import annotations

import os

_OFF = {
    "ORT_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OTEL_SDK_DISABLED": "true",  # Chroma and MCP would trace to whatever the environment names
    "DO_NOT_TRACK": "1",
}


def keep_quiet() -> None:
    """Says no for every library that asks, whatever the environment said, and for the programs that are started."""
    os.environ.update(_OFF)
