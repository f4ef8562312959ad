"""pytrics of PyPI: every method of its client that maps to a route."""

import io
import json
import time
import zipfile

from calling import WANTED, WORLD, call
from pytrics.qualtrics_api.client import QualtricsAPIClient

client = QualtricsAPIClient(WORLD["url"] + "/API/v3", WORLD["token"])
READY_SECONDS = 20.0


def question(label, text):
    wanted = {
        "text": text,
        "tag_number": 1,
        "type": "MC",
        "answer_selector": "SAVR",
        "answer_sub_selector": "TX",
        "label": label,
        "is_mandatory": True,
        "translations": [],
        "block_number": 1,
        "choices": {"1": {"Display": "Yes"}, "2": {"Display": "No"}},
        "choice_order": ["1", "2"],
    }
    return client.build_question_payload(wanted, include_display_logic=False)


def until_ready(survey, progress):
    """The client reads ``fileId`` at once, which is there when the export is: ask again until then."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            return client.get_response_export_progress(survey, progress)
        except KeyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


made = call(
    "QualtricsAPIClient.create_survey",
    lambda: client.create_survey("Made by pytrics"),
    lambda got: got[0].startswith("SV_") and len(got[0]) == 18 and got[1].startswith("BL_"),
)
survey, first_block = made or ("SV_000000000000000", "BL_000000000000000")
found = call(
    "QualtricsAPIClient.create_block",
    lambda: client.create_block(survey, "Second", "Standard"),
    lambda got: got[1].startswith("BL_") and got[1] != first_block and "FlowID" in got[0]["result"],
)
block = found[1] if found else first_block
call(
    "QualtricsAPIClient.update_block",
    lambda: client.update_block(survey, block, "Renamed", "Standard"),
    lambda got: client.get_block(survey, block)["result"]["Description"] == "Renamed",
)
asked = call(
    "QualtricsAPIClient.create_question",
    lambda: client.create_question(survey, question("Works", "Does it work?"), block),
    lambda got: got[1].startswith("QID"),
)
qid = asked[1] if asked else "QID1"
call(
    "QualtricsAPIClient.get_block",
    lambda: client.get_block(survey, block),
    lambda got: [one["QuestionID"] for one in got["result"]["BlockElements"]] == [qid],
)
call(
    "QualtricsAPIClient.get_question",
    lambda: client.get_question(survey, qid),
    lambda got: (
        got["result"]["QuestionText"] == "Does it work?"
        and got["result"]["QuestionType"] == "MC"
        and got["result"]["Choices"]["2"]["Display"] == "No"
    ),
)
call(
    "QualtricsAPIClient.update_question",
    lambda: client.update_question(survey, qid, question("Works", "Does it work now?")),
    lambda got: client.get_question(survey, qid)["result"]["QuestionText"] == "Does it work now?",
)
call(
    "QualtricsAPIClient.publish_survey",
    lambda: client.publish_survey(survey, "First"),
    lambda got: bool(got[0]) and int(got[1]) >= 1 and str(got[2]).startswith("20"),
)
call(
    "QualtricsAPIClient.update_survey",
    lambda: client.update_survey(survey, True),
    lambda got: client.get_survey(survey)["result"]["isActive"] is True,
)
call(
    "QualtricsAPIClient.get_survey",
    lambda: client.get_survey(survey),
    lambda got: (
        got["result"]["name"] == "Made by pytrics"
        and got["result"]["questions"][qid]["questionText"] == "Does it work now?"
    ),
)
call(
    "QualtricsAPIClient.find_question_in_survey_by_label",
    lambda: client.find_question_in_survey_by_label(survey, "Works"),
    lambda got: got[0] == qid and got[1]["questionType"]["type"] == "MC",
)
short_lived = "QualtricsAPIClient.delete_block" in WANTED and client.create_block(
    survey, "Short-lived", "Standard"
)
call(
    "QualtricsAPIClient.delete_block",
    lambda: client.delete_block(survey, short_lived[1]),
    lambda got: "Short-lived" not in [
        one["description"] for one in client.get_survey(survey)["result"]["blocks"].values()
    ],
)  # fmt: skip
started = call(
    "QualtricsAPIClient.create_response_export",
    lambda: client.create_response_export(WORLD["survey"]),
    lambda got: got[1].startswith("ES_"),
)
ready = call(
    "QualtricsAPIClient.get_response_export_progress",
    lambda: until_ready(WORLD["survey"], started[1]),
    lambda got: got[0]["result"]["status"] == "complete" and got[0]["result"]["percentComplete"] == 100,
)


def responses(content):
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        (name,) = whole.namelist()
        return json.loads(whole.read(name))["responses"]


call(
    "QualtricsAPIClient.get_response_export_file",
    lambda: client.get_response_export_file(WORLD["survey"], ready[1]),
    lambda got: WORLD["response"] in [one["responseId"] for one in responses(got)],
)
