"""The vault: what nobody may read by accident, and the record of who looked.

``keys`` are files outside the warehouse; ``seals`` encrypt bytes with them and ``tokens`` stand for a value without
showing it; ``store`` keeps seals in the warehouse; ``audit`` is the chained record of every access.

Nothing here puts a key or a plain text into an error, a log or a ``repr``.
"""
