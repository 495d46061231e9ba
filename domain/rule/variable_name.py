"""What variables of conditions are called in both languages, for whoever reads a rule.

A yes-or-no variable is a clause ("the marriage is in force"), any other a noun. A test asks that
every variable of `domain/rule/variable.py` has its words.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from domain.text.message import Language


class Words(msgspec.Struct, frozen=True):
    """A few words in both languages."""

    ar: str
    en: str

    def say(self, language: Language) -> str:
        return self.ar if language == "ar" else self.en


ROLE_NAMES: Mapping[str, Words] = MappingProxyType(
    {
        "husband": Words("الزوج", "the husband"),
        "wife": Words("الزوجة", "the wife"),
        "mother": Words("الأم", "the mother"),
        "father": Words("الأب", "the father"),
        "child": Words("الطفل", "the child"),
        "self": Words("صاحب الشأن", "the person"),
        "widowed": Words("الزوج الباقي", "the surviving spouse"),
        "owner": Words("المالك", "the owner"),
    }
)
"""Whom a variable's first word names."""

# What is said of whoever has that role: {} is the person, in the possessive in English ('s).
_OF_ROLE: Mapping[str, Words] = MappingProxyType(
    {
        "alive": Words("سجل {} المدني قائم", "{}'s civil record is active"),
        "nationality": Words("جنسية {}", "{}'s nationality"),
        "sector": Words("قطاع عمل {}", "{}'s sector of employment"),
        "emirate": Words("إمارة إقامة {}", "{}'s emirate of residence"),
        "sex": Words("جنس {}", "{}'s sex"),
        "age_at_contract": Words("عمر {} عند العقد", "{}'s age at the contract"),
        "known": Words("{} معروف في السجل", "{} is known to the register"),
        "disabled": Words("{} مصنف من أصحاب الهمم", "{} is recognised as of determination"),
        "owns_trade_licence": Words("{} يملك رخصة تجارية", "{} owns a trade licence"),
        "owns_home": Words("{} يملك مسكنًا", "{} owns a home"),
        "income_within_limit": Words("دخل {} ضمن الحد", "{}'s income is within the limit"),
        "granted_before": Words("{} سبق أن نال المنحة", "{} has had the grant before"),
        "housed_before": Words("{} سبق أن نال دعمًا سكنيًا", "{} has had housing support before"),
    }
)

_OWN: Mapping[str, Words] = MappingProxyType(
    {
        "contract_signed": Words("عقد الزواج موقَّع إلكترونيًا", "the contract is signed"),
        "marriage_concluded": Words("عقد الزواج مبرم", "the marriage is concluded"),
        "marriage_in_force": Words("عقد الزواج قائم", "the marriage is in force"),
        "family_book_issued": Words("خلاصة القيد صادرة", "the family book is issued"),
        "couple_has_children": Words("للزوجين أبناء", "the couple has children"),
        "couple_took_course": Words(
            "الزوجان أتمّا دورة التوعية", "both spouses have taken the awareness course"
        ),
        "grant_decided": Words("قرار المنحة صادر", "the grant is decided"),
        "grant_approved": Words("المنحة معتمدة", "the grant is approved"),
        "housing_decided": Words("قرار الدعم السكني صادر", "housing support is decided"),
        "housing_approved": Words("الدعم السكني معتمد", "housing support is approved"),
        "pregnancy_ongoing": Words("متابعة الحمل مستمرة", "the pregnancy is being followed"),
        "pregnancy_lost": Words("الحمل انتهى دون مولود حي", "the pregnancy ended without a child"),
        "pregnancy_outcome": Words("ما آل إليه الحمل", "how the pregnancy ended"),
        "birth_confirmed": Words("الولادة مؤكدة", "the birth is confirmed"),
        "born_to_residents": Words(
            "المولود لأبوين مقيمين غير مواطنين", "the child is born to residents, not citizens"
        ),
        "has_older_siblings": Words("للطفل إخوة أكبر منه", "the child has older siblings"),
        "birth_certificate_issued": Words("شهادة الميلاد صادرة", "the birth certificate is issued"),
        "emirates_id_issued": Words("هوية الطفل صادرة", "the child's identity card is issued"),
        "passport_issued": Words("جواز سفر الطفل صادر", "the child's passport is issued"),
        "seat_reserved": Words("مقعد الطفل محجوز", "the child's seat is reserved"),
        "school_stage": Words("المرحلة الدراسية", "the stage of school"),
        "allowance_decided": Words("قرار علاوة الطفل صادر", "the child allowance is decided"),
        "family_mourns": Words("في الأسرة حداد", "the family mourns"),
        "any_child_alive": Words("أحد المولودين حي", "a child of the birth is living"),
        "born_in_country": Words("الولادة كانت داخل الدولة", "the birth was in the country"),
        "maternity_leave_decided": Words("قرار إجازة الأمومة صادر", "maternity leave is decided"),
        "paternity_leave_decided": Words("قرار إجازة الأبوة صادر", "paternity leave is decided"),
        "divorce_in_force": Words("الطلاق قائم", "the divorce is in force"),
        "has_children_together": Words("للزوجين أبناء قُصَّر", "the two have minor children"),
        "deceased": Words("المتوفى", "who has died"),
        "death_certificate_issued": Words("شهادة الوفاة صادرة", "the death certificate is issued"),
        "leaves_children": Words("للمتوفى أبناء قُصَّر", "minor children are left"),
        "disability_in_force": Words("التصنيف سارٍ", "the recognition is in force"),
        "disability_of": Words("صاحب التصنيف", "whose recognition it is"),
        "disability_category": Words("فئة الإعاقة", "the category of the disability"),
        "appointment_open": Words("الموعد قائم", "the appointment is open"),
        "appointment_kept": Words("الموعد حُضر", "the appointment was kept"),
        "appointment_missed": Words("الموعد فات", "the appointment was missed"),
        "appointment_cancelled": Words("الموعد ملغى", "the appointment was cancelled"),
        "appointment_purpose": Words("غرض الموعد", "the purpose of the appointment"),
        "patient_alive": Words("سجل المراجع المدني قائم", "the patient's civil record is active"),
        "patient_pregnancy_lost": Words(
            "الحمل الذي حُجز له الموعد انتهى", "the pregnancy of the appointment is over"
        ),
        "document_kind": Words("نوع الوثيقة", "the kind of document"),
        "document_in_force": Words("الوثيقة سارية", "the document is in force"),
        "document_expires": Words("للوثيقة تاريخ انتهاء", "the document has a last day"),
        "holder_alive": Words("سجل صاحب الوثيقة قائم", "the holder's civil record is active"),
        "moved_emirate": Words("الانتقال من إمارة أخرى", "the move is from another emirate"),
        "has_children_at_home": Words("في البيت أطفال", "there are children at home"),
        "place_kind": Words("نوع المكان", "the kind of place"),
        "place_emirate": Words("إمارة المكان", "the emirate of the place"),
        "regulation": Words("اللائحة", "the regulation"),
        "licence_in_force": Words("الرخصة سارية", "the licence is in force"),
        "licence_emirate": Words("إمارة الرخصة", "the emirate of the licence"),
        "is_owner": Words("صاحب الشأن مالك", "the person is an owner"),
        "partner_confirmed": Words("الشريك أكّد", "the partner has confirmed"),
    }
)

UNITS: Mapping[str, str] = MappingProxyType(
    {"husband_age_at_contract": "years", "wife_age_at_contract": "years"}
)
"""What a whole-number variable counts, where it counts something (`entry.Unit`)."""

_VALUES: Mapping[str, Words] = MappingProxyType(
    {
        "ARE": Words("الإمارات", "the United Arab Emirates"),
        "AE-AJ": Words("عجمان", "Ajman"),
        "AE-AZ": Words("أبوظبي", "Abu Dhabi"),
        "AE-DU": Words("دبي", "Dubai"),
        "AE-FU": Words("الفجيرة", "Fujairah"),
        "AE-RK": Words("رأس الخيمة", "Ras Al Khaimah"),
        "AE-SH": Words("الشارقة", "Sharjah"),
        "AE-UQ": Words("أم القيوين", "Umm Al Quwain"),
        "male": Words("ذكر", "male"),
        "female": Words("أنثى", "female"),
        "unknown": Words("غير معروف", "unknown"),
        "federal": Words("اتحادي", "federal"),
        "local": Words("محلي", "local"),
        "private": Words("خاص", "private"),
        "self_employed": Words("عمل حر", "self-employed"),
        "retired": Words("متقاعد", "retired"),
        "student": Words("طالب", "student"),
        "none": Words("لا شيء", "none"),
        "child": Words("الطفل", "the child"),
        "self": Words("صاحب الشأن", "the person"),
        "husband": Words("الزوج", "the husband"),
        "wife": Words("الزوجة", "the wife"),
        "hospital": Words("مستشفى", "a hospital"),
        "airport": Words("مطار", "an airport"),
        "land_border": Words("منفذ بري", "a land border"),
        "sea_port": Words("منفذ بحري", "a sea port"),
        "school": Words("مدرسة", "a school"),
        "emirates_id": Words("بطاقة الهوية", "the identity card"),
        "passport": Words("جواز السفر", "the passport"),
        "residence_permit": Words("الإقامة", "the residence permit"),
        "family_book": Words("خلاصة القيد", "the family book"),
        "health_card": Words("البطاقة الصحية", "the health card"),
        "birth_certificate": Words("شهادة الميلاد", "the birth certificate"),
        "nursery": Words("الحضانة", "nursery"),
        "pre_kg": Words("ما قبل الروضة", "pre-KG"),
        "kg1": Words("الروضة الأولى", "KG1"),
        "kg2": Words("الروضة الثانية", "KG2"),
        "grade_1": Words("الصف الأول", "grade 1"),
        "vaccination": Words("تطعيم", "a vaccination"),
        "antenatal": Words("متابعة حمل", "an antenatal visit"),
    }
)


def find_variable_name(name: str) -> Words | None:
    """What a variable is called; None for one that has no words yet."""
    if name in _OWN:
        return _OWN[name]
    role, _, rest = name.partition("_")
    if role in ROLE_NAMES and rest in _OF_ROLE:
        whose, said = ROLE_NAMES[role], _OF_ROLE[rest]
        return Words(said.ar.format(whose.ar), said.en.format(whose.en))
    return None


def variable_name(name: str, language: Language) -> str:
    """What a variable is called, or its own name where it has no words."""
    found = find_variable_name(name)
    return name if found is None else found.say(language)


def value_name(value: str, language: Language) -> str:
    """What a value that a condition compares with is called, or the value itself."""
    found = _VALUES.get(value)
    return value if found is None else found.say(language)
