"""What can stop the host before it serves."""


class HostError(Exception):
    """The host cannot start. Its text is all that the developer gets to read, so it says what to change."""
