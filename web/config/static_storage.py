"""Static files as DEV and PROD serve them: named by content, compressed beforehand."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

# Named by Vite. Its chunks import each other by these names: with others, a browser
# would load a chunk twice, as two modules that know nothing of each other.
BUILT = "frontend/"


class StaticStorage(CompressedManifestStaticFilesStorage):
    def hashed_name(self, name, content=None, filename=None):
        if name.startswith(BUILT):
            return name
        return super().hashed_name(name, content, filename)
