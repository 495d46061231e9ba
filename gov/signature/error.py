"""Every refusal of a signature, all 401.

A key that we do not know is answered exactly as a signature that is wrong: the one code
`intake.signature_invalid`, without detail. The other codes are decided before any key is looked at,
from what the caller sent alone, so they tell nothing about who is registered.
"""

from domain.error import Refusal


class SignatureMissing(Refusal):
    code = "intake.signature_missing"
    status = 401
    ar = "الطلب غير موقَّع. أضف الترويستين Signature-Input وSignature وفق RFC 9421."
    en = "The request is not signed. Add the headers Signature-Input and Signature as of RFC 9421."


class SignatureMalformed(Refusal):
    """Unreadable, more than one signature, another algorithm or another purpose."""

    code = "intake.signature_malformed"
    status = 401
    ar = "تعذَّرت قراءة التوقيع. أرسل توقيعًا واحدًا بخوارزمية ecdsa-p256-sha256 كما في دليل التكامل."
    en = (
        "The signature cannot be read. "
        "Send one signature with ecdsa-p256-sha256, as the guide to integration shows."
    )


class SignatureIncomplete(Refusal):
    """`detail` names the component or the parameter that is not there."""

    code = "intake.signature_incomplete"
    status = 401
    ar = "التوقيع لا يغطي كل ما يجب. أضف إليه ما يذكره التفصيل ثم وقِّع من جديد."
    en = "The signature does not cover all it must. Add what the detail names and sign again."


class SignatureStale(Refusal):
    code = "intake.signature_stale"
    status = 401
    ar = "وقت التوقيع خارج المهلة المسموحة (خمس دقائق). اضبط ساعة نظامك ووقِّع الطلب من جديد."
    en = (
        "The signature's time is outside the allowed five minutes. "
        "Set your system's clock and sign the request again."
    )


class SignatureInvalid(Refusal):
    """Wrong signature or unknown key; never with a detail."""

    code = "intake.signature_invalid"
    status = 401
    ar = "لم يثبت التوقيع بمفتاح مسجَّل. تحقق من المفتاح ومعرِّفه ومما وقَّعته ثم أعد الإرسال."
    en = (
        "The signature does not hold under a registered key. "
        "Check the key, its id and what you signed, and send again."
    )


class DigestMismatch(Refusal):
    code = "intake.digest_mismatch"
    status = 401
    ar = "ترويسة Content-Digest لا تطابق محتوى الطلب. احسب sha-256 لما ترسله فعلًا ثم وقِّع من جديد."
    en = (
        "Content-Digest does not match the body. "
        "Compute sha-256 over the bytes that you send and sign again."
    )
