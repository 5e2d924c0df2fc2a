"""Gold questions, the scores of answers to them, and what is made of these."""

import index  # noqa: F401  no library may report: see `index.quiet`
