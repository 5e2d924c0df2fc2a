"""What stands around the page: conversations, the line before the engine, HTML, routes. Knows `rag`, not Gradio."""
