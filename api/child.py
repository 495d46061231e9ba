"""A child process of `osrati run`: asked to end, waited for, and killed if it does neither."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import HOST

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


def free_port() -> int:
    """A port of ours that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
