"""Errors of the tools. The text of each is one line for the developer: what is wrong, and what to change.

ToolError
├── CapacityError           no number of instances is enough, or an option is wrong
├── FeaturesError           the data are refused, or an entity does not exist
├── GenerateError           a file cannot be generated
│   └── IndexUnreachable    the package index does not respond
├── HostError               the local host cannot start
├── LocalSettingsError      local.settings.json cannot be read
├── PackageError            the package cannot be made, or does not work
├── PromoteError            a model cannot become the champion
└── ScoreError              a file cannot be scored, or not to its end

An error that only one module raises is defined there: AzuriteError, BrowserError, InsightsError, PasswordError,
RunError, ScreenshotError, SmokeError, TrafficError, UserError.
"""


class ToolError(Exception):
    """A tool cannot do its work. Tools print the text on stderr and return 1."""


class CapacityError(ToolError):
    """No number of instances is enough for the load, or an option is wrong."""


class FeaturesError(ToolError):
    """The data are refused, or an entity does not exist."""


class GenerateError(ToolError):
    """A file cannot be generated."""


class IndexUnreachable(GenerateError):
    """The locks need the package index, and it does not respond."""


class HostError(ToolError):
    """The local host cannot start."""


class LocalSettingsError(ToolError):
    """local.settings.json cannot be read."""


class PromoteError(ToolError):
    """A model cannot become the champion."""


class PackageError(ToolError):
    """The package cannot be made, or does not work."""


class ScoreError(ToolError):
    """A file cannot be scored, or not to its end."""
