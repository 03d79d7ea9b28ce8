"""What keeps a package from being made or from being trusted."""


class PackageError(Exception):
    """The package cannot be made, or does not do its work; the text says what to change."""
