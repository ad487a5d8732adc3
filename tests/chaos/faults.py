"""The fault catalogue.

Of the catalogue of the field these are not here, as nothing stands in for them yet: loss of power, full or
stalled disks and fsync errors, clocks that step, failing name resolution, expired certificates,
duplicated and reordered calls, a state store of several members, several zones at once, DDL and huge
transactions during a change.
"""

import network_faults  # noqa: F401  (each registers its own)
import server_faults  # noqa: F401
import weft_faults  # noqa: F401
from catalogue import FAULTS, Fault, Scene  # noqa: F401
