"""The challenger's model, loaded when it is first needed, in the thread that needs it."""

from typing import NamedTuple

from shared import telemetry
from shared.challenger.rows import Translation
from shared.cooldown import Cooldown
from shared.model import loader
from shared.model.loader import Model
from shared.model.manifest import Manifest
from shared.model.manifest_file import ManifestFile
from shared.problems import Problem

RETRY_SECONDS = 60.0  # after a failed load: nobody waits for the next one

_log = telemetry.get_logger("challenger")


class Contender(NamedTuple):
    """The challenger's model, and the translation of the champion's instances into its rows."""

    model: Model
    translation: Translation


class OtherTask(Exception):
    """The two models do not predict the same. Adoption refuses such a challenger; settings can name one."""

    slug = "other-task"


class LazyContender:
    """Loads the model. For one thread."""

    def __init__(self, file: ManifestFile) -> None:
        self._file = file
        self._model: Model | None = None
        self._contender: Contender | None = None
        self._failure: BaseException | None = None
        self._retry = Cooldown(RETRY_SECONDS)

    def load(self) -> Model:
        """Return the model. Raises the error of its load; the next one starts a minute later at the earliest."""
        if self._model is not None:
            return self._model
        if self._failure is not None and self._retry.active:
            raise self._failure.with_traceback(None)
        try:
            self._model = loader.load(self._file, "challenger")
        except BaseException as error:  # unpickling runs code of the file, which may even exit
            self._failure = error
            self._retry.start()
            _log.error("challenger cannot be loaded: %s", detail(error))
            raise
        return self._model

    def beside(self, champion: Manifest) -> Contender:
        """Return the model with its translation. Raises the error of its load, or OtherTask."""
        if self._contender is None:
            model = self.load()
            if difference := other_task(champion, model.manifest):
                raise OtherTask(difference)
            self._contender = Contender(model, Translation(champion, model.manifest))
        return self._contender


def other_task(champion: Manifest, challenger: Manifest) -> str:
    """Return why two models cannot be compared; empty when they can."""
    if champion.kind != challenger.kind:
        return f"the challenger is a {challenger.kind}, and the champion is a {champion.kind}"
    if champion.output.name != challenger.output.name:
        return f"the challenger predicts {challenger.output.name}, and the champion {champion.output.name}"
    return ""


def detail(error: BaseException) -> str:
    """Return an error's reason, for the log."""
    if isinstance(error, Problem):
        return error.reason or error.detail
    return str(error) if isinstance(error, OtherTask) else f"{type(error).__name__}: {error}"
