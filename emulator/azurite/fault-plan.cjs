// Decides whether a fault happens at a request, as emulator/faults/plan.py does: the same file, counts and rolls.
//
// The rules are in faults.json of the folder that EMULATOR_FAULTS names, written out by emulator/faults/folder.py; it is
// looked at before each request and read when it has changed. What happens is appended to fault-journal.jsonl.
"use strict";

const { createHash } = require("node:crypto");
const { appendFileSync, existsSync, readFileSync, statSync } = require("node:fs");
const { join } = require("node:path");

const SERVICE = "storage";

class FaultPlan {
  #file;
  #journal;
  #signature = "";
  #run = "";
  #seed = 1;
  #rules = [];
  #attempts = new Map();
  #times = new Map();

  constructor(folder) {
    this.#file = join(folder, "faults.json");
    this.#journal = join(folder, "fault-journal.jsonl");
  }

  /** The faults, {name, parameters}, that happen now; `occasion` is {key, attributes: {operation, ...}}. */
  decide(occasion) {
    this.#refresh();
    return this.#rules
      .filter((rule) => matches(rule, occasion.attributes))
      .filter((rule) => this.#happens(rule, occasion))
      .map((rule) => ({ name: rule.fault, parameters: rule.parameters }));
  }

  #happens(rule, occasion) {
    const counter = `${rule.id}\n${occasion.key}`;
    const attempt = (this.#attempts.get(counter) ?? 0) + 1;
    const isOver = attempt > lastAttempt(rule.attempts);
    if (isOver || (this.#times.get(rule.id) ?? 0) >= (rule.times ?? Infinity)) {
      return false;
    }
    const happened =
      includes(rule.attempts, attempt) && roll(this.#seed, rule.id, occasion.key, attempt) < rule.probability;
    const { key, attributes } = occasion;
    const entry = { run: this.#run, service: SERVICE, rule: rule.id, key, attempt, happened };
    const told = { time: new Date().toISOString(), ...entry, fault: rule.fault, occasion: attributes };
    appendFileSync(this.#journal, `${JSON.stringify(happened ? told : entry)}\n`);
    this.#count(entry);
    return happened;
  }

  #refresh() {
    const found = statSync(this.#file, { bigint: true, throwIfNoEntry: false });
    const signature = found ? `${found.ino} ${found.mtimeNs} ${found.size}` : "";
    if (signature === this.#signature) {
      return;
    }
    this.#signature = signature;
    const file = found ? this.#read() : {};
    if (file === undefined) {
      return;
    }
    const { seed = 1, run = "", rules = [] } = file;
    this.#seed = seed;
    this.#run = run;
    this.#rules = rules.filter((rule) => rule.service === SERVICE);
    this.#recount();
  }

  /** What the file holds; undefined for one that is wrong, which is logged and changes nothing. */
  #read() {
    try {
      return JSON.parse(readFileSync(this.#file, "utf8"));
    } catch (error) {
      console.error(`${this.#file} is ignored:`, error);
      return undefined;
    }
  }

  #recount() {
    this.#attempts.clear();
    this.#times.clear();
    const lines = existsSync(this.#journal) ? readFileSync(this.#journal, "utf8").split("\n") : [];
    for (const line of lines.filter(Boolean)) {
      const entry = JSON.parse(line);
      if (entry.run === this.#run && entry.service === SERVICE) {
        this.#count(entry);
      }
    }
  }

  #count({ rule, key, attempt, happened }) {
    this.#attempts.set(`${rule}\n${key}`, attempt);
    this.#times.set(rule, (this.#times.get(rule) ?? 0) + (happened ? 1 : 0));
  }
}

function matches(rule, attributes) {
  if (rule.fault === "sasExpired" && attributes.credential !== "sas") {
    return false;
  }
  return Object.entries(rule.match).every(([name, patterns]) =>
    [patterns].flat().some((pattern) => glob(pattern).test(attributes[name] ?? "")),
  );
}

/** A pattern as a regular expression: `*` is any text, `?` any character; case does not matter. */
function glob(pattern) {
  const escaped = pattern.replace(/[.+^${}()|[\]\\/-]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\*/g, ".*").replace(/\?/g, ".")}$`, "is");
}

function includes(attempts, attempt) {
  if (attempts === undefined) {
    return true;
  }
  return Array.isArray(attempts) ? attempts.includes(attempt) : attempt >= Number(attempts.split("-")[0]);
}

function lastAttempt(attempts) {
  if (attempts === undefined) {
    return Infinity;
  }
  return Array.isArray(attempts) ? Math.max(...attempts) : Number(attempts.split("-")[1] || Infinity);
}

/** A number from 0 to below 1 that depends on these four and nothing else. */
function roll(seed, rule, key, attempt) {
  const digest = createHash("sha256").update(`${seed}\n${rule}\n${key}\n${attempt}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

module.exports = { FaultPlan, glob, roll };
