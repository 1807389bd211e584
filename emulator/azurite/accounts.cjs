// Storage accounts of Azurite that come and go while it runs. Loaded before it with `node -r`.
//
// Azurite reads its accounts from an environment variable, once a minute, at start. The ARM emulator provisions accounts at
// any time, and they must answer at once: an account that Azurite doesn't know is looked up in the JSON file
// AZURITE_ACCOUNTS_FILE, {"name": "base64 key", "name/2": "second key", ...}, which is replaced as a whole (rename) by
// whoever changes it.
"use strict";

const { readFileSync } = require("node:fs");
const AccountDataStore = require("azurite/dist/src/common/AccountDataStore").default;

const accountsFile = process.env.AZURITE_ACCOUNTS_FILE;
if (!accountsFile) {
  throw new Error("AZURITE_ACCOUNTS_FILE is not set");
}

const builtInAccount = AccountDataStore.prototype.getAccount;

AccountDataStore.prototype.getAccount = function getAccount(name) {
  return builtInAccount.call(this, name) ?? provisionedAccount(name);
};

function provisionedAccount(name) {
  const accounts = JSON.parse(readFileSync(accountsFile, "utf8"));
  const key = (entry) => (Object.hasOwn(accounts, entry) ? Buffer.from(accounts[entry], "base64") : undefined);
  return key(name) && { name, key1: key(name), key2: key(`${name}/2`) };
}
