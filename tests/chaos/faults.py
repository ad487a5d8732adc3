"""The fault catalogue.

Of the catalogue of the field these are not here, as nothing stands in for them yet: failing name
resolution (hosts are addresses), expired certificates (the processes talk in plain text),
reordered calls, a state store of several members (tests/integration/store_cluster_test.py has it).
Of a loss of power what was written comes and goes by files' content and length, not by their names.
"""

import disk_faults  # noqa: F401  (each registers its own)
import network_faults  # noqa: F401
import server_faults  # noqa: F401
import weft_faults  # noqa: F401
from catalogue import FAULTS, Fault, Scene  # noqa: F401
