"""Every refusal of a phone's call, with its words. Refusals of an act are its outcome's.

`api/problem.py` shows them; `mobile-contract/sync/README.md` says what a phone does about each.
"""

from domain.error import Refusal, TryLater


class SyncMalformed(Refusal):
    code = "sync.malformed"
    ar = "تعذّرت قراءة الطلب. حدِّث التطبيق ثم أعد المزامنة؛ لم يضع شيء مما في هاتفك."
    en = (
        "The request could not be read. Update the app and sync again; your phone has lost nothing."
    )


class SyncTooLarge(Refusal):
    code = "sync.too_large"
    status = 413
    ar = "الطلب أكبر من المسموح. أرسل إجراءات أقل في كل مرة."
    en = "The request is larger than allowed. Send fewer actions at once."


class TooManyCommands(Refusal):
    code = "sync.too_many_commands"
    ar = "في الطلب أكثر من مئة إجراء. أرسل أول مئة ثم ما بعدها."
    en = "The request has more than a hundred actions. Send the first hundred, then the next."


class ContentTypeRefused(Refusal):
    code = "sync.content_type"
    status = 415
    ar = "أرسل الطلب بصيغة application/cbor."
    en = "Send the request as application/cbor."


class TooManyCalls(TryLater):
    code = "sync.too_many_calls"
    status = 429
    retry_after_seconds = 30
    ar = "طلبات كثيرة في وقت قصير. انتظر قليلًا ثم أعد المزامنة؛ لم يضع شيء."
    en = "Too many requests in a short time. Wait a little and sync again; nothing was lost."


class DeviceUnknown(Refusal):
    code = "device.unknown"
    status = 404
    ar = "هذا الهاتف غير مسجَّل لحسابك. سجِّله من جديد ثم أعد المزامنة."
    en = "This phone is not enrolled for your account. Enrol it again, then sync."


class DeviceTaken(Refusal):
    code = "device.taken"
    status = 409
    ar = "معرِّف هذا التثبيت مسجَّل بمفاتيح أخرى. أعد تثبيت التطبيق ليُنشئ معرِّفًا جديدًا."
    en = (
        "This installation is enrolled with other keys. Install the app again, so that it makes a "
        "new id."
    )


class TooManyDevices(Refusal):
    code = "device.too_many"
    status = 409
    ar = "سُجِّلت عشرة هواتف لحسابك. ولا يمكن تسجيل هاتف آخر الآن. استخدم أحدها، أو تواصل معنا."
    en = (
        "Ten phones are enrolled for your account, and no other can be now. Use one of them, or"
        " write to us."
    )


class KeyInvalid(Refusal):
    code = "device.key_invalid"
    ar = "مفتاح الهاتف غير صالح. حدِّث التطبيق ثم سجِّل الهاتف من جديد."
    en = "The phone's key is not valid. Update the app and enrol the phone again."


class ProofInvalid(Refusal):
    code = "device.proof_invalid"
    ar = "لم يثبت أن الهاتف يملك مفتاحه. حدِّث التطبيق ثم سجِّل الهاتف من جديد."
    en = "The phone did not prove that it holds its key. Update the app and enrol it again."


class AppOutdated(Refusal):
    code = "sync.app_outdated"
    status = 426
    ar = "وصلت إجراءاتك، لكن هذا الإصدار من التطبيق لم يعد مدعومًا. حدِّثه لترى بطاقاتك الجديدة."
    en = (
        "Your actions arrived, but this version of the app is no longer served. Update it to go on."
    )


class CommandInvalid(Refusal):
    code = "command.invalid"
    ar = "تعذّر فهم هذا الإجراء. حدِّث التطبيق ثم أعد المحاولة."
    en = "This action could not be understood. Update the app and try again."


class CommandTooLarge(Refusal):
    code = "command.too_large"
    ar = "هذا الإجراء أكبر من المسموح. اختصر النص ثم أعد المحاولة."
    en = "This action is larger than allowed. Shorten the text and try again."


class CommandQuarantined(Refusal):
    code = "command.quarantined"
    status = 500
    ar = "تعذّر تنفيذ هذا الإجراء بسبب خطأ من جهتنا، وقد أُبلغنا به. أعد المحاولة لاحقًا."
    en = "A fault on our side kept this action from being done; we were told. Try again later."


class CommandGap(Refusal):
    code = "command.gap"
    status = 409
    ar = "ينقص إجراء قبل هذا. يرقّم التطبيق الإجراءات من جديد ثم يرسلها."
    en = "An action before this one is missing. The app numbers them anew and sends them again."


class SequenceReused(Refusal):
    code = "command.sequence_reused"
    status = 409
    ar = "أُرسل إجراء آخر بهذا الرقم. يرقّم التطبيق الإجراءات من جديد ثم يرسلها."
    en = "Another action had this number. The app numbers them anew and sends them again."
