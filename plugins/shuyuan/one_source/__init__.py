"""One data, one source: every copy is compared with its source, and what differs is listed and asked about.

Nothing is ever overwritten: consumers read the authority's value (``subjects``), departments correct their own data
(``corrections``). Plain functions; ``orchestration`` and ``cli`` run them.
"""

from shuyuan.ledger import Comparison
from shuyuan.one_source.reconciling import Reconciled, reconcile

__all__ = ["Comparison", "Reconciled", "reconcile"]
