"""Why a FHIR resource that is sound became no fact: the FHIR part of the closed list of
`gov/reason.py`. Each is kept, listed with its reason, and can be looked at again after a mapping is
mended.
"""

from domain.error import Refusal


class TypeUnused(Refusal):
    code = "intake.fhir_type_unused"
    status = 422
    ar = "لا يُستخدم هنا هذا النوع من الموارد. حُفظ المورد ولا يلزم شيء."
    en = "Resources of this type are not used here. It is kept; nothing is needed."


class CodeUnused(Refusal):
    code = "intake.fhir_code_unused"
    status = 422
    ar = "لا يُستخدم هنا ما يصفه رمز المورد. حُفظ المورد ولا يلزم شيء."
    en = "What the code of this resource describes is not used here. It is kept; nothing is needed."


class CodeUnknown(Refusal):
    code = "intake.fhir_code_unknown"
    status = 422
    ar = "ليس في المورد رمز من نظام ترميز نعرفه. أرسله من جديد مع نظام الترميز، كرمز CVX للقاح."
    en = (
        "The resource has no code of a system that we read. "
        "Send it again with its system, such as CVX for a vaccine."
    )


class NotFinal(Refusal):
    code = "intake.fhir_not_final"
    status = 422
    ar = "حالة المورد ليست نهائية. حُفظ، وأرسله من جديد حين يكتمل."
    en = "The status of the resource is not final. It is kept; send it again when it is."


class DayUnknown(Refusal):
    code = "intake.fhir_day_unknown"
    status = 422
    ar = "لا يذكر المورد يوم حدوثه. حُفظ ولم يُحسب. أرسله من جديد إن عُرف اليوم."
    en = (
        "The resource does not tell the day on which it happened. It is kept and not counted. "
        "Send it again if the day is known."
    )


class DayContradicted(Refusal):
    code = "intake.fhir_day_contradicted"
    status = 422
    ar = "يوم المورد قبل ميلاد المريض أو في المستقبل. حُفظ ولم يُحسب. صحِّح اليوم وأرسله من جديد."
    en = (
        "The day of the resource lies before the patient's birth, or in the future. It is kept and "
        "not counted. Correct the day and send it again."
    )


class ValueUnusable(Refusal):
    code = "intake.fhir_value_unusable"
    status = 422
    ar = "ليس في المورد قيمة بوحدة نعرفها. حُفظ ولم يُحسب. أرسله من جديد بوحدة UCUM."
    en = (
        "The resource has no value in a unit that we read. It is kept and not counted. "
        "Send it again with a unit of UCUM."
    )


class DueDayNeeded(Refusal):
    code = "intake.fhir_due_day_needed"
    status = 422
    ar = "حمل بلا تاريخ متوقع للولادة. حُفظ. أرسل التاريخ المتوقع بمورد Observation (LOINC 11778-8)."
    en = (
        "A pregnancy without its due day. It is kept. "
        "Send the due day as an Observation (LOINC 11778-8)."
    )


class PatientMissing(Refusal):
    code = "intake.fhir_patient_missing"
    status = 422
    ar = "لا يذكر المورد مريضًا له رقم نعرفه به. حُفظ ولم يُطبَّق. أرسل رقم الهوية أو رقم المستشفى."
    en = (
        "The resource names no patient with a number by which we know people. It is kept, not "
        "applied. Send the Emirates ID or the hospital's number."
    )


class PatientContradicted(Refusal):
    code = "intake.fhir_patient_contradicted"
    status = 409
    ar = "رقم المريض مسجَّل لشخص من جيل آخر. حُفظ المورد ولم يُطبَّق. أرسله برقم المريض نفسه لا برقم أمه."
    en = (
        "The patient's number is known as that of a person of another generation. It is kept, not "
        "applied. Send it under the patient's own number, not the mother's."
    )


class PatientAwaited(Refusal):
    code = "intake.fhir_patient_awaited"
    status = 409
    ar = "يشير المورد إلى مريض لم يصلنا منكم بعد. حُفظ وسيُطبَّق حين يصل مورد المريض."
    en = (
        "The resource refers to a patient whom you have not sent yet. "
        "It is kept, and applied when that Patient comes."
    )


class Superseded(Refusal):
    code = "intake.fhir_superseded"
    status = 409
    ar = "وصلت نسخة أحدث من هذا المورد وهي المعتمدة. حُفظت هذه ولا يلزم شيء."
    en = "A later version of this resource has come, and that one counts. Nothing is needed."


class Withdrawn(Refusal):
    code = "intake.fhir_withdrawn"
    status = 409
    ar = "سُحب المورد بالحالة entered-in-error، وسُحب معه كل ما قيل فيه. لا يلزم شيء."
    en = "The resource was taken back (entered-in-error), and all it had said. Nothing is needed."


class LinkUnused(Refusal):
    code = "intake.fhir_link_unused"
    status = 422
    ar = "صلة القرابة تثبت بتسجيل الولادة أو الحضانة لا بمورد RelatedPerson. حُفظ ولا يلزم شيء."
    en = (
        "Who is whose parent follows from the registers of birth and custody, not from a "
        "RelatedPerson. It is kept; nothing is needed."
    )


FHIR_REASONS = (
    TypeUnused,
    CodeUnused,
    CodeUnknown,
    NotFinal,
    DayUnknown,
    DayContradicted,
    ValueUnusable,
    DueDayNeeded,
    PatientMissing,
    PatientContradicted,
    PatientAwaited,
    Superseded,
    Withdrawn,
    LinkUnused,
)
