"""What stands around the page: conversations, the queue before the engine, HTML, routes. Knows `rag`, not Gradio."""

import index  # noqa: F401  no library may report: see `index.quiet`
