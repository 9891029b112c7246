"""graphad."""
