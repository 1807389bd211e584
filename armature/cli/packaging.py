"""The bundle on this machine: checked as the app will check it, packed, and sent to where the app reads it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from armature.bundle import Bundle, BundleLimits
from armature.cli.client import ApiClient
from armature.cli.exits import CommandError, ExitCode
from armature.cli.refusals import ApiError
from armature.errors import FailureError
from armature.folder_bundle import FolderBundle, write_zip
from armature.zip_bundle import ZipBundle

SENT_WITH_THE_REQUEST_BELOW = 8 * 1024**2
"""Bytes of a zip. A larger one goes to storage directly, in blocks that are tried again one by one."""

_LIMITS = BundleLimits()


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """The bundle in a folder or in a zip file.

    Raises:
        CommandError: there is neither.
        BundleError: it is refused before its manifest is read; see armature.bundle.
    """
    if path.is_dir():
        yield FolderBundle(path, _LIMITS)
        return
    if not path.is_file():
        raise CommandError(
            ExitCode.USAGE,
            f"There is no bundle at {path}.",
            "Give a folder with a manifest.json, a zip, or an https URI.",
        )
    with path.open("rb") as file:
        bundle = ZipBundle(file, _LIMITS)
        try:
            yield bundle
        finally:
            bundle.close()


@contextmanager
def packed(path: Path) -> Iterator[BinaryIO]:
    """The zip to send: the file itself, or what the folder packs into (the same files give the same bytes).

    Raises:
        BundleError: the folder is refused.
    """
    if path.is_file():
        with path.open("rb") as file:
            yield file
        return
    with TemporaryDirectory(prefix="armature-") as scratch:
        packed_file = Path(scratch) / "bundle.zip"
        write_zip(path, packed_file, _LIMITS)
        with packed_file.open("rb") as file:
            yield file


def send(api: ApiClient, zip_file: BinaryIO, say: Callable[[str], None]) -> str:
    """Bring the zip to the app and answer the bundle's id.

    Raises:
        ApiError: the API or its storage can't be reached, or refuses it.
    """
    size = zip_file.seek(0, 2)
    zip_file.seek(0)
    say(f"Sending the bundle ({size:,} bytes).")
    if size < SENT_WITH_THE_REQUEST_BELOW:
        return api.store_bundle(zip_file).bundle_id
    # Azure's SDK takes half of the command's start, and only large bundles need it.
    from armature.azure.upload_url import upload_to_url

    reserved = api.reserve_bundle()
    if reserved.upload_url is None:
        raise ApiError("The API gave no address to upload to.", is_passing=False)
    try:
        upload_to_url(reserved.upload_url, zip_file, size)
    except FailureError as error:
        raise ApiError(
            f"The bundle could not be uploaded to the app's storage: {error}",
            "Can this machine reach the storage account? For the emulator's, set REQUESTS_CA_BUNDLE as make up says.",
            is_passing=error.failure.is_retried,
        ) from error
    return reserved.bundle_id
