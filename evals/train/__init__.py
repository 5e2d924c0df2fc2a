"""How the judge is made: its pairs, its training, its export. Needs the extra `[train]`; nothing of it at run time."""
