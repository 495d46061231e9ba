"""Words for where a fact came from and what it was: agencies by the catalogue, kinds from here.

The kinds of fact are a closed list of the domain; a test asks that each has its words.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from domain.catalogue import Catalogue
from domain.fact import IDENTITY_SOURCE, MEMBER_SOURCE, OPERATOR_SOURCE
from domain.people.secrecy import HIDDEN
from domain.text.message import Language
from store.scope import ReferenceScope
from timeline.ground import Ground


class Named(msgspec.Struct, frozen=True):
    """A name in both languages."""

    ar: str
    en: str

    def say(self, language: Language) -> str:
        return self.ar if language == "ar" else self.en


AgencyNames = Mapping[str, Named]

FACT_NAMES: Mapping[str, Named] = MappingProxyType(
    {
        "marriage.registered": Named("تسجيل عقد الزواج", "Marriage registered"),
        "family_book.issued": Named("إصدار خلاصة القيد", "Family book issued"),
        "pregnancy.confirmed": Named("تأكيد الحمل", "Pregnancy confirmed"),
        "pregnancy.ended": Named("انتهاء متابعة الحمل", "Pregnancy follow-up ended"),
        "birth.notified": Named("إشعار الولادة", "Birth notified"),
        "vaccination.given": Named("تطعيم مسجَّل", "Vaccination given"),
        "person.died": Named("تسجيل وفاة", "Death registered"),
        "person.first_seen": Named("أول دخول إلى أسرتي", "First sign-in to Osrati"),
        "person.described": Named("بيانات شخصية", "Personal details"),
        "marriage.contract_signed": Named("توقيع عقد الزواج إلكترونيًا", "Marriage contract signed"),
        "marriage.annulled": Named("فسخ عقد الزواج", "Marriage annulled"),
        "divorce.registered": Named("تسجيل طلاق", "Divorce registered"),
        "divorce.revoked": Named("مراجعة بعد طلاق", "Divorce revoked"),
        "family_book.changed": Named("تعديل خلاصة القيد", "Family book changed"),
        "custody.decided": Named("حكم بالحضانة", "Custody decided"),
        "guardian.appointed": Named("تعيين وصي", "Guardian appointed"),
        "guardian.removed": Named("انتهاء الوصاية", "Guardian removed"),
        "adoption.decided": Named("قرار احتضان", "Adoption decided"),
        "pregnancy.redated": Named("تعديل موعد الولادة المتوقع", "Due date corrected"),
        "pregnancy.scanned": Named("فحص بالموجات فوق الصوتية", "Ultrasound"),
        "embryo.transferred": Named("نقل جنين", "Embryo transferred"),
        "vaccination.refused": Named("رفض تطعيم", "Vaccination refused"),
        "vaccination.not_done": Named("تطعيم لم يُعطَ", "Vaccination not done"),
        "condition.recorded": Named("حالة صحية مسجَّلة", "Health condition recorded"),
        "condition.resolved": Named("انتهاء حالة صحية", "Health condition resolved"),
        "measurement.taken": Named("قياسات", "Measurements"),
        "questionnaire.evaluated": Named("تقييم استبيان", "Questionnaire evaluated"),
        "disability.recognised": Named("تصنيف أصحاب الهمم", "Disability recognised"),
        "appointment.booked": Named("حجز موعد", "Appointment booked"),
        "appointment.moved": Named("تغيير موعد", "Appointment moved"),
        "appointment.cancelled": Named("إلغاء موعد", "Appointment cancelled"),
        "appointment.kept": Named("حضور موعد", "Appointment kept"),
        "appointment.missed": Named("فوات موعد", "Appointment missed"),
        "visit.kept": Named("زيارة", "Visit"),
        "person.reported": Named("بيانات من السجل", "Entry of a register"),
        "person.renamed": Named("تغيير اسم", "Name changed"),
        "nationality.changed": Named("تغيير جنسية", "Nationality changed"),
        "personal_status.changed": Named("تغيير الحالة الاجتماعية", "Personal status changed"),
        "identifier.replaced": Named("تغيير رقم تعريف", "Identity number replaced"),
        "contact.reported": Named("بيانات التواصل", "Contact details"),
        "employment.changed": Named("تغيير جهة العمل", "Employment changed"),
        "residence.changed": Named("تغيير مكان السكن", "Residence changed"),
        "place.entered": Named("دخول مكان", "Place entered"),
        "document.issued": Named("إصدار وثيقة", "Document issued"),
        "document.replaced": Named("استبدال وثيقة", "Document replaced"),
        "document.revoked": Named("إلغاء وثيقة", "Document revoked"),
        "grant.decided": Named("قرار منحة الزواج", "Marriage grant decided"),
        "housing.decided": Named("قرار الدعم السكني", "Housing support decided"),
        "benefit.decided": Named("قرار إجازة أو علاوة", "Leave or allowance decided"),
        "licence.issued": Named("إصدار رخصة", "Licence issued"),
        "licence.renewed": Named("تجديد رخصة", "Licence renewed"),
        "licence.expiring": Named("قرب انتهاء رخصة", "Licence about to expire"),
        "partner.added": Named("إضافة شريك", "Partner added"),
        "partner.removed": Named("خروج شريك", "Partner left"),
        "registry.answered": Named("جواب سجل حكومي", "Answer of a registry"),
        "school_stage.reached": Named("مرحلة دراسية", "School stage"),
        "seat.reserved": Named("حجز مقعد", "Seat reserved"),
        "seat.released": Named("إلغاء حجز مقعد", "Seat released"),
        "regulation.changed": Named("تعديل لائحة", "Regulation changed"),
        "entered_in_error": Named("تصحيح سجل", "Record corrected"),
        "fact.disputed": Named("اعتراض على معلومة", "A fact disputed"),
        "review.opened": Named("معلومة قيد المراجعة", "A fact under review"),
        "dispute.answered": Named("رد على اعتراض", "Dispute answered"),
        "card.act": Named("إجراء منك", "Something you did"),
    }
)

_OWN: Mapping[str, Named] = MappingProxyType(
    {
        MEMBER_SOURCE: Named("أنت", "You"),
        IDENTITY_SOURCE: Named("الهوية الرقمية", "UAE PASS"),
        OPERATOR_SOURCE: Named("فريق أسرتي", "The Osrati team"),
    }
)


# Where an agency's name would tell where somebody lives whose address is protected.
_UNNAMED = Named("جهة حكومية", "A government agency")


async def read_agency_names(ground: Ground, catalogue: Catalogue) -> AgencyNames:
    """Every agency's name by its id, and the words where none is named: some tens.

    The catalogue says what each is called today; one that it does not list is called what the
    intake was told at its registration.
    """
    today = ground.clock.today()
    dated = {
        str(id_): Named(*agency.name_on(today).sources())
        for id_, agency in catalogue.entries.agencies.items()
    }
    async with ground.database.glance(ReferenceScope("catalogue")) as session:
        connection = await session.raw()
        rows = await connection.fetch("SELECT agency_id, name_ar, name_en FROM agency")
    named = {agency_id: Named(name_ar, name_en) for agency_id, name_ar, name_en in rows}
    return {**named, **dated, HIDDEN: _UNNAMED}


def source_name(agencies: AgencyNames, source: str, language: Language) -> str:
    """What a source is called; an agency that we do not list is called by its id."""
    named = _OWN.get(source) or agencies.get(source)
    return source if named is None else named.say(language)


def fact_name(kind: str, language: Language) -> str:
    """What a kind of fact is called; a kind newer than this list is called by its code."""
    named = FACT_NAMES.get(kind)
    return kind if named is None else named.say(language)
