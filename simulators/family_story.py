"""Families of the demonstration, as the events that agencies would report of them.

Event ids do not hold the day: played again on a later day into the same database, the events are
repeats and the families stay as they were first told.
"""

from datetime import date

from simulators.telling import BCG, HEPATITIS_B, Someone, Story, Telling, newborn, parent_of


def stories(played_on: date) -> list[Story]:
    """The seven families, as they stand on `played_on`."""
    return [
        _whole_life(played_on),
        _pregnancy_in_progress(played_on),
        _newly_married(played_on),
        _twins(played_on),
        _loss(played_on),
        _mother_alone(played_on),
        _divorced(played_on),
    ]


def _whole_life(played_on: date) -> Story:
    """Marriage, family book, pregnancy, birth twelve days ago, the vaccines of the first day."""
    story = Telling("whole-life", played_on)
    salem = Someone(11, "سالم", "Salem", "male", date(1994, 3, 9))
    noura = Someone(12, "نورة", "Noura", "female", date(1996, 8, 21))
    story.marry(salem, noura, days_ago=430, book_days_ago=420)
    story.confirm_pregnancy(noura, salem, period_days_ago=289)
    child = newborn("A-1001", "female", "هند", "Hind")
    story.give_birth(child, noura, salem, days_ago=12)
    story.vaccinate(child, (HEPATITIS_B, BCG), days_ago=12)
    return story.told(
        title_ar="من العقد إلى أول تطعيم",
        title_en="From the marriage contract to the first vaccination",
        parents=(parent_of("father", "ar", salem), parent_of("mother", "ar", noura)),
    )


def _pregnancy_in_progress(played_on: date) -> Story:
    """Week 24 and three days."""
    story = Telling("pregnancy", played_on)
    khalid = Someone(21, "خالد", "Khalid", "male", date(1991, 11, 30))
    amna = Someone(22, "آمنة", "Amna", "female", date(1993, 5, 14))
    story.marry(khalid, amna, days_ago=700, book_days_ago=690)
    story.confirm_pregnancy(amna, khalid, period_days_ago=24 * 7 + 3)
    return story.told(
        title_ar="حمل في الأسبوع الرابع والعشرين",
        title_en="A pregnancy in its 24th week",
        parents=(parent_of("mother", "en", amna), parent_of("father", "ar", khalid)),
    )


def _newly_married(played_on: date) -> Story:
    """Five days married; the family book is not issued yet. The wife is reached by e-mail alone."""
    story = Telling("newly-married", played_on)
    sultan = Someone(31, "سلطان", "Sultan", "male", date(1998, 1, 17))
    latifa = Someone(32, "لطيفة", "Latifa", "female", date(1999, 10, 2))
    story.reach(latifa, email="latifa@family.example", language="en", days_ago=6)
    story.marry(sultan, latifa, days_ago=5, book_days_ago=None)
    return story.told(
        title_ar="زواج جديد",
        title_en="Newly married",
        parents=(
            parent_of("husband", "ar", sultan),
            parent_of("wife", "en", latifa, has_phone=False),
        ),
    )


def _twins(played_on: date) -> Story:
    """Born seven weeks ago at 36 weeks; one was vaccinated at birth, the other was not."""
    story = Telling("twins", played_on)
    omar = Someone(41, "عمر", "Omar", "male", date(1989, 6, 25))
    sheikha = Someone(42, "شيخة", "Sheikha", "female", date(1992, 2, 11))
    story.marry(omar, sheikha, days_ago=1100, book_days_ago=1090)
    story.confirm_pregnancy(sheikha, omar, period_days_ago=49 + 36 * 7)
    first = newborn("A-2001", "male", "راشد", "Rashid")
    second = newborn("A-2002", "female", "ميثاء", "Maitha")
    story.give_birth(first, sheikha, omar, days_ago=49, of=(1, 2))
    story.give_birth(second, sheikha, omar, days_ago=49, of=(2, 2))
    story.vaccinate(first, (HEPATITIS_B, BCG), days_ago=49)
    return story.told(
        title_ar="توأم في الأسبوع السابع",
        title_en="Twins of seven weeks",
        parents=(parent_of("mother", "ar", sheikha), parent_of("father", "en", omar)),
    )


def _loss(played_on: date) -> Story:
    """Lost six days ago, in the eleventh week: nothing congratulatory may remain."""
    story = Telling("loss", played_on)
    hamad = Someone(51, "حمد", "Hamad", "male", date(1993, 9, 3))
    maryam = Someone(52, "مريم", "Maryam", "female", date(1995, 12, 19))
    story.marry(hamad, maryam, days_ago=400, book_days_ago=390)
    story.confirm_pregnancy(maryam, hamad, period_days_ago=6 + 11 * 7)
    story.lose_pregnancy(maryam, days_ago=6)
    return story.told(
        title_ar="حمل لم يكتمل",
        title_en="A pregnancy that ended in loss",
        parents=(parent_of("mother", "ar", maryam), parent_of("father", "ar", hamad)),
    )


def _mother_alone(played_on: date) -> Story:
    """A birth twenty days ago; no father was ever named."""
    story = Telling("mother-alone", played_on)
    salama = Someone(62, "سلامة", "Salama", "female", date(1997, 4, 6))
    story.confirm_pregnancy(salama, None, period_days_ago=20 + 39 * 7)
    child = newborn("T-3001", "male", None, None, system="temporary_number")
    story.give_birth(child, salama, None, days_ago=20)
    return story.told(
        title_ar="أم دون أب مسجَّل",
        title_en="A mother without a registered father",
        parents=(parent_of("mother", "ar", salama),),
    )


def _divorced(played_on: date) -> Story:
    """Divorced a month ago; a court left the child of seven weeks with the mother's mother, whom
    nobody asked before; the father is the guardian.
    """
    story = Telling("divorced", played_on)
    faris = Someone(81, "فارس", "Faris", "male", date(1990, 10, 5))
    alia = Someone(82, "علياء", "Alia", "female", date(1994, 1, 23))
    mouza = Someone(83, "موزة", "Mouza", "female", date(1966, 5, 30))
    story.marry(faris, alia, days_ago=900, book_days_ago=880)
    child = newborn("A-4001", "male", "سيف", "Saif")
    story.give_birth(child, alia, faris, days_ago=49)
    story.vaccinate(child, (HEPATITIS_B, BCG), days_ago=49)
    story.divorce(faris, alia, days_ago=30)
    story.give_custody(child, mouza, faris, days_ago=10)
    return story.told(
        title_ar="طلاق وحضانة",
        title_en="Divorced, and the child with its grandmother",
        parents=(
            parent_of("holder", "ar", mouza),
            parent_of("mother", "en", alia),
            parent_of("father", "ar", faris),
        ),
    )
