"""What a request was refused, noted by whoever refuses it; `api/refusals.py` logs and counts it.

Codes alone: what was asked for, and by whom, is in no log.
"""

from starlette.requests import Request


def note_refused(request: Request, code: str) -> None:
    """Notes a refusal of this request; the same one again is one."""
    noted = getattr(request.state, "refused", None)
    if noted is None:
        noted = request.state.refused = {}
    noted[code] = None


def list_refused(state: dict[str, object]) -> list[str]:
    """The codes noted in a request's state, the first first."""
    noted = state.get("refused")
    return list(noted) if isinstance(noted, dict) else []
