"""The long form of the fault tests: many trials of each fault, counted and written to ``docs/evidence/faults.md``.

``make torture`` runs it. ``tests/faults/test_torture.py`` runs each campaign once and shows that it sees harm when a
protection is switched off.
"""
