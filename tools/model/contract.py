"""The contract: the features, the form of rows that the estimator needs, and the output.

The data has the features' names, kinds, ranges and values. Test predictions show which columns the estimator uses,
which of them may be missing, and which form of rows it needs. Nothing is guessed that can be tried.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from shared.model import schemas
from shared.model.columns import Column
from shared.model.manifest import Category, Feature, Manifest, is_numeric
from tools.model import choices, examples, features, output, probe
from tools.model.choices import NO_CHOICES, Choices
from tools.model.data import Table, sample
from tools.model.names import fitted_names
from tools.model.refused import Refused, join_names, one_line
from tools.model.texts import begins_with_vectoriser, vectorised_columns

MAX_ROWS_COMPARED = 1_000
MAX_UNUSED = 5  # names of columns that are left out, in one line


class Texts(NamedTuple):
    """Texts for people, by the name of the feature or of the target."""

    labels: Mapping[str, str] = {}
    units: Mapping[str, str] = {}
    help: Mapping[str, str] = {}

    def of_name(self, name: str) -> dict[str, str]:
        """Return the members label, unit and help of one name, as far as they exist."""
        members = {"label": self.labels, "unit": self.units, "help": self.help}
        return {member: texts[name] for member, texts in members.items() if name in texts}


def build(  # noqa: PLR0913 - the owner's three parts, each by its name
    draft: Manifest, estimator: Any, table: Table, texts: Texts, edges: output.Edges, *, chosen: Choices = NO_CHOICES
) -> Manifest:
    """Return the draft with its contract: features, kind of rows, output. Raises Refused."""
    names = _feature_names(estimator, table, chosen)
    _refuse_unknown_names(texts, [*names, draft.output.name])
    described = _features(estimator, table, names, texts, chosen)
    manifest = replace(draft, features=described)
    choices.refuse_unknown(chosen, described)
    choices.refuse_other_kinds(chosen, described)
    _refuse_unusable_names(manifest)
    row = examples.columns(described, [examples.typical(table, described)])
    kinds = _row_kinds(estimator, table, described)
    manifest = probe.with_row_kind(manifest, probe.row_kind(manifest, estimator, kinds, row))
    manifest = _with_optional(manifest, _optional(manifest, estimator, table, row, chosen.optional))
    if not chosen.closed:
        manifest = _with_open(manifest, probe.open_categories(manifest, estimator, row))
    target = replace(manifest.output, **texts.of_name(manifest.output.name))
    manifest = replace(manifest, output=output.build(target, manifest, estimator, row, edges))
    _refuse_changed_predictions(manifest, estimator, table)
    return manifest


def _features(estimator: Any, table: Table, names: Sequence[str], texts: Texts, chosen: Choices) -> tuple[Feature, ...]:
    free = vectorised_columns(estimator, names).union(chosen.free_text)
    return tuple(
        features.feature(table, name, texts.of_name(name), free_text=name in free, insisted=name in chosen.categories)
        for name in names
    )


def _feature_names(estimator: Any, table: Table, chosen: Choices) -> list[str]:
    """Return the columns by name if the estimator was fitted on names, else all columns in their order."""
    columns = list(table.frame.columns)
    if begins_with_vectoriser(estimator):
        return _text_name(table, columns, chosen)
    fitted = fitted_names(estimator, columns)
    if fitted is not None:
        used = probe.used_columns(estimator, table, fitted)
        if unused := [name for name in columns if name not in used]:
            left_out = join_names(unused, MAX_UNUSED)
            print(f"Left out: {left_out}. The model does not use {'it' if len(unused) == 1 else 'them'}.")
        return used
    count = getattr(estimator, "n_features_in_", 0) or len(columns)  # 0: unknown, as of CatBoost after loading
    if count != len(columns):
        raise Refused(
            f"The model needs {count} columns in the order of its training. {table.source} has {len(columns)} besides "
            f"the target: {join_names(columns)}."
        )
    return columns


def _text_name(table: Table, columns: list[str], chosen: Choices) -> list[str]:
    """Return the only column that an estimator of texts reads. Raises Refused."""
    names = [name for name in chosen.free_text if name in columns] or columns
    if len(names) > 1:
        raise Refused(
            f"The model reads one column of texts. {table.source} has {len(columns)} columns besides the target: "
            f"{join_names(columns)}. Name the column with --free-text."
        )
    return names


def _row_kinds(estimator: Any, table: Table, described: Sequence[Feature]) -> list[str]:
    """Return the kinds of rows to try, the most probable first. Typed frames matter only to categories."""
    if begins_with_vectoriser(estimator):
        return ["series"]
    kinds = ["frame"] if hasattr(estimator, "feature_names_in_") else ["array", "frame"]
    categories = [feature for feature in described if isinstance(feature, Category)]
    if not categories:
        return kinds
    typed = any(features.is_typed(table.frame[feature.name]) for feature in categories) or _reads_types(estimator)
    return ["typed frame", *kinds] if typed else [*kinds, "typed frame"]


def _reads_types(estimator: Any) -> bool:
    """Return true for a histogram gradient boosting that finds its categories by the columns' types."""
    categorical = getattr(estimator, "is_categorical_", None)
    from_types = getattr(estimator, "categorical_features", None) == "from_dtype"
    return from_types and categorical is not None and bool(categorical.any())


def _optional(
    manifest: Manifest, estimator: Any, table: Table, row: Sequence[Column], named: Sequence[str]
) -> frozenset[str]:
    """Return the features that may be missing: `named` by the owner, or with gaps in the data. Raises Refused.

    A tree predicts without any feature, but only the gaps in its training data show that this means something.
    """
    gaps = {feature.name for feature in manifest.features if table.frame[feature.name].isna().any()}
    if needed := [name for name in named if name not in probe.optional_features(manifest, estimator, row, named)]:
        raise Refused(
            f"The model does not predict without {join_names(needed)}: leave this out of the option optional."
        )
    return probe.optional_features(manifest, estimator, row, {*gaps, *named}) or frozenset(named)


def _with_optional(manifest: Manifest, names: frozenset[str]) -> Manifest:
    marked = [replace(feature, optional=True) if feature.name in names else feature for feature in manifest.features]
    return replace(manifest, features=tuple(marked))


def _with_open(manifest: Manifest, names: frozenset[str]) -> Manifest:
    features = manifest.features
    marked = [
        replace(each, open=True) if isinstance(each, Category) and each.name in names else each for each in features
    ]
    return replace(manifest, features=tuple(marked))


def _refuse_unknown_names(texts: Texts, known: Sequence[str]) -> None:
    """Raise Refused for a text whose name is neither a feature nor the target: it is a typing error."""
    if unknown := [name for by_name in texts for name in by_name if name not in known]:
        raise Refused(
            f"There are texts for unknown names: {join_names(unknown)}. The model's names are: {join_names(known)}."
        )


def _refuse_unusable_names(manifest: Manifest) -> None:
    """Raise Refused for names that the service's own types cannot have: quotes, backslashes, control characters."""
    try:
        schemas.instances_type(manifest)
    except ValueError as error:
        raise Refused(
            "The service cannot use the name of a feature. Rename the column and train again. "
            f"Reason: {one_line(error)}"
        ) from error


def _refuse_changed_predictions(manifest: Manifest, estimator: Any, table: Table) -> None:
    """Raise Refused if the data's own rows and the rows that the service sends lead to different predictions."""
    rows = sample(table, manifest.features, MAX_ROWS_COMPARED)
    if rows.frame.empty:
        return
    raw = rows.frame[[feature.name for feature in manifest.features]]
    forms = {"array": raw.to_numpy(), "series": raw.iloc[:, 0]}
    expected = probe.try_call(estimator.predict, forms.get(manifest.artifact.rows, raw))
    served = probe.predict_table(manifest, estimator, rows)
    if expected is None or probe.agree(expected.ravel(), served):  # None: the estimator does not fit the data's types
        return
    numbers = join_names(feature.name for feature in manifest.features if is_numeric(feature))
    raise Refused(
        "The model predicts something else when its numbers are floats, as the service sends them. It reads some of "
        f"these columns as texts or whole numbers: {numbers}."
    )
