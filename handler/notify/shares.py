"""What a machine finds too large is shared out, so that nothing of it is cut. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.notify.batches import batch_of, lasting

if TYPE_CHECKING:
    from handler.models import Report
    from handler.sinks.sink import Sink
    from handler.state.memory import Batch


def halves(sink: Sink, report: Report, batch: Batch) -> tuple[Batch, ...]:
    """A batch as two, the same ones each time; none of one that cannot be shared out."""
    items = [item for item in batch.items if lasting(item)]
    if not sink.kind.takes_all or len(items) < 2:
        return ()
    middle = len(items) // 2
    rest = [item for item in batch.items if not lasting(item)]
    return (batch_of(sink, report, [*items[:middle], *rest]), batch_of(sink, report, items[middle:]))
