"""What the app remembers of the packages that it handed to sites, in the container of its other documents.

releases/{hash of the site's id}.json    SiteRelease: the last one, replaced by the next
"""

import hashlib

from armature.azure.documents import DocumentStore
from armature.azure.records import Records, content_of
from armature.releases import SiteRelease


class ReleaseStore:
    """Reads and writes one small document a site. Each write is harmless when made twice."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._records = Records(documents)

    def last(self, site_id: str) -> SiteRelease | None:
        """What was last handed to the site, None when nothing was, or it went wrong."""
        return self._records.read(_path(site_id), SiteRelease)

    def keep(self, release: SiteRelease) -> None:
        """Remember this as the last one."""
        self._documents.put(_path(release.site_id), content_of(release))

    def forget(self, site_id: str) -> None:
        """Remember none: the next is handed over whatever it is."""
        self._documents.delete(_path(site_id))


def _path(site_id: str) -> str:
    return f"releases/{hashlib.sha256(site_id.lower().encode()).hexdigest()}.json"
