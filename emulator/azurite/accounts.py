"""The storage accounts that Azurite serves: a JSON file of names and keys, replaced as a whole at each change."""

import base64
import json
import secrets
from pathlib import Path

from emulator.private_files import write_for_owner

HOST_ACCOUNT = "devstoreaccount1"
HOST_ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that every Azurite has, with its well-known key:
https://learn.microsoft.com/azure/storage/common/storage-connect-azurite"""
APP_ACCOUNT = "armatureapp"
"""The account where the app keeps its own state."""


def ensure_accounts(file: Path) -> dict[str, str]:
    """The accounts of the file, with the host's and the app's added to it when they are missing."""
    accounts: dict[str, str] = json.loads(file.read_text()) if file.is_file() else {}
    accounts[HOST_ACCOUNT] = HOST_ACCOUNT_KEY
    accounts.setdefault(APP_ACCOUNT, new_key())
    write_accounts(file, accounts)
    return accounts


def new_key() -> str:
    """A new account key: 64 random bytes in base64, as Azure's are."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def write_accounts(file: Path, accounts: dict[str, str]) -> None:
    """Replace the file; a reader sees the old accounts or the new ones. Only its owner can read it."""
    write_for_owner(file, json.dumps(accounts, indent=1))


def connection_string(account: str, key: str, *, blob_endpoint: str, queue_endpoint: str) -> str:
    """A connection string with explicit endpoints (`https://127.0.0.1:PORT`, without the account)."""
    return (
        f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={key};"
        f"BlobEndpoint={blob_endpoint}/{account};QueueEndpoint={queue_endpoint}/{account};"
    )
