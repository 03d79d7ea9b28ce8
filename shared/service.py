"""The composition root: everything that one process serves with, built once from settings."""

from dataclasses import dataclass
from functools import partial

from shared import memory
from shared.api.health import HealthChecks, started
from shared.api.openapi import OpenApi
from shared.auth import Auth
from shared.challenger import Challenger
from shared.features import Features
from shared.model import loader
from shared.model.loader import LazyModel
from shared.model.manifest_file import ManifestFile
from shared.pages import Pages
from shared.predict import Predictor
from shared.settings import Settings
from shared.telemetry import Telemetry
from shared.threads import Threads


@dataclass(frozen=True)
class Service:
    """The parts of one service. Tests build their own and close it; several work side by side in one process.

    Building never fails: a part whose settings are wrong raises SettingInvalid when it is used.
    """

    settings: Settings
    threads: Threads
    telemetry: Telemetry
    manifest_file: ManifestFile
    model: LazyModel
    auth: Auth
    """Passwords, tokens, other issuers, throttle, revocation."""
    features: Features
    challenger: Challenger
    predictor: Predictor
    """Schemas, features and model together."""
    health: HealthChecks
    openapi: OpenApi
    pages: Pages

    @classmethod
    def from_settings(cls, settings: Settings) -> "Service":
        """Build every part. Nothing expensive is imported or opened yet."""
        threads = Threads()
        manifest_file = ManifestFile(settings)
        telemetry = Telemetry.from_settings(settings, partial(started, settings, manifest_file))
        model = LazyModel(partial(loader.load, manifest_file), threads.general)
        auth = Auth(settings, threads)
        features = Features.from_settings(settings, threads)
        challenger = Challenger(settings, threads.challenger, telemetry.sink)
        return cls(
            settings=settings,
            threads=threads,
            telemetry=telemetry,
            manifest_file=manifest_file,
            model=model,
            auth=auth,
            features=features,
            challenger=challenger,
            predictor=Predictor(settings, manifest_file, model, features, threads.general, challenger),
            health=HealthChecks(settings, model, auth, features),
            openapi=OpenApi(settings, manifest_file, threads.general),
            pages=Pages(settings, manifest_file, threads.general),
        )

    def start(self) -> None:
        """Load the models in the background while the host makes ready, and flush telemetry when the process ends."""
        memory.bound_arenas()
        self.telemetry.flush_at_exit()
        self.model.preload().add_done_callback(lambda _: self.challenger.start())  # callers wait for the champion

    def close(self) -> None:
        """Flush telemetry and stop the threads."""
        self.challenger.close()
        self.telemetry.close()
        self.threads.close()
