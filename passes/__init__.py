"""Passes: functions from graph to graph, one file each."""

# This guard stays first. From the root of the repository, `import passes` would make a second copy
# of every module in here.
if __name__ != "graphad.passes":
    raise ImportError(f"this package is imported as graphad.passes, not as {__name__}")
