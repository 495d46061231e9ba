"""Life events as agencies report them, read once at the edge."""
