"""zstd on the way into a store."""

import zstandard

from socle.backups.stores import Writer

LEVEL = 3


class CompressingWriter:
    """
    One zstd frame into `target`, ended by `finish` and by nothing else.

    (The library's own writer ends its frame when its `with` block raises, too: it
    writes once more into a stream that is being given up.)
    """

    def __init__(self, target: Writer):
        self._target = target
        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self._frame = compressor.compressobj()

    def write(self, data: bytes) -> None:
        if piece := self._frame.compress(data):
            self._target.write(piece)

    def finish(self) -> None:
        self._target.write(self._frame.flush())
