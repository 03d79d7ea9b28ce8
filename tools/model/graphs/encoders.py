"""Encoders of categories as tables (see lookups), and of numbers as bins."""

from typing import Any

import numpy as np

from tools.model.graphs.frame import Frame
from tools.model.graphs.lookups import lookup
from tools.model.graphs.registry import transformer
from tools.model.graphs.tensor import concat


@transformer("sklearn.OneHotEncoder", "sklearn.OrdinalEncoder", "sklearn.TargetEncoder", checks=False)
def encoder(estimator: Any, frame: Frame) -> Frame:
    """Return the encoder's own results for each category; numbers are compared with its categories."""
    return lookup(estimator, frame)


@transformer("sklearn.KBinsDiscretizer")
def k_bins_discretizer(estimator: Any, frame: Frame) -> Frame:
    """Return the number of the bin of each value, or a column for each bin. A value on an edge is in the upper bin."""
    frame.graph.smooth = False
    columns = []
    for i, edges in enumerate(estimator.bin_edges_):
        inner = np.asarray(edges[1:-1], dtype=np.float64).reshape(1, -1)
        number = frame.select([i]).matrix()
        if not inner.size:
            columns.append(number * 0.0)
        else:
            columns.append((number >= inner).cast(np.float64).sum(keepdims=True))
    if estimator.encode == "ordinal":
        return Frame.from_tensor(concat(columns), len(columns), checked=True)
    hot = [
        column.equals(np.arange(bins, dtype=np.float64)).cast(np.float64)
        for column, bins in zip(columns, estimator.n_bins_.tolist(), strict=True)
    ]
    return Frame.from_tensor(concat(hot), int(estimator.n_bins_.sum()), checked=True)
