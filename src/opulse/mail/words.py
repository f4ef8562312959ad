"""The words around an invitation that are ours and not the author's, in the languages that we ship."""

from __future__ import annotations

from dataclasses import dataclass

RIGHT_TO_LEFT = frozenset({"ar", "arc", "dv", "fa", "he", "ks", "ku", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words. ``why`` and the rest are whole sentences; nothing is put together from parts."""

    greeting: str
    """With the slot ``first_name``."""
    greeting_without_name: str
    questions: str
    """How many questions there are: the number helps people to start, a promised time does not."""
    choose: str
    """Under the choices: choosing stores nothing yet."""
    button: str
    why: str
    unsubscribe: str
    reminder: str
    """The body of a reminder whose author wrote none."""
    thanks_title: str
    """Subject and body of a thank-you whose author wrote none."""
    thanks: str


def direction(language: str) -> str:
    """``rtl`` or ``ltr`` for a BCP 47 tag."""
    return "rtl" if language.split("-", maxsplit=1)[0].lower() in RIGHT_TO_LEFT else "ltr"


def words(language: str, questions: int) -> Words:
    """Our words in ``language`` (BCP 47; English where we have no other) for a survey of ``questions`` questions."""
    return _LANGUAGES.get(language.split("-", maxsplit=1)[0].lower(), _english)(questions)


def _english(questions: int) -> Words:
    return Words(
        greeting="Hello ⟦first_name⟧,",
        greeting_without_name="Hello,",
        questions="1 question" if questions == 1 else f"{questions} questions",
        choose="Your choice opens the page; nothing is sent before you confirm it there.",
        button="Open the questions",
        why="You get this mail because a device you use is affected by a problem that IT is working on.",
        unsubscribe="No more mails of this kind",
        reminder="We asked you these questions and have no answer from you yet. The link still works.",
        thanks_title="Thank you for your answer",
        thanks="Your answer has arrived. It shows IT what the problem does to people's work.",
    )


def _german(questions: int) -> Words:
    return Words(
        greeting="Guten Tag ⟦first_name⟧,",
        greeting_without_name="Guten Tag,",
        questions="1 Frage" if questions == 1 else f"{questions} Fragen",
        choose="Ihre Auswahl öffnet die Seite; gesendet wird erst, wenn Sie dort bestätigen.",
        button="Zu den Fragen",
        why="Sie erhalten diese Mail, weil ein von Ihnen genutztes Gerät von einer Störung betroffen ist, "
        "an der die IT arbeitet.",
        unsubscribe="Keine weiteren Mails dieser Art",
        reminder="Wir haben Ihnen diese Fragen gestellt und noch keine Antwort von Ihnen. Der Link gilt noch.",
        thanks_title="Danke für Ihre Antwort",
        thanks="Ihre Antwort ist angekommen. Sie zeigt der IT, was die Störung für die Arbeit bedeutet.",
    )


def _arabic(questions: int) -> Words:
    return Words(
        greeting="مرحبًا ⟦first_name⟧،",
        greeting_without_name="مرحبًا،",
        questions=_arabic_questions(questions),
        choose="اختيارك يفتح الصفحة فقط، ولا يُرسَل شيء قبل أن تؤكده هناك.",
        button="افتح الأسئلة",
        why="تصلك هذه الرسالة لأن جهازًا تستخدمه متأثر بمشكلة يعمل فريق تقنية المعلومات على حلها.",
        unsubscribe="لا أريد رسائل أخرى من هذا النوع",
        reminder="أرسلنا إليك هذه الأسئلة ولم تصلنا إجابتك بعد. ما زال الرابط صالحًا.",
        thanks_title="شكرًا على إجابتك",
        thanks="وصلت إجابتك، وهي تبيّن لتقنية المعلومات أثر المشكلة في العمل.",
    )


def _arabic_questions(number: int) -> str:
    """Arabic counts in six ways; these are the ones from 1 up to 99."""
    if number == 1:
        return "سؤال واحد"
    if number == 2:
        return "سؤالان"
    return f"{number} أسئلة" if 3 <= number <= 10 else f"{number} سؤالًا"


_LANGUAGES = {"en": _english, "de": _german, "ar": _arabic}
