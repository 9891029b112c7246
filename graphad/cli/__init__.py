"""The command line: ``graphad``, which is also ``python -m graphad``."""

from graphad.cli.commands import main

__all__ = ["main"]
