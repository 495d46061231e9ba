"""The page on which a sign-in ends that could not go on: both languages, the asked one first."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from domain.error import OsratiError
from domain.text.message import LANGUAGES, Language
from timeline.refused import note_refused

_TITLES = {"ar": "لم يكتمل تسجيل الدخول", "en": "Sign-in was not completed"}
_BACKS = {"ar": "العودة إلى التطبيق", "en": "Back to the app"}
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)


def show_stopped(
    request: Request, error: OsratiError, language: Language, *, back: str | None = None
) -> Response:
    """The page, with the error's own status; `back` leads to the app."""
    note_refused(request, error.code)
    other = [each for each in LANGUAGES if each != language]
    page = _pages.get_template("stopped.html").render(
        language=language,
        order=[language, *other],
        titles=_TITLES,
        words={"ar": error.ar, "en": error.en},
        backs=_BACKS,
        back=back,
        code=error.code,
    )
    headers = {"cache-control": "no-store"}
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    return HTMLResponse(page, status_code=error.status, headers=headers)
