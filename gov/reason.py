"""Why an event waits in the inbox: a closed list, each with words an agency can act on."""

from domain.error import Refusal
from gov.agency_right import KindNotAllowed, SubjectNotAllowed
from gov.fhir.reason import FHIR_REASONS


class SubjectDeceased(Refusal):
    code = "intake.subject_deceased"
    status = 409
    ar = "الحدث عن شخص سُجِّلت وفاته قبل تاريخه. حُفظ ولم يُطبَّق. راجع التاريخ أو صحِّح تسجيل الوفاة."
    en = (
        "The event is about a person whose death was recorded before its date. It is kept, not "
        "applied. Check the date, or correct the record of death."
    )


class KindUnknown(Refusal):
    code = "intake.kind_unknown"
    status = 422
    ar = "نوع الحدث غير معروف لهذا الإصدار. حُفظ الحدث ولم يُطبَّق. راجع قائمة الأنواع المنشورة."
    en = (
        "This version does not know this kind of event. It is kept, not applied. "
        "See the published list of kinds."
    )


class ForAuthors(Refusal):
    code = "intake.for_authors"
    status = 409
    ar = "التعديل لا يخص شخصًا بعينه. حُفظ لمن يكتب الخدمات، فلا ترسله من جديد."
    en = (
        "The change of a rule names nobody. It is kept for the authors of the services; do not "
        "send it again."
    )


class EventAwaited(Refusal):
    code = "intake.event_awaited"
    status = 409
    ar = "الحدث يصحِّح حدثًا لم يصلنا بعد. حُفظ وسيُطبَّق حين يصل ذلك الحدث."
    en = (
        "The event corrects one that has not reached us. "
        "It is kept, and applied when that one comes."
    )


class Erased(Refusal):
    code = "intake.erased"
    status = 410
    ar = "حُذفت بيانات من يخصهم هذا الحدث بطلب، فلم يعد من الممكن فتحه ولا تطبيقه. لا ترسله من جديد."
    en = (
        "The data of those whom this event concerns was erased, so it can be neither opened nor "
        "applied. Do not send it again."
    )


class NotUnderstood(Refusal):
    code = "intake.not_understood"
    status = 422
    ar = "تعذَّر تطبيق الحدث بعد عدة محاولات. حُفظ كما وصل وسيراجعه فريقنا، فلا ترسله من جديد."
    en = (
        "The event could not be applied after several tries. It is kept as it came and will be "
        "looked at; do not send it again."
    )


class IdentityContradicted(Refusal):
    code = "intake.identity_contradicted"
    status = 409
    ar = (
        "يقول الحدث إن رقمين لشخص واحد، وما سُجِّل عنهما لا يصح لشخص واحد. حُفظ ولم يُطبَّق، "
        "وأُدرج للمراجعة. صحِّح الأرقام أو دع جهة الهوية تبلغ به."
    )
    en = (
        "The event says that two numbers are one person, and what is recorded of them cannot be "
        "true of one. It is kept, not applied, and listed for a person to decide. Correct the "
        "numbers, or let the authority for identity report it."
    )


class NewbornNumberTaken(Refusal):
    code = "intake.newborn_number_taken"
    status = 409
    ar = (
        "رقم المولود في الحدث لشخص آخر: ميلاده أسبق، أو سُجِّل له زواج أو أبناء، أو هو توأم المولود. "
        "حُفظ الحدث ولم يُطبَّق. اسحبه وأرسله من جديد برقم المولود نفسه، أو صحِّح ما سُجِّل عن ذلك الشخص."
    )
    en = (
        "The newborn's number is somebody else's: of one born earlier, married or a parent, or of "
        "the newborn's twin. It is kept, not applied. Take it back and report it anew under the "
        "newborn's own number, or correct what is recorded of that person."
    )


class DisputeUnknown(Refusal):
    code = "intake.dispute_unknown"
    status = 404
    ar = (
        "لا نعرف اعتراضًا بهذا الرقم سُئلت عنه جهتكم. حُفظ الرد ولم يُطبَّق. راجع الرقم الوارد في سؤالنا."
    )
    en = (
        "We know no dispute of this id about which your agency was asked. The answer is kept, not "
        "applied. Check the id that our question gave."
    )


class AgencyUnknown(Refusal):
    code = "intake.agency_unknown"
    status = 422
    ar = (
        "الجهة التي أحلتم إليها الاعتراض غير مسجَّلة لدينا، أو هي جهتكم. حُفظ الرد ولم يُطبَّق. "
        "صحِّح رمزها وأجب في حدث برقم جديد."
    )
    en = (
        "The agency to which you hand the dispute is not registered here, or is your own. The "
        "answer is kept, not applied. Correct its id and answer under a new event id."
    )


REASONS: dict[str, type[Refusal]] = {
    reason.code: reason
    for reason in (
        SubjectDeceased,
        NewbornNumberTaken,
        KindUnknown,
        ForAuthors,
        EventAwaited,
        NotUnderstood,
        IdentityContradicted,
        DisputeUnknown,
        AgencyUnknown,
        Erased,
        KindNotAllowed,
        SubjectNotAllowed,
        *FHIR_REASONS,
    )
}
