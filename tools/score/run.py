"""One run: everything that it needs is prepared and checked before the first row is sent; then rows are scored."""

import os
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tools.errors import ScoreError
from tools.score import batches, columns, login, state
from tools.score.batches import Batch, Encode
from tools.score.connection import Connection
from tools.score.in_order import in_order
from tools.score.model import Model, added_columns, choose_endpoint
from tools.score.output import Outputs
from tools.score.predict import Predictor, Result
from tools.score.progress import Progress
from tools.score.service import Service
from tools.score.source import Damaged, Source, open_source
from tools.score.state import State
from tools.score.waiting import Waiting

AT_ONCE = 4


@dataclass(frozen=True)
class Options:
    """What the command line names."""

    file: Path
    url: str
    out: Path
    endpoint: str | None = None
    name: str = ""
    entity: str = ""
    encoding: str = ""
    decimal: str = "."
    rows: int = batches.MAX_ROWS
    at_once: int = AT_ONCE
    wait: float = 300.0
    resume: bool = False
    overwrite: bool = False


class Done(NamedTuple):
    """A run that came to its end."""

    summary: str
    """A line for people."""
    rejected: int


@dataclass(frozen=True)
class Run:
    """A run that is prepared."""

    options: Options
    source: Source
    encode: Encode
    predictor: Predictor
    outputs: Outputs
    begin: State

    def run(self) -> Done:
        """Score all rows. Raises ScoreError."""
        rows = self.source.rows()
        next(islice(rows, self.begin.rows, self.begin.rows), None)  # those of the run before
        max_rows = batches.rows_of_a_batch(self.options.rows, len(self.source.header))
        prepared = batches.batches(rows, self.encode, lambda: self.source.position, max_rows)
        current = self.begin
        with Progress(self.source.size, self.source.position, self.begin) as progress:
            for batch, results in in_order(prepared, self._predict, self.options.at_once):
                current = self.outputs.write(batch.rows, results, current)
                progress.update(batch.position, current)
        if self.source.damage:
            raise Damaged(self.source.damage)
        self.outputs.finish(current)
        return Done(self._summary(current, progress), current.rejected)

    def _predict(self, batch: Batch) -> Sequence[Result]:
        return self.predictor.predict(batch.instances)

    def _summary(self, last: State, progress: Progress) -> str:
        rejected = f", {last.rejected:,} rejected ({self.outputs.rejected_path})" if last.rejected else ""
        speed = f"{progress.seconds:.1f} s, {progress.rate(last):,.0f} rows/s"
        return f"{self.outputs.path}: {last.scored:,} rows scored{rejected}; {speed}"


def prepare(options: Options, stack: ExitStack, stopped: threading.Event) -> Run:
    """Check everything, log in, and open the output. The stack closes what is open. Raises ScoreError."""
    connection = Connection(options.url, options.at_once)
    stack.callback(connection.close)
    waiting = Waiting(options.wait, stopped, Progress.report)
    service = Service(connection, waiting)
    model = service.model()
    source = open_source(options.file, options.encoding, [feature.name for feature in model.features])
    stack.callback(source.close)
    fields = columns.select(model, source.header, options.entity)
    if options.entity and not service.has_feature_store():
        raise ScoreError("The service has no feature store: leave --entity out.")
    endpoint = choose_endpoint(model, options.endpoint)
    added = added_columns(model, endpoint, options.name or model.output.name)
    columns.check_added(added, source.header)
    bearer = login.Login(connection, waiting, login.credentials(os.environ))
    bearer.token()
    predictor = Predictor(lambda body: service.predict(endpoint, body, bearer), model, endpoint)
    outputs = Outputs(options.out, source, added, options.decimal)
    stack.callback(outputs.close)
    outputs.check_other_than(options.file)
    begin = outputs.open(_begin(options, model, endpoint), resume=options.resume, overwrite=options.overwrite)
    return Run(options, source, batches.encoder(fields, model, options.decimal), predictor, outputs, begin)


def _begin(options: Options, model: Model, endpoint: str) -> State:
    """Return the state before the first row."""
    chosen = {
        "endpoint": endpoint,
        "name": options.name,
        "entity": options.entity,
        "encoding": options.encoding,
        "decimal": options.decimal,
    }
    return State(state.subject(options.file, model.name, model.version, chosen))
