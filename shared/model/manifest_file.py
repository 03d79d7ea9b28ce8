"""The files of the manifest: `slr.json`, and the data file of a model with many features. Read without numpy."""

from pathlib import Path

import msgspec
from msgspec.structs import replace

from shared.model import artifact, public
from shared.model.manifest import APP, Data, Manifest, decode
from shared.problems import ModelCorrupt, ModelUnavailable
from shared.settings import Settings


class ManifestFile:
    """The file of a manifest, read once when it is first needed. A failure is not kept: the file may come later."""

    def __init__(self, settings: Settings, path: str = "") -> None:
        """Without a path, it is the manifest of the served model."""
        self.path = APP / (path or settings.model_manifest)
        self._settings = settings
        self._content: bytes | None = None
        self._manifest: Manifest | None = None
        self._public: bytes | None = None

    @property
    def content(self) -> bytes:
        """The file's bytes. Raises SettingInvalid, or ModelUnavailable when the file cannot be read."""
        if self._content is None:
            self._settings.require("model")
            try:
                self._content = self.path.read_bytes()
            except OSError as error:
                raise ModelUnavailable(reason=f"the manifest cannot be read: {error}") from error
        return self._content

    @property
    def public(self) -> bytes:
        """The public view as JSON, without the data file's part. Raises as `manifest` does."""
        if self._public is None:
            self._public = public.encode(decode(self.content))
        return self._public

    @property
    def manifest(self) -> Manifest:
        """The whole manifest, with its data file's part. Raises SettingInvalid, ModelUnavailable or ModelCorrupt."""
        if self._manifest is None:
            self._manifest = with_data(decode(self.content), self.path.parent)
        return self._manifest


def with_data(manifest: Manifest, folder: Path) -> Manifest:
    """Return the manifest with the part in its data file, if it has one. Raises ModelUnavailable or ModelCorrupt."""
    if manifest.data is None:
        return manifest
    content = artifact.read(folder / manifest.data.file, manifest.data.sha256)
    try:
        data = msgspec.json.decode(content, type=Data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelCorrupt(reason=f"{manifest.data.file} is not valid: {error}") from error
    described = manifest.artifact
    if described.linear:
        described = replace(described, linear=replace(described.linear, weights=data.weights))
    return replace(manifest, statistics=data.statistics, examples=data.examples, artifact=described)
