"""Static files as DEV and PROD serve them: named by content, compressed beforehand."""

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Named by Vite. Its chunks import each other by these names: with others, a browser
# would load a chunk twice, as two modules that know nothing of each other.
BUILT = "frontend/"
# Brotli's best takes a minute for the API's documentation, which few people read.
LARGE_BYTES = 500_000
QUICK_QUALITY = 5


class StaticCompressor(Compressor):
    SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

    @staticmethod
    def compress_brotli(data):
        if len(data) < LARGE_BYTES:
            return brotli.compress(data)
        return brotli.compress(data, quality=QUICK_QUALITY)


class StaticStorage(CompressedManifestStaticFilesStorage):
    def create_compressor(self, **kwargs):
        return StaticCompressor(**kwargs)

    def hashed_name(self, name, content=None, filename=None):
        if name.startswith(BUILT):
            return name
        return super().hashed_name(name, content, filename)
