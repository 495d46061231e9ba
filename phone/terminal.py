"""The timeline in a terminal, in Arabic and English.

A line of Arabic begins with U+200F, so that a terminal with bidirectional text sets it from the
right; every line is one language alone but for names, which are isolated already.
"""

from collections.abc import Iterator
from datetime import date

from phone.card_state import CardState
from phone.catalogue import find_names, say_card
from phone.exchange import RECEIPTS
from phone.message import LOCALES, Value, render
from phone.outbox import Act, ActState, list_acts
from phone.record import Review
from phone.store import Store
from phone.timeline import ShownCard

RIGHT_TO_LEFT_MARK = "\u200f"

_STATES: dict[CardState, tuple[str, str]] = {
    "waiting": ("بانتظار شرط", "waiting"),
    "scheduled": ("مجدولة", "scheduled"),
    "upcoming": ("قادمة", "upcoming"),
    "due": ("حان موعدها", "due"),
    "overdue": ("تأخرت", "overdue"),
    "expired": ("انتهت مدتها", "expired"),
    "done": ("أُنجزت", "done"),
    "dismissed": ("أُخفيت", "dismissed"),
    "snoozed": ("مؤجلة", "snoozed"),
}
_ACTS: dict[str, tuple[str, str]] = {
    "card.acknowledge": ("اطلعت عليها", "acknowledge"),
    "card.snooze": ("تأجيل", "snooze"),
    "card.dismiss": ("إخفاء", "dismiss"),
    "card.attach_photo": ("إرفاق صورة", "attach a photo"),
    "card.undo": ("تراجع", "undo"),
    "fact.dispute": ("اعتراض على معلومة", "dispute a fact"),
    "fact.withdraw_dispute": ("سحب اعتراض", "withdraw a dispute"),
    "wishes.change": ("تغيير خيارات الإشعارات", "change wishes"),
}
_ENDS: dict[ActState, tuple[str, str]] = {
    "waiting": ("تنتظر الشبكة", "waits for the network"),
    "sent": ("أُرسلت، بانتظار الرد", "sent, no answer yet"),
    "held": ("محفوظة، لم تمر عبر الشبكة", "kept, not let through"),
    "applied": ("نُفذت", "applied"),
    "refused": ("رُفضت", "refused"),
    "quarantined": ("قيد المعالجة لدينا", "set aside, we look into it"),
}
_WORDS = {
    "pending": ("لم تُرسل بعد", "not confirmed yet"),
    "draft": ("مسودة", "draft"),
    "acknowledged": ("اطلعت عليها", "acknowledged"),
    "photo": ("معها صورة", "with a photo"),
    "nothing": ("لا شيء هنا.", "Nothing here."),
    "disputed": ("اعترضت عليها، ولم يُسأل السجل بعد.", "Disputed; its registry is not asked yet."),
    "why": ("لماذا أرى هذا؟", "Why do I see this?"),
    "facts": ("استناداً إلى:", "It rests on:"),
}
_MARKS = {"met": "+", "not_met": "-", "unknown": "?"}


class Terminal:
    """Says things of one phone in one language."""

    def __init__(self, store: Store, language: str) -> None:
        assert language in LOCALES
        self._store = store
        self._language = language
        self._column = 0 if language == "ar" else 1

    def timeline(self, shown: list[ShownCard]) -> Iterator[str]:
        """One line a card, numbered as the acts name them."""
        if not shown:
            yield self.line(self.word("nothing"))
        for place, one in enumerate(shown, start=1):
            said = say_card(self._store, one.card, self._language)
            notes = [self.state(one)]
            if one.card.acknowledged:
                notes.append(self.word("acknowledged"))
            if one.card.photo is not None:
                notes.append(self.word("photo"))
            if one.pending:
                notes.append(self.word("pending"))
            yield self.line(f"{place}. {said.title} ({self._comma().join(notes)})")

    def card(self, one: ShownCard, today: date) -> Iterator[str]:
        """A card with its body and its why."""
        said = say_card(self._store, one.card, self._language)
        draft = f" [{self.word('draft')}]" if said.draft else ""
        yield self.line(f"{said.title} ({self.state(one)}){draft}")
        for paragraph in said.body.splitlines():
            yield self.line(paragraph)
        yield self.line(self.word("why"))
        for text, truth in said.lines:
            yield self.line(f" {_MARKS[truth]} {text}")
        yield self.line(self.word("facts"))
        agencies = find_names(self._store, "agencies", self._language)
        facts = find_names(self._store, "facts", self._language)
        for place, fact in enumerate(one.card.why.facts, start=1):
            name, source = facts.get(fact.kind, fact.kind), agencies.get(fact.source, fact.source)
            day = self.date(fact.occurred_on)
            yield self.line(f" {place}. {name}{self._comma()}{source}{self._comma()}{day}")
            for review in one.card.reviews:
                if review.place == place - 1:
                    yield self.line(f"    {self.review(review, today)}")

    def review(self, review: Review, today: date) -> str:
        """A fact under review, in the catalogue's words; one that is on its way in our own."""
        said = []
        if not review.registry:
            said.append(self.word("disputed"))
        else:
            is_overdue = review.due_on is not None and today > review.due_on
            said.append("overdue" if review.state == "open" and is_overdue else review.state)
            if review.state == "open" and review.is_draft:
                said.append("draft")
        values: dict[str, Value] = {
            "registry": find_names(self._store, "agencies", self._language).get(
                review.registry, review.registry
            )
        }
        days = {"since": review.since_on, "due": review.due_on, "answered": review.answered_on}
        values |= {name: day for name, day in days.items() if day is not None}
        own = review.said
        if own is not None:
            said.append(f"mine_{own.claim}")
            if own.on is not None:
                values["says_on"] = own.on
            if own.words is not None:
                said.append("mine_words")
                values["words"] = own.words
        texts = find_names(self._store, "reviews", self._language)
        return " ".join(
            render(texts[word], self._language, values) if word in texts else word for word in said
        )

    def outbox(self) -> Iterator[str]:
        """Every act with its state and its reason."""
        acts = [act for act in list_acts(self._store) if act.name != RECEIPTS]
        if not acts:
            yield self.line(self.word("nothing"))
        for act in acts:
            name = _ACTS.get(act.name, (act.name, act.name))[self._column]
            end = _ENDS[act.state][self._column]
            yield self.line(f"{act.position}. {name}: {end}{self._reason(act)}")

    def state(self, one: ShownCard) -> str:
        """The state in words, and the day on which a card that rests comes back."""
        word = _STATES[one.state][self._column]
        until = one.card.snoozed_until
        return f"{word} {self.date(until)}" if one.state == "snoozed" and until else word

    def date(self, day: date) -> str:
        """A day in the short style."""
        return render("{day, date, short}", self._language, {"day": day})

    def word(self, name: str) -> str:
        """A word of this program."""
        return _WORDS[name][self._column]

    def line(self, text: str) -> str:
        """A line of output."""
        return f"{RIGHT_TO_LEFT_MARK}{text}" if self._language == "ar" else text

    def _comma(self) -> str:
        return "، " if self._language == "ar" else ", "

    def _reason(self, act: Act) -> str:
        words = act.words_ar if self._language == "ar" else act.words_en
        reason = words or act.reason
        return f" ({reason})" if reason else ""
