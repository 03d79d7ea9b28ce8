"""What keeps a capacity from being worked out."""


class CapacityError(ValueError):
    """The question has no answer, or is none; the text says in one line what to change."""
