"""The words of the contract: notifications against the workflows that ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opulse.pulses.doctor.models import Card, Kind, Severity

_F, _W = Severity.FAULT, Severity.WARNING
_SILENT = "The webhook arrives, the conditions are false, and nobody is asked."

CONTRACT: Final[Mapping[Kind, Card]] = {
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
    Kind.SAME_MAIL: Card(
        _W,
        "The same mail reaches the same person once in 12 hours, so a second incident in that time asks nobody of the first.",
        "Let our Operational Pulse task write lastAlarm, or put a field that differs, such as lastAlarmAt, into the subject.",
        "Let another program write lastAlarm on the contacts, or start the survey's workflow every hour.",
    ),
}
