"""What both wings and outsiders agree on: bytes on the wire and the names in them, and nothing that decides.

Pure: no database, no HTTP, no SMTP. A module per agreement: the webhook's times, body and signature; the
affected-systems page and the token that opens it; the sensor-state batch and the agent's configuration; the error
bodies; identifiers and link tokens.
"""
