"""The one root of what can go wrong: a stable code and words a person can act on, in both
languages.

Three kinds, never mixed: `Refusal` (expected: the caller did something that will not work),
`TryLater` (a passing fault), and every other exception (a bug: masked, logged by code only).
`api/problem.py` alone turns them into problem+json; GraphQL shows refusals as union members.
"""

from typing import ClassVar


class OsratiError(Exception):
    """Base of both kinds. `code` is dotted and never changes its meaning once published.

    The words name the thing, the cause and the next step, and hold nothing personal.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    ar: ClassVar[str]
    en: ClassVar[str]
    retry_after_seconds: ClassVar[int | None] = None

    def __init__(self, detail: str = "") -> None:
        """`detail` is for machines and developers (a JSON path, a field's name): never personal."""
        super().__init__(f"{self.code}: {detail}" if detail else self.code)
        self.detail = detail
        self.headers: dict[str, str] = {}  # what an answer over HTTP must carry with it


class Refusal(OsratiError):
    """Expected and final: sending the same again gives the same answer."""

    status = 400


class TryLater(OsratiError):
    """A passing fault: the same call may go through after `retry_after_seconds`."""

    status = 503
    retry_after_seconds = 5


class NotFound(Refusal):
    """Missing and forbidden look alike."""

    code = "not_found"
    status = 404
    ar = "لم نجد ما طلبته. حدِّث الصفحة ثم حاول مرة أخرى."
    en = "We could not find what you asked for. Refresh and try again."


class SignInRequired(Refusal):
    code = "sign_in_required"
    status = 401
    ar = "سجِّل الدخول أولًا لترى بطاقات عائلتك."
    en = "Sign in first to see your family's cards."


class Busy(TryLater):
    code = "try_later"
    ar = "الخدمة مشغولة الآن ولم يضع شيء. أعد المحاولة بعد قليل."
    en = "The service is busy and nothing was lost. Try again shortly."
