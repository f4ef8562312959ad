"""Questions that are answered by a number or a text, and those that nobody answers: TE, Slider, CS, DB, Timing, Meta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opulse.experience.surveys.models import (
    BrowserInfo,
    ConstantSum,
    Descriptive,
    FormEntry,
    Question,
    Slider,
    Stars,
    TextEntry,
    TextMatrix,
    Timing,
)
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.html import plain
from opulse.experience.surveys.qsf.mapping.options import (
    Fields,
    content_of_box,
    is_forced,
    no_boxes,
    option_fields,
)
from opulse.experience.surveys.qsf.mapping.order import arrange
from opulse.experience.surveys.qsf.mapping.words import Desk
from opulse.experience.surveys.qsf.models import QsfQuestion, Validation

MOST_LETTERS = 20_000
"""What the product takes into a text box when no limit is set."""

CONTENTS = {
    "ValidNumber": "number",
    "ValidEmail": "email",
    "ValidDate": "date",
    "ValidPhone": "phone",
    "ValidZip": "postal_code",
    "ValidUSState": "letters",
    "ValidTextOnly": "letters",
}
_MOST_LABELS = 20
_LINES = {"SL": "one", "PW": "one", "ML": "several", "ESTB": "essay"}
_CHARACTERS = frozenset({"MinChar", "MaxChar", "CharRange", "TotalChar", "TotalChars"})


def text_question(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """TE: one box, or a form of several."""
    if question.selector == "FORM":
        return _form(question, common, desk)
    if question.selector not in _LINES:
        desk.account.differs(f"the box {question.selector or 'without a name'} is one line")
    rule, most = text_rule(question.validation, desk)
    asked = {"lines": _LINES.get(question.selector, "one"), "max_length": most, "rule": rule}
    return TextEntry.model_validate({**common, **asked, "secret": question.selector == "PW"})


def text_rule(validation: Validation, desk: Desk) -> tuple[Fields, int]:
    """What a typed text must be, and the most letters it may have."""
    settings = validation.settings
    if validation.kind in _CHARACTERS:
        least, most = loose.whole(settings.get("MinChars")), loose.whole(settings.get("TotalChars"))
        fewest = least if least is not None and 0 <= least <= MOST_LETTERS else 0
        return {
            "min_length": fewest
        }, most if most is not None and 1 <= most <= MOST_LETTERS else MOST_LETTERS
    if validation.kind != "ContentType":
        return {}, MOST_LETTERS
    content = CONTENTS.get(validation.content)
    if content is None:
        desk.account.differs(f"what is typed is not checked ({validation.content or 'unnamed content'})")
        return {}, MOST_LETTERS
    if validation.content == "ValidUSState":
        desk.account.differs("a state is checked to be letters only")
    return {"content": content, **(_number_limits(settings) if content == "number" else {})}, MOST_LETTERS


def text_matrix(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """Matrix with boxes to type into (TE), to fill with numbers (CS) or with ranks (RO)."""
    rule, most = text_rule(question.validation, desk)
    if question.selector in ("CS", "RO"):
        rule = {"content": "number"}
        what = "that each row adds up" if question.selector == "CS" else "that each place is given once"
        desk.account.differs(f"numbers are typed; {what} is not checked")
    ids = [one.id for one in question.choices]
    arrangement = arrange(question.payload.get("Randomization"), ids, desk.account)
    no_boxes(question.choices, desk, "a matrix")
    tags = loose.mapping(question.payload.get("ChoiceDataExportTags"))
    names = desk.names
    return TextMatrix.model_validate(
        {
            **common,
            "rows": option_fields(question.choices, names.choices[question.id], desk, arrangement, tags),
            "columns": option_fields(question.answers, names.answers[question.id], desk),
            "max_length": most,
            "rule": rule,
            "order": arrangement.order,
        }
    )


def slider(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """Slider, bars and stars."""
    arrangement = arrange(
        question.payload.get("Randomization"), [one.id for one in question.choices], desk.account
    )
    no_boxes(question.choices, desk, "a slider")
    lone = len(question.choices) == 1 and question.choices[0].id == "1"
    items: list[Fields] = []
    if not lone or plain(question.choices[0].html).text or question.choices[0].logic:
        items = option_fields(question.choices, desk.names.choices[question.id], desk, arrangement)
    asked = {**common, "items": items, "order": arrangement.order}
    configuration = question.configuration
    if question.selector == "STAR":
        return Stars.model_validate({**asked, **_stars(configuration, desk)})
    return Slider.model_validate({**asked, **_range(configuration, desk), **_labels(question, desk)})


def constant_sum(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """CS: numbers that add up."""
    validation, configuration = question.validation, question.configuration
    total = loose.whole(validation.settings.get("ChoiceTotal")) if validation.kind == "ChoicesTotal" else None
    symbol = desk.words(
        loose.text(question.payload.get("ClarifyingSymbol") or configuration.get("ClarifyingSymbol"))
    )
    if (loose.whole(configuration.get("NumDecimals")) or 0) > 0:
        desk.account.differs("numbers are whole")
    arrangement = arrange(
        question.payload.get("Randomization"), [one.id for one in question.choices], desk.account
    )
    no_boxes(question.choices, desk, "a constant sum")
    asked = {
        "items": option_fields(question.choices, desk.names.choices[question.id], desk, arrangement),
        "total": total if total is not None and total > 0 else None,
        "unit": symbol,
        "order": arrangement.order,
    }
    return ConstantSum.model_validate({**common, **asked})


def descriptive(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """DB: words; a graphic is told by its description."""
    shown = {key: value for key, value in common.items() if key not in ("required", "request")}
    if question.selector in ("GRB", "PTB"):
        desk.account.differs("its picture or file is not shown")
        told = desk.words(loose.text(question.payload.get("GraphicsDescription")))
        if told and not plain(question.html).text:
            shown["text"] = told
    return Descriptive.model_validate(shown)


def timing(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """Timing: how long the page was open."""
    desk.account.differs("how long the page was open is measured; clicks are not counted")
    limits = (question.configuration.get(key) for key in ("MinSeconds", "MaxSeconds"))
    if any((loose.decimal(one) or 0) > 0 for one in limits):
        desk.account.differs("the page does not wait and does not go on by itself")
    unseen = {key: value for key, value in common.items() if key not in ("required", "request")}
    return Timing.model_validate(unseen)


def meta(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """Meta: what the browser says of itself."""
    desk.account.differs("browser, version, system and kind of device are recorded, the screen's size is not")
    unseen = {key: value for key, value in common.items() if key not in ("required", "request")}
    return BrowserInfo.model_validate(unseen)


def _form(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    fields = option_fields(question.choices, desk.names.choices[question.id], desk)
    checks = loose.mapping(question.validation.settings.get("SubValidation"))
    asked = []
    for one, option in zip(fields, question.choices, strict=True):
        settings = loose.mapping(checks.get(option.id))
        named = content_of_box(option) or loose.word(settings.get("ContentType"))
        rule, most = text_rule(
            Validation(kind="ContentType" if named else "", content=named, settings=settings), desk
        )
        limit = loose.whole(option.raw.get("TextEntryLength"))
        most = limit if limit is not None and 1 <= limit <= MOST_LETTERS else most
        lines = "several" if loose.word(option.raw.get("TextEntrySize")) == "Essay" else "one"
        asked.append({**one, "rule": rule, "max_length": most, "lines": lines, "required": is_forced(option)})
    return FormEntry.model_validate({**common, "fields": asked})


def _number_limits(settings: Mapping[str, Any]) -> Fields:
    limits = loose.mapping(settings.get("ValidNumber"))
    decimals = loose.whole(limits.get("NumDecimals"))
    low, high = loose.decimal(limits.get("Min")), loose.decimal(limits.get("Max"))
    crossed = low is not None and high is not None and low > high
    return {
        "minimum": None if crossed else low,
        "maximum": None if crossed else high,
        "decimals": decimals if decimals is not None and 0 <= decimals <= 9 else None,
    }


def _range(configuration: Mapping[str, Any], desk: Desk) -> Fields:
    low = loose.decimal(configuration.get("CSSliderMin"))
    high = loose.decimal(configuration.get("CSSliderMax"))
    low, high = 0.0 if low is None else low, 100.0 if high is None else high
    if (loose.whole(configuration.get("NumDecimals")) or 0) > 0 or low % 1 or high % 1:
        desk.account.differs("numbers are whole")
    if int(low) >= int(high):
        desk.account.differs("its range was empty; it goes from 0 to 100")
        low, high = 0.0, 100.0
    lines = loose.whole(configuration.get("GridLines")) or 0
    span = int(high) - int(low)
    snaps = loose.truth(configuration.get("SnapToGrid")) and 0 < lines <= span and span % lines == 0
    return {"minimum": int(low), "maximum": int(high), "step": span // lines if snaps else 1}


def _stars(configuration: Mapping[str, Any], desk: Desk) -> Fields:
    count = loose.whole(configuration.get("StarCount")) or 5
    if not 3 <= count <= 10:
        desk.account.differs(f"there are 3 to 10 stars, not {count}")
    if loose.word(configuration.get("StarType")).lower() not in ("", "discrete"):
        desk.account.differs("stars are whole")
    return {"stars": min(10, max(3, count))}


def _labels(question: QsfQuestion, desk: Desk) -> Fields:
    """Words at the two ends, or along the scale where there are more."""
    labels = [loose.mapping(one) for one in loose.sequence(question.payload.get("Labels"))]
    words = [desk.words(loose.text(one.get("Display"))) for one in labels]
    if len(words) < 3 or not any(words[1:-1]):
        return {"low_label": words[0] if words else "", "high_label": words[-1] if len(words) > 1 else ""}
    if len(words) > _MOST_LABELS:
        desk.account.differs(f"of {len(words)} words along its scale the first {_MOST_LABELS} are shown")
    return {"labels": [word or "·" for word in words[:_MOST_LABELS]]}
