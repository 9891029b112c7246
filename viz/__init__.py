"""Drawing: layout, SVG, DOT."""

# This guard stays first. From the root of the repository, `import viz` would make a second copy of
# every module in here.
if __name__ != "graphad.viz":
    raise ImportError(f"this package is graphad.viz; import it by that name, not as {__name__}")
