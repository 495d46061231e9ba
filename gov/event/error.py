"""Every refusal of an event before it is stored, and the two notes that go with an accepted one.

`detail` is a JSON pointer into the agency's own document, at most with the name of the schema's
keyword beside it; never a value, since values are about persons.
"""

from domain.error import Refusal

KIND_UNKNOWN_NOTE = "intake.kind_unknown"  # beside 202: kept and counted, not yet understood
CHECK_DIGIT_WARNING = "intake.check_digit"  # beside 202: an Emirates ID whose last digit is unusual


class EventTooLarge(Refusal):
    code = "intake.too_large"
    status = 413
    ar = "الحدث أكبر من 64 كيلوبايت. أرسل حدثًا واحدًا في كل طلب."
    en = "The event is larger than 64 KiB. Send one event in each request."


class ContentTypeRefused(Refusal):
    code = "intake.content_type"
    status = 415
    ar = (
        "نوع المحتوى ليس application/json بترميز UTF-8. صحِّح ترويسة Content-Type ووقِّع الطلب من جديد."
    )
    en = (
        "The content type is not application/json in UTF-8. "
        "Correct the Content-Type header and sign the request again."
    )


class NotJson(Refusal):
    """Not one JSON object in UTF-8: syntax, a repeated key, NaN, a byte order mark, nesting."""

    code = "intake.json"
    ar = "المحتوى ليس كائن JSON واحدًا سليمًا بترميز UTF-8. صحِّح ما يذكره التفصيل ثم أعد الإرسال."
    en = (
        "The body is not one sound JSON object in UTF-8. "
        "Correct what the detail names and send again."
    )


class SchemaMismatch(Refusal):
    code = "intake.schema"
    status = 422
    ar = "الحدث لا يطابق مخطط نوعه المنشور. صحِّح الحقل المذكور في التفصيل ثم أعد الإرسال."
    en = (
        "The event does not match the published schema of its kind. "
        "Correct the field that the detail names and send again."
    )


class DigitsRefused(Refusal):
    code = "intake.digits"
    status = 422
    ar = "الحقل المذكور في التفصيل مكتوب بأرقام غير 0-9. اكتب المعرِّفات والتواريخ بالأرقام 0-9."
    en = "The field that the detail names uses digits other than 0-9. Write ids and dates with 0-9."


class DateImpossible(Refusal):
    code = "intake.date_impossible"
    status = 422
    ar = "لا يوجد في التقويم يوم أو وقت كالمكتوب في الحقل المذكور. صحِّحه ثم أعد الإرسال."
    en = "No such day or time exists as the named field gives. Correct it and send again."


class DateOutOfRange(Refusal):
    code = "intake.date_out_of_range"
    status = 422
    ar = "السنة في الحقل المذكور خارج المدى من 1900 إلى 2100. صحِّحها ثم أعد الإرسال."
    en = "The year in the named field is outside 1900 to 2100. Correct it and send again."


class DateContradiction(Refusal):
    code = "intake.date_contradiction"
    status = 422
    ar = "التاريخ في الحقل المذكور يناقض تاريخًا آخر في الحدث نفسه. صحِّح أحدهما ثم أعد الإرسال."
    en = (
        "The date in the named field contradicts another date of the event. "
        "Correct one and send again."
    )


class AssertedInFuture(Refusal):
    code = "intake.asserted_in_future"
    status = 422
    ar = "وقت asserted_at متقدم على ساعتنا بأكثر من عشر دقائق. اضبط ساعة نظامك ثم أعد الإرسال."
    en = (
        "asserted_at is more than ten minutes ahead of our clock. "
        "Set your system's clock and send again."
    )


class NameCharacters(Refusal):
    code = "intake.name_characters"
    status = 422
    ar = "في الاسم المذكور في التفصيل محارف تحكم أو محارف تقلب اتجاه النص. احذفها ثم أعد الإرسال."
    en = (
        "The name that the detail points to holds control characters or characters that turn the "
        "direction of text. Remove them and send again."
    )


class MobileRefused(Refusal):
    code = "intake.mobile"
    status = 422
    ar = "الرقم المذكور في التفصيل ليس رقم هاتف متحرك صحيحًا. صحِّحه، وأضف رمز الدولة إن كان أجنبيًا."
    en = (
        "The number that the detail points to is no mobile number that can exist. Correct it, with "
        "the country's code if it is from abroad."
    )


class SamePerson(Refusal):
    code = "intake.same_person"
    status = 422
    ar = "شخصان في الحدث لهما المعرِّف نفسه. صحِّح المعرِّف المذكور في التفصيل ثم أعد الإرسال."
    en = "Two persons of the event have one identifier. Correct the one that the detail names."


class ReversesItself(Refusal):
    code = "intake.reverses_itself"
    status = 422
    ar = "الحدث يلغي نفسه. ضع في event_id معرِّف الحدث السابق الذي سُجِّل خطأً."
    en = "The event takes itself back. Put the id of the earlier, mistaken event into event_id."
