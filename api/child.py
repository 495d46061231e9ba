"""A child process of `osrati run`: asked to end, waited for, and killed if it does neither."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SECONDS = 15


class ChildEnded(Exception):
    """A process ended by itself, or never began to serve."""


@contextmanager
def ended(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """The process is asked to end, and waited for, at the end."""
    try:
        yield
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if child.stdin is not None:
            child.stdin.close()
