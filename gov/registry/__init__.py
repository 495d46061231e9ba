"""The registries' gateway: what it is asked, how often, and why it did not take it."""
