"""The keys of storage accounts, in the file that the storage emulator reads at every request."""

import json
from pathlib import Path

from emulator.arm.behaviours.generic import AccountKeys
from emulator.azurite.accounts import new_key, write_accounts


class AccountsFile(AccountKeys):
    """`{"name": "base64 key", "name/2": "second key"}`: replaced whole, never half written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ensure(self, name: str, number: int = 1) -> str:
        """The account's key; 64 random bytes when it is new."""
        return self._read().get(_entry(name, number)) or self.renew(name, number)

    def renew(self, name: str, number: int) -> str:
        """A new key in place of the old one."""
        accounts = self._read()
        key = accounts[_entry(name, number)] = new_key()
        write_accounts(self._path, accounts)
        return key

    def forget(self, name: str) -> None:
        """Remove the account's keys."""
        accounts = self._read()
        if [key for number in (1, 2) if (key := accounts.pop(_entry(name, number), None))]:
            write_accounts(self._path, accounts)

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        accounts: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        return accounts


def _entry(name: str, number: int) -> str:
    return name if number == 1 else f"{name}/{number}"
