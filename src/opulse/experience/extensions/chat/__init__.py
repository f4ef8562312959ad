"""The Chat extension: Slack and Microsoft Teams. In: a run. Out: one message in a channel, by its incoming webhook."""
