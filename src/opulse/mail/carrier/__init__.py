"""Writing a burst's mails and handing them to the relay: in this process (``Carrier``), or in one of its own
(``CarrierProcess``), so that the interpreter which keeps the books does not also write and send.

``Writer`` is what both fill per person; it is handed over whole. A ``Leash`` says how long a burst may go on.
"""

from opulse.mail.carrier.carrying import Addressee, Carries, Leash
from opulse.mail.carrier.own import Carrier
from opulse.mail.carrier.process import CarrierProcess
from opulse.mail.carrier.writing import Writer

__all__ = ["Addressee", "Carrier", "CarrierProcess", "Carries", "Leash", "Writer"]
