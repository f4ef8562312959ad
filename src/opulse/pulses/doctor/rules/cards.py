"""The words of each kind: how bad, why it matters, what mends it, how a user makes it. docs/reference/doctor.md has them too."""

from __future__ import annotations

# over 300 lines: one table, a row per kind; in two files nobody would see that a kind is missing
from collections.abc import Mapping
from typing import Final

from opulse.pulses.doctor.models import Card, Kind, Severity

_F, _W, _A = Severity.FAULT, Severity.WARNING, Severity.ADVICE
_SILENT = "The webhook arrives, the conditions are false, and nobody is asked."

CARDS: Final[Mapping[Kind, Card]] = {
    Kind.SENSOR_MISSING: Card(
        _W,
        "The survey also goes out for incidents in which that sensor was not triggered.",
        "Add the sensor to the conditions (button), or take it off the notification.",
        "Add a sensor to a notification.",
    ),
    Kind.SENSOR_EXTRA: Card(
        _F, _SILENT, "Take the condition out, or add the sensor.", "Take a sensor off a notification."
    ),
    Kind.SENSOR_UNKNOWN: Card(
        _F, _SILENT, "Write the sensor's name as it is now.", "Type a sensor's name wrongly in a condition."
    ),
    Kind.SENSOR_OFF: Card(
        _F,
        "A sensor that is off is never triggered, so the notification never activates.",
        "Switch the sensor on, or take it off the notification.",
        "Switch a sensor off.",
    ),
    Kind.NO_WORKFLOW: Card(
        _F,
        "The activation is told and nobody is asked.",
        "Make a workflow on Experience ID Change whose conditions name these sensors.",
        "Delete the workflow of a survey.",
    ),
    Kind.NO_NOTIFICATION: Card(
        _F,
        "Nothing ever writes these names to lastAlarm.",
        "Make a notification with these sensors, or delete the workflow.",
        "Delete a notification.",
    ),
    Kind.ASKED_TWICE: Card(
        _W,
        "People get two surveys for one incident, or the fatigue rule picks one of them.",
        "Make the conditions tell the two apart, or switch one workflow off.",
        "Copy a survey's workflow.",
    ),
    Kind.ANY_SENSOR: Card(
        _W,
        "People are asked about sensors that were not triggered together.",
        "Choose All of the following are true.",
        "Choose Any of the following are true.",
    ),
    Kind.NO_CONDITIONS: Card(
        _F,
        "Every edit of a contact sends a survey.",
        "Add a condition on lastAlarm for each sensor.",
        "Make the workflow and leave its conditions out.",
    ),
    Kind.PART_OF_NAME: Card(
        _W,
        "An incident of the other sensor asks these people too.",
        "Declare lastAlarm as a list, whose members are compared whole.",
        "Declare lastAlarm as a text, and watch two sensors of which one's name holds the other's.",
    ),
    Kind.PREVIOUS_SIDE: Card(
        _F,
        "The condition sees the incident before this one.",
        "Choose Current Value.",
        "Choose Previous Value in a condition.",
    ),
    Kind.REPEATING_ALARM: Card(
        _W,
        "A second incident of the same sensors before lastAlarm is cleared asks nobody.",
        "Use contains on the current value.",
        "Choose has changed for lastAlarm.",
    ),
    Kind.STALE_ALARM: Card(
        _W,
        "A later edit of such a contact can send the survey of an incident that is long over.",
        "Empty lastAlarm on these contacts: import them with an empty column lastAlarm.",
        "Write lastAlarm on a contact by hand.",
    ),
    Kind.NOT_LISTENING: Card(
        _F,
        "Contacts exist already, so lastAlarm is an update, and the workflow is not told.",
        "Tick Contact data has been updated (button).",
        "Tick only Contact data has been created.",
    ),
    Kind.NEW_CONTACTS_UNHEARD: Card(
        _W,
        "People for whom the task makes a contact are not asked in their first incident.",
        "Tick Contact data has been created (button).",
        "Let the task make contacts and tick only updated.",
    ),
    Kind.OTHER_DIRECTORY: Card(
        _F,
        "lastAlarm is written elsewhere.",
        "Choose the directory of the Operational Pulse task.",
        "Choose another directory in the event.",
    ),
    Kind.WORKFLOW_OFF: Card(
        _F, "The incident asks nobody.", "Switch the workflow on (button).", "Switch a survey's workflow off."
    ),
    Kind.SURVEY_NOT_OPEN: Card(
        _F, "The task fails, and nobody is asked.", "Open or publish the survey.", "Close the survey."
    ),
    Kind.OTHER_LIST: Card(
        _W,
        "Opt-outs and frequency rules of the list that people are on do not count.",
        "Choose the list of the Operational Pulse task.",
        "Choose another list in the Distribute Survey task.",
    ),
    Kind.TELLS_NOBODY: Card(
        _F,
        "It activates, and neither people nor workflows hear of it.",
        "Choose a recipient.",
        "Take the recipient off.",
    ),
    Kind.NEVER_ACTIVATES: Card(
        _W,
        "It counts and never activates.",
        "Choose another schedule, or put systems in the group.",
        "Choose the schedule Never, or an empty group.",
    ),
    Kind.RECIPIENT_OFF: Card(
        _F, "Nothing is sent to it.", "Enable it (button).", "Disable the webhook's recipient."
    ),
    Kind.WEBHOOK_NOWHERE: Card(
        _F,
        "Each delivery is answered 404.",
        "Copy the address from the JSON event's page.",
        "Delete the workflow whose address the webhook calls.",
    ),
    Kind.RECEIVER_OFF: Card(
        _F,
        "Events are refused, and nobody is asked for any notification.",
        "Switch the workflow on (button).",
        "Switch the receiving workflow off.",
    ),
    Kind.BODY_NOT_JSON: Card(
        _F,
        "The receiver cannot read the event.",
        "Open the recipient and save it: the form says where the fault is.",
        "Cannot be saved today; bodies of before, and of a restored backup, can be so.",
    ),
    Kind.BODY_LACKS_PATH: Card(
        _F,
        "The task has no Systems URL or no Sensor Names, and fails.",
        "Copy the guide's body into the recipient, or mend the path of the JSON field.",
        "Take data.sensorNames out of the webhook's body.",
    ),
    Kind.TOKEN_NOT_SENT: Card(
        _F,
        "Each delivery is answered 401.",
        "Add the header X-API-TOKEN, or what the event asks for, to the recipient.",
        "Take the header X-API-TOKEN off the recipient.",
    ),
    Kind.EVENT_OPEN: Card(
        _A,
        "Whoever learns the address can start it; the rate is limited, the token stays safe.",
        "Choose API token in the JSON event and add the header to the recipient.",
        "Choose Authentication: Off in the JSON event.",
    ),
    Kind.FIELD_NOT_READ: Card(
        _F,
        "The task's field is empty in every run.",
        "Choose the JSON field with {a}.",
        "Rename a JSON field and leave the task's pipe as it was.",
    ),
    Kind.CLOUD_URL_DIFFERS: Card(
        _F,
        "The token is only sent to the Cloud URL's host, so the affected systems are not fetched.",
        "Enter the Cloud URL of Tenant Information.",
        "Type another host as Cloud URL.",
    ),
    Kind.TOKEN_URL_UNSAFE: Card(
        _F,
        "The password is not sent in the clear, so no token is got.",
        "Enter the Token URL with https.",
        "Type a Token URL with http.",
    ),
    Kind.CLIENT_ID_DIFFERS: Card(
        _F, "No token is given.", "Copy the Client ID of Tenant Information.", "Type another Client ID."
    ),
    Kind.ACCOUNT_UNKNOWN: Card(
        _F,
        "No token is given, and the affected systems are not fetched.",
        "Make a service account, and give the task an account with it.",
        "Revoke the service account.",
    ),
    Kind.KEY_EXPIRES: Card(
        _W,
        "What signs in with it is refused from then on.",
        "Regenerate the key, and give the new one to whoever uses it.",
        "Wait until 14 days before a key's end.",
    ),
    Kind.KEY_EXPIRED: Card(
        _F,
        "What signed in with it is refused.",
        "Make a new key, or revoke this one.",
        "Let a key end that is in use.",
    ),
    Kind.FATIGUE_TOO_STRICT: Card(
        _W,
        "A second incident within that time asks nobody who was asked before.",
        "Shorten the rule, or use One per activation.",
        "Set a gap of 30 days.",
    ),
    Kind.USERS_WITHOUT_CONTACT: Card(
        _W,
        "They are affected, and not asked.",
        "Import them as contacts, or let the task make contacts.",
        "Report a user whom the directory does not know.",
    ),
    Kind.USERS_WITHOUT_EMAIL: Card(
        _W,
        "They are affected, and nothing says whom to ask.",
        "Import people with their addresses, or contacts with the account name as external data reference.",
        "Report a user without an address.",
    ),
    Kind.CONTACTS_WITHOUT_EMAIL: Card(
        _W,
        "They cannot be mailed.",
        "Import their addresses, or choose the method Email and desktop.",
        "Put a contact without an address on the list.",
    ),
    Kind.MAIL_CLOSED: Card(
        _W,
        "Everybody else is spared with the reason not on the allow list.",
        "Open mail on Tenant Information when the trial is over.",
        "A new tenant is so.",
    ),
    Kind.MAIL_STOPPED: Card(
        _F, "Nothing is sent.", "Resume mail with the switch in the frame.", "Press Pause all mail."
    ),
    Kind.MAIL_HELD: Card(
        _F,
        "Invitations of before the backup may be out already, so an operator decides.",
        "Release sending on Tenant Information.",
        "Restore a backup.",
    ),
    Kind.CAP_TOO_LOW: Card(
        _A,
        "In a large incident some of the people are not asked.",
        "Raise the cap on Tenant Information, if that is not what you want.",
        "Set a cap below the size of a group.",
    ),
    Kind.NO_RELAY: Card(
        _F,
        "Mail waits, and is too late after an hour.",
        "Set OPULSE_SMTP_HOST.",
        "Leave OPULSE_SMTP_HOST empty.",
    ),
    Kind.RELAY_FAILS: Card(
        _F,
        "No mail leaves.",
        "Mend what the relay says: OPULSE_SMTP_HOST, _PORT, _SECURITY, _USERNAME, _PASSWORD.",
        "Stop the relay, let its certificate end, or change its password.",
    ),
    Kind.RELAY_IN_CLEAR: Card(
        _W,
        "Who is between reads names, addresses and personal links.",
        "Set OPULSE_SMTP_SECURITY=starttls.",
        "Set OPULSE_SMTP_SECURITY=none with a relay on another machine.",
    ),
    Kind.LOCAL_ADDRESS: Card(
        _F, "Nobody can open the survey.", "Set OPULSE_PUBLIC_URL.", "Leave OPULSE_PUBLIC_URL empty."
    ),
    Kind.DNS_FAILS: Card(
        _W,
        "Whether receivers accept the mails is not known.",
        "Set OPULSE_RESOLVER to a resolver that answers.",
        "Name a resolver that does not answer.",
    ),
    Kind.SPF_MISSING: Card(
        _F,
        "Large receivers refuse mail of a domain without SPF (RFC 7208).",
        "Publish the record that the page Sender domains shows.",
        "Send from a domain without an SPF record.",
    ),
    Kind.SPF_SEVERAL: Card(
        _F,
        "Two records are a permanent error (RFC 7208 4.5), as good as none.",
        "Join them into one.",
        "Publish a second SPF record.",
    ),
    Kind.SPF_OPEN: Card(
        _W, "Anybody may send as you.", "End the record with ~all or -all.", "Publish v=spf1 +all."
    ),
    Kind.DKIM_MISSING: Card(
        _F,
        "Each signature fails (RFC 6376), and with it DMARC where SPF is not aligned.",
        "Publish the record that the page Sender domains shows.",
        "Switch a key on before its record is published.",
    ),
    Kind.DKIM_DIFFERS: Card(
        _F,
        "Each signature fails (RFC 6376).",
        "Publish the record that the page Sender domains shows.",
        "Publish the record of another key.",
    ),
    Kind.DMARC_MISSING: Card(
        _W,
        "Large receivers refuse bulk mail of a domain without DMARC (RFC 7489).",
        "Publish one record at _dmarc, to begin with v=DMARC1; p=none.",
        "Send from a domain without a DMARC record.",
    ),
    Kind.CLOCK_DIFFERS: Card(
        _W,
        "Signatures, tokens and fatigue windows are judged by the wrong time.",
        "Let NTP set the clocks: timedatectl set-ntp true.",
        "Set a machine's clock five minutes ahead.",
    ),
}
