"""The process that :class:`~opulse.mail.carrier.process.CarrierProcess` starts."""

from opulse.mail.carrier.child import main

main()
