"""Both processes, the command line and all wiring: knows everything, decides nothing."""
