"""What keeps a subject out of the table's figures, and in its rows."""


class Failed(Exception):
    """It cannot be installed, does not start or answers wrongly; the text is the reason, in one line."""


class Silent(Failed):
    """It gave no answer at all: what it printed may say why."""
