"""Every refusal of FHIR before it is stored, and its code among FHIR's issue types.

`detail` is a FHIRPath into the sender's own document, never a value of it. The words say the next
step; `gov/fhir/outcome.py` renders them as an OperationOutcome.

Source: HL7 FHIR R4, value set issue-type.
"""

from typing import ClassVar

from domain.error import Refusal


class FhirRefusal(Refusal):
    """`issue` is FHIR's own code of this kind of problem."""

    issue: ClassVar[str]
    status = 422


class FhirTooLarge(FhirRefusal):
    code = "intake.fhir_too_large"
    issue = "too-long"
    status = 413
    ar = "المحتوى أكبر من 8 ميغابايت. قسِّم الحزمة وأرسل أجزاءها في طلبات متتالية."
    en = "The body is larger than 8 MiB. Split the Bundle and send its parts one after another."


class TooManyEntries(FhirRefusal):
    code = "intake.fhir_entries"
    issue = "too-long"
    status = 413
    ar = "في الحزمة أكثر من 2000 مورد. قسِّمها، ومع كل جزء موارد المرضى الذين تشير إليهم."
    en = "The Bundle has more than 2,000 entries. Split it, each part with the patients it names."


class TooManyElements(FhirRefusal):
    code = "intake.fhir_elements"
    issue = "too-long"
    status = 413
    ar = "في المحتوى أكثر من 500 ألف عنصر مركَّب. قسِّم الحزمة وأرسل أجزاءها في طلبات متتالية."
    en = (
        "The body has more than 500,000 objects and lists. "
        "Split the Bundle and send its parts one after another."
    )


class FhirContentType(FhirRefusal):
    code = "intake.fhir_content_type"
    issue = "not-supported"
    status = 415
    ar = "نوع المحتوى ليس application/fhir+json. صحِّح الترويسة Content-Type ووقِّع الطلب من جديد."
    en = (
        "The content type is not application/fhir+json. "
        "Correct the Content-Type header and sign the request again."
    )


class FhirMethod(FhirRefusal):
    code = "intake.fhir_method"
    issue = "not-supported"
    status = 405
    ar = "هذا العنوان يستقبل الموارد بطريقة POST، ويصف نفسه بطريقة GET على metadata."
    en = "This address takes resources by POST, and describes itself by GET of metadata."


class NotFhir(FhirRefusal):
    code = "intake.fhir_structure"
    issue = "structure"
    status = 400
    ar = "العنصر المذكور ليس بالشكل الذي يحدِّده FHIR R4. صحِّحه ثم أعد الإرسال."
    en = "The element named does not have the shape of FHIR R4. Correct it and send again."


class ElementMissing(FhirRefusal):
    code = "intake.fhir_required"
    issue = "required"
    ar = "العنصر المذكور ناقص وهو واجب في FHIR R4. أضفه ثم أعد الإرسال."
    en = "The element named is missing, and FHIR R4 requires it. Add it and send again."


class CodeInvalid(FhirRefusal):
    code = "intake.fhir_code"
    issue = "code-invalid"
    ar = "الرمز في العنصر المذكور ليس من القائمة التي يفرضها FHIR R4. صحِّحه ثم أعد الإرسال."
    en = (
        "The code of the element named is not in the list that FHIR R4 requires. "
        "Correct it and send again."
    )


class TextTooLong(FhirRefusal):
    code = "intake.fhir_too_long"
    issue = "too-long"
    ar = "في العنصر المذكور نص أو قائمة أطول من المسموح. اختصره ثم أعد الإرسال."
    en = "The element named holds a text or list beyond the limit. Shorten it and send again."


class InvariantBroken(FhirRefusal):
    code = "intake.fhir_invariant"
    issue = "invariant"
    ar = "العناصر المذكورة لا تجتمع في FHIR R4. أبقِ الصحيح منها ثم أعد الإرسال."
    en = "FHIR R4 does not allow the elements named together. Keep the right one and send again."


class FhirDateImpossible(FhirRefusal):
    code = "intake.fhir_date_impossible"
    issue = "value"
    ar = "لا يوجد في التقويم يوم أو وقت كالمكتوب في العنصر المذكور. صحِّحه ثم أعد الإرسال."
    en = "No such day or time exists as the element named gives. Correct it and send again."


class FhirDateOutOfRange(FhirRefusal):
    code = "intake.fhir_date_out_of_range"
    issue = "value"
    ar = "السنة في العنصر المذكور خارج المدى من 1900 إلى 2100. صحِّحها ثم أعد الإرسال."
    en = "The year of the element named is outside 1900 to 2100. Correct it and send again."


class BundleTypeRefused(FhirRefusal):
    code = "intake.fhir_bundle_type"
    issue = "not-supported"
    ar = "نوع الحزمة لا يُستقبل هنا. أرسلها transaction أو batch أو collection."
    en = "This type of Bundle is not taken here. Send a transaction, a batch or a collection."


class EntryMethodRefused(FhirRefusal):
    code = "intake.fhir_entry_method"
    issue = "not-supported"
    ar = "تُستقبل الموارد بطريقة POST أو PUT فقط. لسحب مورد أرسله بالحالة entered-in-error."
    en = (
        "Entries are taken by POST or PUT alone. "
        "To take a resource back, send it with the status entered-in-error."
    )


class EntryRepeated(FhirRefusal):
    code = "intake.fhir_full_url"
    issue = "duplicate"
    ar = "موردان في الحزمة لهما fullUrl نفسه، فلا يُعرف أيهما المقصود. أعطِ كل مورد عنوانه."
    en = (
        "Two entries of the Bundle have one fullUrl, so nobody can tell which is meant. "
        "Give each its own."
    )


class BundleInBundle(FhirRefusal):
    code = "intake.fhir_nested_bundle"
    issue = "not-supported"
    ar = "في الحزمة حزمة أخرى. أرسل موارد الداخلية مباشرة."
    en = "A Bundle lies inside the Bundle. Send the resources of the inner one directly."


class FhirSamePerson(FhirRefusal):
    code = "intake.fhir_same_person"
    issue = "duplicate"
    ar = "مريضان في الرسالة لهما الرقم نفسه. أعطِ المولود، وكلًّا من التوأمين، رقمه لا رقم أمه."
    en = (
        "Two patients of the message have one number. "
        "Give a newborn, and each of twins, its own and not its mother's."
    )
