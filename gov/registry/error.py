"""Why a registry did not take what it was asked: a closed list, each with words for operators.

`code` is what `registry_call.reason` keeps. Nothing here names a person or a number.
"""

from domain.error import Refusal


class RegistryUnreachable(Refusal):
    code = "registry.unreachable"
    status = 504
    ar = "لم يجب السجل في الوقت المحدد. سيُعاد السؤال تلقائيًا."
    en = "The registry did not answer in time. It is asked again by itself."


class RegistryBusy(Refusal):
    code = "registry.busy"
    status = 503
    ar = "طلب السجل الانتظار. سيُعاد السؤال بعد المدة التي ذكرها."
    en = "The registry asked us to wait. It is asked again after the time it named."


class RegistryFailed(Refusal):
    code = "registry.failed"
    status = 502
    ar = "أجاب السجل بخطأ من عنده. سيُعاد السؤال تلقائيًا."
    en = "The registry answered with a fault of its own. It is asked again by itself."


class RegistryNotFound(Refusal):
    code = "registry.not_found"
    status = 404
    ar = "لا يعرف السجل هذا الرقم. لا يُعاد السؤال."
    en = "The registry does not know this number. It is not asked again."


class RegistryRefused(Refusal):
    code = "registry.refused"
    status = 502
    ar = "رفض السجل الطلب. راجع مفتاح التوقيع وعنوان السجل ثم أعد المحاولة بالأمر."
    en = "The registry refused the request. Check the signing key and the address, then retry."


REASONS: dict[str, type[Refusal]] = {
    reason.code: reason
    for reason in (
        RegistryUnreachable,
        RegistryBusy,
        RegistryFailed,
        RegistryNotFound,
        RegistryRefused,
    )
}
