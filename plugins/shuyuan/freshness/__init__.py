"""Whether every promised delivery came, and whose fault it is when it did not.

``judging`` holds the rule, ``evidence`` reads what it judges by, ``sweeping`` settles what nobody delivered,
``declaring`` takes the word of a department that nothing has changed.
"""
