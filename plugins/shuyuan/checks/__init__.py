"""Checks (核查): a question about named people or a property, answered from the sources as they are, and sealed.

``request`` and ``answer`` are the value objects; nothing in this room writes a personal value anywhere but into a seal.
"""
