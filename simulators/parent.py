"""A simulator lives as long as whoever started it: its input closes when they are gone."""

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """From now on the process is told to end when its input closes."""
    threading.Thread(target=_end_with_input, daemon=True).start()


def _end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
