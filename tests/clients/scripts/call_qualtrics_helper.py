"""qualtrics-helper of PyPI: every method of it that maps to a route.

It turns an error into None or an empty list, so every check looks at what came back.
"""

import time

from calling import WORLD, call
from qualtrics_helper import Qualtrics

SURVEY, LIBRARY, DIRECTORY = WORLD["survey"], WORLD["library"], WORLD["directory"]
OK = "200 - OK"

client = Qualtrics(qualtrics_server=WORLD["data_centre"], api_token=WORLD["token"])
contacts, lists, transactions = client.contacts, client.mailingLists, client.transactions
libraries, surveys, distributions, people = (
    client.libraries, client.surveys, client.distributions, client.contactsManager,
)  # fmt: skip


def is_ok(got):
    return got["meta"]["httpStatus"] == OK


def id_of(got):
    return got["id"] if got else "none"


def wait_for(ask, true, seconds=20):
    """What ``ask`` returns once ``true`` of it: work goes on behind an answer, here as there."""
    deadline = time.monotonic() + seconds
    while True:
        got = ask()
        if (got is not None and true(got)) or time.monotonic() > deadline:
            return got
        time.sleep(0.2)


call(
    "Qualtrics(client_id, client_secret)",
    lambda: Qualtrics(
        qualtrics_server=WORLD["data_centre"],
        api_token="",
        client_id=WORLD["oauth_client"],
        client_secret=WORLD["oauth_secret"],
        scope=["manage:all"],
    ),
    lambda got: (
        got.session.token["token_type"] == "Bearer" and got.users.who_am_i()["userId"] == WORLD["user"]
    ),
)
call("users.who_am_i", client.users.who_am_i, lambda got: got["userId"] == WORLD["user"] and "brandId" in got)
call("users.list_users", client.users.list_users, lambda got: WORLD["user"] in [one["id"] for one in got])
call(
    "directories.list_directories",
    client.directories.list_directories,
    lambda got: DIRECTORY in [one["directoryId"] for one in got] and "deduplicationCriteria" in got[0],
)

# mailing lists and their contacts

made = id_of(
    call(
        "mailingLists.create_mailing_list",
        lambda: lists.create_mailing_list(DIRECTORY, "Made by the helper"),
        lambda got: got["id"].startswith("CG_"),
    )
)
call(
    "mailingLists.list_mailing_lists",
    lambda: lists.list_mailing_lists(DIRECTORY),
    lambda got: made in [one["mailingListId"] for one in got],
)
call(
    "mailingLists.search_mailing_list",
    lambda: lists.search_mailing_list(DIRECTORY, "Made by the helper"),
    lambda got: got["mailingListId"] == made,
)
call(
    "mailingLists.update_mailing_list",
    lambda: lists.update_mailing_list(DIRECTORY, made, "Renamed by the helper"),
    is_ok,
)
call(
    "mailingLists.get_mailing_list",
    lambda: lists.get_mailing_list(DIRECTORY, made),
    lambda got: got["name"] == "Renamed by the helper" and got["contactCount"] == 0,
)
cleo = id_of(
    call(
        "contacts.create_contact_mailing_list",
        lambda: contacts.create_contact_mailing_list(
            DIRECTORY,
            made,
            {
                "firstName": "Cleo",
                "lastName": "Helper",
                "email": "cleo@example.org",
                "embeddedData": {"a": "1"},
            },
        ),
        lambda got: got["id"].startswith("CID_") and got["contactLookupId"].startswith("CGC_"),
    )
)
call(
    "contacts.list_contacts_of_mailing_lists",
    lambda: contacts.list_contacts_of_mailing_lists(DIRECTORY, made),
    lambda got: [one["contactId"] for one in got] == [cleo] and got[0]["email"] == "cleo@example.org",
)
call(
    "contacts.get_contact_of_mailing_list",
    lambda: contacts.get_contact_of_mailing_list(DIRECTORY, made, cleo),
    lambda got: got["contactId"] == cleo and got["firstName"] == "Cleo",
)
call(
    "contacts.search_contacts_of_directory",
    lambda: contacts.search_contacts_of_directory(
        DIRECTORY, {"filter": {"filterType": "email", "comparison": "eq", "value": "cleo@example.org"}}
    ),
    lambda got: [one["id"] for one in got] == [cleo] and got[0]["lastName"] == "Helper",
)
call(
    "contacts.list_contacts_of_directory",
    lambda: contacts.list_contacts_of_directory(DIRECTORY),
    lambda got: (
        cleo in [one["contactId"] for one in got] and len({one["contactId"] for one in got}) == len(got)
    ),
)
call(
    "contacts.get_contact_of_directory",
    lambda: contacts.get_contact_of_directory(DIRECTORY, cleo),
    lambda got: got["embeddedData"] == {"a": "1"} and made in got["mailingListMembership"],
)
call(
    "contacts.list_opted_out_contacts_of_directory",
    lambda: contacts.list_opted_out_contacts_of_directory(DIRECTORY),
    lambda got: isinstance(got, list) and cleo not in [one["contactId"] for one in got],
)

call(
    "contacts.list_opted_out_contacts_of_mailing_lists",
    lambda: contacts.list_opted_out_contacts_of_mailing_lists(DIRECTORY, made),
    lambda got: got == [],
)
call(
    "contacts.list_bounced_contacts_of_mailing_lists",
    lambda: contacts.list_bounced_contacts_of_mailing_lists(DIRECTORY, made),
    lambda got: got == [],
)

# who was asked

asked = WORLD["asked_contact"]
call(
    "contacts.get_directory_contact_history",
    lambda: contacts.get_directory_contact_history(DIRECTORY, asked),
    lambda got: WORLD["sent_distribution"] in [one["distributionId"] for one in got],
)
call(
    "contactsManager.find_contact_in_directory",
    lambda: people.find_contact_in_directory(email="cleo@example.org", lastName="Helper"),
    lambda got: [(one["directoryId"], one["contactId"]) for one in got] == [(DIRECTORY, cleo)],
)
history = call(
    "contactsManager.retrieve_contact_history",
    lambda: people.retrieve_contact_history(directoryId=DIRECTORY, contactId=asked),
    lambda got: got[0]["contact_directory_data"]["contactId"] == asked and got[0]["surveyId"] == SURVEY,
)
call(
    "contactsManager.enrich_contact_history",
    lambda: people.enrich_contact_history(history),
    lambda got: got[0]["distribution_history"][0]["contactId"] == asked,
)
call(
    "contactsManager.get_distribution_history_for_contactId",
    lambda: people.get_distribution_history_for_contactId(WORLD["sent_distribution"], asked),
    lambda got: [one["contactId"] for one in got] == [asked],
)
call(
    "contactsManager.retrieve_enriched_contact_history",
    lambda: people.retrieve_enriched_contact_history(directoryId=DIRECTORY, contactId=asked),
    lambda got: got[0]["distribution_history"][0]["distributionId"] == WORLD["sent_distribution"],
)
call(
    "contactsManager.retrieve_summarized_contact_history",
    lambda: people.retrieve_summarized_contact_history(directoryId=DIRECTORY, contactId=asked),
    lambda got: (got["contactId"], got["lastSurveyReceived"], got["nbSurveysReceived"]) == (asked, SURVEY, 1),
)

# transactions, batches, imports

bought = transactions.create_create_contact_transaction_object(
    cleo, made, "2026-11-20 10:00:00", {"amount": "12"}
)
created = call(
    "transactions.create_contact_transaction",
    lambda: transactions.create_contact_transaction(DIRECTORY, {"mine": bought}),
    lambda got: bool(got["result"]["createdTransactions"]["mine"]["id"]) and is_ok(got),
)
transaction = created["result"]["createdTransactions"]["mine"]["id"] if created else "none"
call(
    "transactions.get_contact_transaction",
    lambda: transactions.get_contact_transaction(DIRECTORY, transaction),
    lambda got: (got["contactId"], got["data"]) == (cleo, {"amount": "12"}),
)
call(
    "transactions.list_contact_transactions",
    lambda: transactions.list_contact_transactions(DIRECTORY, cleo),
    lambda got: [one["transactionId"] for one in got] == [transaction],
)
batch = id_of(
    call(
        "transactions.create_transaction_batch",
        lambda: transactions.create_transaction_batch(DIRECTORY, [], "2026-11-20T10:00:00Z"),
        lambda got: bool(got["id"]),
    )
)
call(
    "transactions.list_transaction_batches",
    lambda: transactions.list_transaction_batches(DIRECTORY),
    lambda got: batch in [one["batchId"] for one in got],
)
call(
    "transactions.search_transaction_batch",
    lambda: transactions.search_transaction_batch(DIRECTORY, "batches have no name"),
    lambda got: got is None,
)
call(
    "transactions.get_transaction_batch",
    lambda: transactions.get_transaction_batch(DIRECTORY, batch),
    lambda got: got["batchId"] == batch,
)
call(
    "transactions.add_transactions_batch",
    lambda: transactions.add_transactions_batch(DIRECTORY, batch, [transaction]),
    lambda got: transactions.list_transactions_in_a_batch(DIRECTORY, batch) != [],
)
call(
    "transactions.list_transactions_in_a_batch",
    lambda: transactions.list_transactions_in_a_batch(DIRECTORY, batch),
    lambda got: [one["transactionId"] for one in got] == [transaction],
)
call(
    "transactions.remove_transaction_batch",
    lambda: transactions.remove_transaction_batch(DIRECTORY, batch, transaction),
    lambda got: is_ok(got) and transactions.list_transactions_in_a_batch(DIRECTORY, batch) == [],
)
call(
    "transactions.delete_transaction_batch",
    lambda: transactions.delete_transaction_batch(DIRECTORY, batch),
    lambda got: (
        is_ok(got)
        and batch not in [one["batchId"] for one in transactions.list_transaction_batches(DIRECTORY)]
    ),
)
newcomers = [
    {"firstName": f"N{number}", "email": f"n{number}@example.org", "embeddedData": {"wave": "1"}}
    for number in range(3)
]
import_id = id_of(
    call(
        "transactions.create_transaction_contacts_import",
        lambda: transactions.create_transaction_contacts_import(DIRECTORY, made, newcomers),
        lambda got: got["id"].startswith("PGRS_") and got["tracking"]["url"].startswith("https://"),
    )
)
call(
    "transactions.get_creation_transaction_contacts_import_progress",
    lambda: wait_for(
        lambda: transactions.get_creation_transaction_contacts_import_progress(DIRECTORY, made, import_id),
        lambda got: got["percentComplete"] == 100,
    ),
    lambda got: got["status"] == "complete" and got["contacts"]["count"]["added"] == 3,
)
call(
    "transactions.get_creation_transaction_contacts_import_report",
    lambda: transactions.get_creation_transaction_contacts_import_report(DIRECTORY, import_id),
    lambda got: {one["email"] for one in got["importReportEntries"]} == {one["email"] for one in newcomers},
)
call(
    "transactions.create_contact_import",
    lambda: transactions.create_contact_import(DIRECTORY, made, newcomers),
    lambda got: len(got["importReportEntries"]) == 3,
)

# libraries

call(
    "libraries.list_libraries",
    libraries.list_libraries,
    lambda got: LIBRARY in [one["libraryId"] for one in got],
)
call(
    "libraries.search_library",
    lambda: libraries.search_library(libraries.list_libraries()[0]["libraryName"]),
    lambda got: got["libraryId"].startswith(("UR_", "GR_")),
)
message = id_of(
    call(
        "libraries.create_library_messages",
        lambda: libraries.create_library_messages(LIBRARY, "By the helper", "invite", {"en": "Hello"}),
        lambda got: got["id"].startswith("MS_") and len(got["id"]) == 18,
    )
)
call(
    "libraries.list_library_messages",
    lambda: libraries.list_library_messages(LIBRARY, None),
    lambda got: [one["category"] for one in got if one["id"] == message] == ["invite"],
)
call(
    "libraries.search_library_messages",
    lambda: libraries.search_library_messages(LIBRARY, "By the helper"),
    lambda got: got["id"] == message,
)
call(
    "libraries.update_library_messages",
    lambda: libraries.update_library_messages(LIBRARY, message, "Still by the helper", {"en": "Good day"}),
    is_ok,
)
call(
    "libraries.get_library_message",
    lambda: libraries.get_library_message(LIBRARY, message),
    lambda got: got["messages"] == {"en": "Good day"} and got["description"] == "Still by the helper",
)
call(
    "libraries.delete_library_messages",
    lambda: libraries.delete_library_messages(LIBRARY, message),
    lambda got: is_ok(got) and libraries.get_library_message(LIBRARY, message) is None,
)

# surveys and responses

call("surveys.list_surveys", surveys.list_surveys, lambda got: SURVEY in [one["id"] for one in got])
call(
    "surveys.search_for_survey_id",
    lambda: surveys.search_for_survey_id(WORLD["survey_name"]),
    lambda got: got == SURVEY,
)
call("surveys.get_survey", lambda: surveys.get_survey(SURVEY), lambda got: got["isActive"] is True)
call(
    "surveys.get_survey_response_schema",
    lambda: surveys.get_survey_response_schema(SURVEY),
    lambda got: WORLD["choice_question"] in got["properties"]["values"]["properties"],
)
call(
    "surveys.match_survey_questions_responses",
    lambda: surveys.match_survey_questions_responses(SURVEY),
    lambda got: WORLD["response"] in [one["responseId"] for one in got],
)
progress = call(
    "surveys.start_survey_export",
    lambda: surveys.start_survey_export(SURVEY),
    lambda got: got.startswith("ES_"),
)
# Its own next question sleeps ten seconds when the export is not there at once: so it is asked when it is.
if progress:
    wait_for(
        lambda: client.request("GET", f"surveys/{SURVEY}/export-responses/{progress}"),
        lambda got: got["result"]["status"] == "complete",
    )
file = call(
    "surveys.get_survey_export_progress",
    lambda: surveys.get_survey_export_progress(SURVEY, progress),
    lambda got: isinstance(got, str) and bool(got),
)
call(
    "surveys.get_survey_export_responses",
    lambda: surveys.get_survey_export_responses(SURVEY, file),
    lambda got: WORLD["response"] in [one["responseId"] for one in got],
)
call(
    "surveys.get_survey_responses",
    lambda: surveys.get_survey_responses(SURVEY),
    lambda got: WORLD["response"] in [one["responseId"] for one in got],
)

# distributions

later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 20 * 86400))
wording = {
    "libraryId": LIBRARY,
    "messageId": WORLD["message"],
    "fromEmail": "pulse@example.org",
    "replyToEmail": "help@example.org",
    "fromName": "The pulse",
    "subject": "How was it?",
}
sent = id_of(
    call(
        "distributions.create_distribution",
        lambda: distributions.create_distribution(
            DIRECTORY, None, SURVEY, "Individual", expires, sendDate=later, mailingListId=made, **wording
        ),
        lambda got: got["id"].startswith("EMD_"),
    )
)
call(
    "distributions.list_distributions",
    lambda: distributions.list_distributions(SURVEY, made),
    lambda got: [one["id"] for one in got] == [sent],
)
call(
    "distributions.get_distribution",
    lambda: distributions.get_distribution(sent, SURVEY),
    lambda got: got["recipients"]["mailingListId"] == made and got["headers"]["subject"] == "How was it?",
)
call(
    "distributions.list_distribution_history",
    lambda: distributions.list_distribution_history(WORLD["sent_distribution"]),
    lambda got: asked in [one["contactId"] for one in got],
)
call(
    "distributions.create_reminder_distribution",
    lambda: distributions.create_reminder_distribution(sent, later, **wording),
    lambda got: got["distributionId"].startswith("EMD_"),
)
call("distributions.delete_distribution", lambda: distributions.delete_distribution(sent), is_ok)

call(
    "mailingLists.delete_mailing_list",
    lambda: lists.delete_mailing_list(DIRECTORY, made),
    lambda got: is_ok(got) and lists.get_mailing_list(DIRECTORY, made) is None,
)
