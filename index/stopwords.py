"""English words that say nothing of what a text is about; one list for the search and for what reads its hits."""

STOPWORDS = frozenset(
    """
    a about above after again against all also although am among an and any are aren as at be because been before
    being below between both but by can cannot could couldn d did didn do does doesn doing don down during each
    either else ever every few for from further had hadn has hasn have haven having he her here hers herself him
    himself his how however i if in into is isn it its itself just let like ll m me might more most mr mrs ms much
    must mustn my myself neither no nor not now of off on once only or other ought our ours ourselves out over own
    per please re s said same say says shall she should shouldn so some such t tell than that the their theirs them
    themselves then there these they this those through to too under until up upon us ve very via was wasn we were
    weren what when where whether which while who whom whose why will with within without won would wouldn yet you
    your yours yourself yourselves
    """.split()
)
