"""Articles in, hits out: reading, splitting, embedding, storing and searching a folder of articles.

Nothing here knows of models that chat, of prompts or of settings objects: it takes plain values.
"""

from index.quiet import keep_quiet

keep_quiet()  # here, because every way into Dateline passes this line before a library that reports is loaded
