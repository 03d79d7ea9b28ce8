"""What keeps a file from being generated."""


class GenerateError(Exception):
    """Something could not be derived; the text says what to change."""


class IndexUnreachable(GenerateError):
    """The locks need the package index, and it does not answer."""
