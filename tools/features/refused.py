"""Why data cannot be taken, in one line for people."""


class Refused(Exception):
    """The text is the whole message."""
