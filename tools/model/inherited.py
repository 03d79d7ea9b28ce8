"""What a challenger takes over from the champion: the owner's texts and class edges, which no data has.

Without this a promotion would lose the labels and units that were written by hand, and the classes of a regressor.
"""

from msgspec.structs import replace

from shared.model.manifest import Feature, Manifest, Number, Output
from tools.model.output import Edges


def edges(given: Edges, champion: Manifest) -> Edges:
    """Return the class edges, those of the champion where none are given. A classifier has none."""
    output = champion.output
    return given if given.edges or not output.edges else Edges(output.edges, [str(label) for label in output.classes])


def texts(manifest: Manifest, champion: Manifest) -> Manifest:
    """Return the manifest with the champion's label, unit and help for names that both have, where it has none."""
    others = {feature.name: feature for feature in champion.features}
    features = tuple(_feature(each, others.get(each.name)) for each in manifest.features)
    description = manifest.description or champion.description
    output = _output(manifest.output, champion.output)
    return replace(manifest, features=features, output=output, description=description)


def _feature(feature: Feature, other: Feature | None) -> Feature:
    if other is None:
        return feature
    described = replace(feature, label=feature.label or other.label, help=feature.help or other.help)
    if isinstance(described, Number) and isinstance(other, Number):
        return replace(described, unit=described.unit or other.unit)
    return described


def _output(output: Output, other: Output) -> Output:
    return replace(output, label=output.label or other.label, unit=output.unit or other.unit)
