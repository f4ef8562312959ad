"""QualtricsAPI of PyPI: every method of it that maps to a route."""

import os
import time

import pandas
from calling import WORLD, call
from QualtricsAPI.Library import Messages
from QualtricsAPI.Setup import Credentials
from QualtricsAPI.Survey import Distributions, Responses
from QualtricsAPI.Users import Surveys
from QualtricsAPI.XM import MailingList, XMDirectory

SURVEY, LIBRARY, MESSAGE = WORLD["survey"], WORLD["library"], WORLD["message"]
DELETED = "0" * 15

Credentials().qualtrics_api_credentials(
    token=WORLD["token"], data_center=WORLD["data_centre"], directory_id=WORLD["directory"]
)
directory, lists, messages, surveys = XMDirectory(), MailingList(), Messages(), Surveys()
distributions, responses = Distributions(), Responses()

# contacts of the directory

ada = call(
    "XMDirectory.create_contact_in_XM",
    lambda: directory.create_contact_in_XM(
        first_name="Ada", last_name="Example", email="ada.xm@example.org", external_ref="xm-1",
        language="DE", metadata={"department": "Engines"},
    ),
    lambda got: got.startswith("CID_") and len(got) == 19,
)  # fmt: skip
call(
    "XMDirectory.get_contact",
    lambda: directory.get_contact(contact_id=ada),
    lambda got: (
        got["contactId"][0] == ada
        and got["email"][0] == "ada.xm@example.org"
        and got["extRef"][0] == "xm-1"
        and abs(time.time() - got["creationDate"][0].timestamp()) < 3600
    ),
)
call(
    "XMDirectory.get_contact_additional_info",
    lambda: directory.get_contact_additional_info(contact_id=ada, content="embeddedData"),
    lambda got: got["department"][0] == "Engines",
)
call(
    "XMDirectory.update_contact",
    lambda: directory.update_contact(contact_id=ada, last_name="Lovelace", metadata={"floor": "3"}),
    lambda got: (
        "was updated" in got
        and directory.get_contact(ada)["lastName"][0] == "Lovelace"
        and directory.get_contact(ada)["firstName"][0] == "Ada"
        and directory.get_contact(ada)["embeddedData"][0] == {"department": "Engines", "floor": "3"}
    ),
)
call(
    "XMDirectory.list_contacts_in_directory",
    directory.list_contacts_in_directory,
    lambda got: list(got[got.contactId == ada].lastName) == ["Lovelace"] and len(got) > 1,
)

# mailing lists

named = call(
    "MailingList.create_list",
    lambda: lists.create_list(name="Made by QualtricsAPI"),
    lambda got: got[0] == "Made by QualtricsAPI" and got[1].startswith("CG_") and len(got[1]) == 18,
)
made = named[1] if named else "CG_" + DELETED
call(
    "MailingList.list_lists",
    lambda: lists.list_lists(),
    lambda got: list(got[got.mailingListId == made].name) == ["Made by QualtricsAPI"],
)
call(
    "MailingList.create_contact_in_list",
    lambda: lists.create_contact_in_list(
        made, first_name="Bo", last_name="Example", email="bo.list@example.org"
    ),
    lambda got: got[0].startswith("CID_") and len(got[0]) == 19 and got[1].startswith("CGC_"),
)
call(
    "MailingList.get_list",
    lambda: lists.get_list(made),
    lambda got: got["name"][0] == "Made by QualtricsAPI" and got["contactCount"][0] == 1,
)
call(
    "MailingList.list_contacts",
    lambda: lists.list_contacts(made),
    lambda got: list(got.email) == ["bo.list@example.org"] and list(got.firstName) == ["Bo"],
)
call(
    "MailingList.rename_list",
    lambda: lists.rename_list(made, "Renamed by QualtricsAPI"),
    lambda got: lists.get_list(made)["name"][0] == "Renamed by QualtricsAPI",
)

# libraries, surveys

call(
    "Messages.list_messages",
    lambda: messages.list_messages(library=LIBRARY),
    lambda got: MESSAGE in list(got.MessageID) and set(got.LibraryID) == {LIBRARY},
)
call(
    "Messages.get_message",
    lambda: messages.get_message(library=LIBRARY, message=MESSAGE),
    lambda got: got == (MESSAGE, "invite", WORLD["message_description"]),
)
call(
    "Surveys.list_user_surveys",
    surveys.list_user_surveys,
    lambda got: list(got[got.id == SURVEY].name) == [WORLD["survey_name"]],
)

# distributions

wording = {
    "subject": "How was it?",
    "reply_email": "help@example.org",
    "from_email": "pulse@example.org",
    "from_name": "The pulse",
    "library": LIBRARY,
    "message": MESSAGE,
}
later = distributions.set_send_date(days=1)
sent = call(
    "Distributions.create_distribution",
    lambda: distributions.create_distribution(
        mailing_list=made, survey=SURVEY, send_date=later, link_type="Individual", **wording
    ),
    lambda got: got.startswith("EMD_") and len(got) == 19,
)
call(
    "Distributions.list_distributions",
    lambda: distributions.list_distributions(survey=SURVEY),
    lambda got: (
        list(got[got.id == sent].mailingListId) == [made]
        and list(got[got.id == sent].message_library_id) == [LIBRARY]
        and list(got[got.id == sent].subject) == ["How was it?"]
    ),
)
call(
    "Distributions.get_distribution",
    lambda: distributions.get_distribution(survey=SURVEY, distribution=sent),
    lambda got: got[0]["id"] == sent and got[0]["surveyId"] == SURVEY and got[0]["linkType"] == "Individual",
)
call(
    "Distributions.create_reminder",
    lambda: distributions.create_reminder(distribution=sent, send_date=later, **wording),
    lambda got: got["distributionId"].startswith("EMD_") and got["distributionId"] != sent,
)
call(
    "Distributions.create_thank_you",
    lambda: distributions.create_thank_you(distribution=sent, send_date=later, **wording),
    lambda got: got["distributionId"].startswith("EMD_") and got["distributionId"] != sent,
)

# responses

answer = call(
    "Responses.create_survey_response",
    lambda: responses.create_survey_response(
        survey=SURVEY, dynamic_payload={"values": {WORLD["choice_question"]: 2}}
    ),
    lambda got: got["responseId"].startswith("R_") and len(got["responseId"]) == 17,
)
response = answer["responseId"] if answer else "R_" + DELETED
call(
    "Responses.get_survey_response",
    lambda: responses.get_survey_response(survey=SURVEY, response=response),
    lambda got: got["responseId"] == response and got["values"][WORLD["choice_question"]] == 2,
)
call(
    "Responses.update_survey_response_embedded_data",
    lambda: responses.update_survey_response_embedded_data(
        survey=SURVEY, response_id=response, embedded_data={"branch": "south"}
    ),
    lambda got: (
        got["httpStatus"] == "200 - OK"
        and responses.get_survey_response(SURVEY, response)["values"]["branch"] == "south"
    ),
)
call(
    "Responses.bulk_update_many_responses_from_dataframe",
    lambda: responses.bulk_update_many_responses_from_dataframe(
        survey=SURVEY,
        df=pandas.DataFrame({"ResponseId": [response], "branch": ["north"]}),
        update_cols=["branch"],
    ),
    lambda _: responses.get_survey_response(SURVEY, response)["values"]["branch"] == "north",
)
as_csv = {"format": "csv"}
call(
    "Responses.setup_request_v3",
    lambda: responses.setup_request_v3(survey=SURVEY, payload=as_csv),
    lambda got: got[0].startswith("ES_") and got[1].endswith(f"/surveys/{SURVEY}/export-responses/"),
)
call(
    "Responses.send_request_v3",
    lambda: responses.send_request_v3(survey=SURVEY, payload=as_csv),
    lambda got: got.status_code == 200 and got.content.startswith(b"PK"),
)
call(
    "Responses.get_survey_responses",
    lambda: responses.get_survey_responses(survey=SURVEY),
    lambda got: (
        list(got[got.ResponseId == response].Status) == ["0"] and "Response ID" in got.ResponseId.iloc[0]
    ),
)
call(
    "Responses.get_survey_questions",
    lambda: responses.get_survey_questions(survey=SURVEY),
    lambda got: WORLD["choice_text"] in list(got.Questions) and "Start Date" in list(got.Questions),
)

# and away again

call(
    "XMDirectory.delete_contact",
    lambda: directory.delete_contact(contact_id=ada),
    lambda got: (
        "has been deleted" in got and ada not in list(directory.list_contacts_in_directory().contactId)
    ),
)
call(
    "MailingList.delete_list",
    lambda: lists.delete_list(made),
    lambda got: made not in list(lists.list_lists().mailingListId),
)
os.environ.pop("token")
