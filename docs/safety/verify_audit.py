#!/usr/bin/env python3
"""Verify an export of a Toolguild audit chain, with nothing of Toolguild but the auditor's public key.

    python verify_audit.py audit.jsonl[.gz] keys.json [HEAD]

Python 3.9 or later and `cryptography`. HEAD is a head that was noted before, "4012:9f86d0...". Exit code 0: the
export is whole. 1: it is not, and what is wrong is named. audit.md, beside this file, specifies the format; this
program follows it in order and shares no code with `toolguild audit verify`.
"""

import base64
import gzip
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = {"v", "chain", "page", "seq", "previous", "at", "first", "last", "entries", "read"}
LONGEST = 8 * 1024 * 1024


def canonical(value):
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def is_hex(text, length):
    return isinstance(text, str) and len(text) == length and not set(text) - set("0123456789abcdef")


def record_in(line):
    """One record has one form: what does not encode to the same bytes again was changed."""
    if not line.endswith(b"\n"):
        raise ValueError("the line is cut off")
    record = json.loads(line)
    if not isinstance(record, dict) or canonical(record) + b"\n" != line:
        raise ValueError("it is not in canonical form")
    return record


class Verifier:
    def __init__(self, keys):
        self.keys = keys["keys"]["auditor"]
        self.faults, self.gaps, self.heads = [], [], {}
        self.partial = self.ended = False
        self.bodies = True
        self.chain, self.page, self.before, self.due = None, None, None, []
        self.pages = self.entries = 0

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def take(self, number, line):
        record = record_in(line)
        if self.ended:
            raise ValueError("it stands behind the last line")
        if number == 1:
            if set(record) != {"toolguild-audit", "chain", "selection"}:
                raise ValueError("an export begins otherwise")
            self.chain, selection = record["chain"], record["selection"]
            self.partial, self.bodies = bool(selection), selection.get("bodies") != "no"
        elif set(record) == {"page"}:
            self.take_page(record["page"])
        elif set(record) == {"end"}:
            self.take_end(record["end"])
        elif set(record) <= {"entry", "body"} and "entry" in record:
            self.take_entry(record["entry"], record.get("body"))
        else:
            raise ValueError("it is no page, no entry and no end")

    def checkpoint(self, where, header, signature):
        """The auditor's signature is over {by, over, purpose, v}; `over` is the SHA-256 of the header."""
        if set(header) != HEADER or header["v"] != 1:
            raise ValueError("it has no header of format 1")
        signed = {
            "by": "auditor",
            "over": sha256(canonical(header)),
            "purpose": "checkpoint",
            "v": 1,
        }
        said = {name: signature[name] for name in ("by", "over", "purpose")}
        try:
            if said | {"v": 1} != signed:
                raise ValueError("its header is not the one that was signed")
            if signature["key"] not in self.keys or not is_hex(signature["key"], 64):
                raise ValueError("it is signed with a key that is not the auditor's")
            if set(signature) != {*said, "key", "signature"} or not is_hex(
                signature["signature"], 128
            ):
                raise ValueError("it has no signature")
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["key"]))
            key.verify(bytes.fromhex(signature["signature"]), canonical(signed))
        except InvalidSignature:
            self.fault(where, "its signature does not verify")
        except ValueError as error:
            self.fault(where, str(error))

    def take_page(self, page):
        self.turn()
        header, digests = page["header"], page.get("digests", [])
        where = f"page {header['page']}"
        if set(page) - {"header", "signature", "digests", "shown"}:
            raise ValueError("it has not the parts of a page")
        self.checkpoint(where, header, page["signature"])
        if header["chain"] != self.chain:
            self.fault(where, "it is of another chain")
        before = self.before
        if before is None:
            if not self.partial and (header["page"], header["first"]) != (1, 1):
                self.fault(where, "the whole chain would begin with page 1")
            if header["page"] == 1 and header["previous"] != "0" * 64:
                self.fault(where, "a first page follows nothing")
        elif header["page"] != before["page"] + 1:
            self.fault(where, f"it stands after page {before['page']}")
        elif (
            header["previous"] != sha256(canonical(before)) or header["first"] != before["last"] + 1
        ):
            self.fault(where, f"it does not follow page {before['page']}")
        shown = page.get("shown")
        if shown is not None and not self.partial:
            raise ValueError("it leaves entries out, and line 1 says that none are")
        numbers = list(range(header["first"], header["first"] + len(digests)))
        if digests or shown is None or shown:
            if not all(is_hex(one, 64) for one in digests) or numbers[-1:] != [header["last"]]:
                self.fault(where, "its list of digests is not complete")
            elif sha256(b"".join(map(bytes.fromhex, digests))) != header["entries"]:
                self.fault(where, "its list of digests is not the one that was signed")
        self.due = numbers if shown is None else list(shown)
        self.page, self.before = (header, digests), header
        self.heads[header["last"]] = sha256(canonical(header))
        self.pages += 1

    def turn(self):
        if self.due:
            self.fault(f"entries {self.due}", f"missing from page {self.page[0]['page']}")
        self.due = []

    def take_entry(self, entry, body):
        number, (header, digests) = entry["n"], self.page
        where = f"entry {number}"
        if not self.due or number != self.due[0]:
            self.fault(where, f"it is not the next one of page {header['page']}")
        if number in self.due:
            self.due.remove(number)
        place = number - header["first"]
        if not 0 <= place < len(digests) or sha256(canonical(entry)) != digests[place]:
            self.fault(where, f"it was changed: page {header['page']} signs another one")
            return
        how = entry.get("body", "no")
        if body is not None:
            data = body.encode() if how == "text" else base64.b64decode(body, validate=True)
            one_form = how == "text" or base64.b64encode(data).decode() == body
            if how == "no" or not one_form or sha256(data) != entry["sha256"]:
                self.fault(where, "its body is not the one that its digest names")
        elif how != "no" and self.bodies:
            self.fault(where, "its body is missing")
        if entry["kind"] not in ("message", "began"):
            self.gaps.append(json.dumps(entry, sort_keys=True))
        self.entries += 1

    def take_end(self, end):
        self.turn()
        self.ended = True
        if set(end) != {"pages", "entries", "checkpoint"}:
            raise ValueError("it has not the parts of a last line")
        if (end["pages"], end["entries"]) != (self.pages, self.entries):
            told = f"{end['pages']} pages and {end['entries']} entries"
            self.fault(
                "the last line", f"it tells of {told}; here are {self.pages} and {self.entries}"
            )
        newest = end["checkpoint"]
        if newest is None:
            if self.pages:
                self.fault("the last line", "it has no checkpoint")
            return
        if set(newest) != {"header", "signature"}:
            raise ValueError("its checkpoint has not the parts of one")
        self.checkpoint("the checkpoint in the last line", newest["header"], newest["signature"])
        if newest["header"]["chain"] != self.chain:
            self.fault("the last line", "its checkpoint is of another chain")
        if not self.partial and newest["header"] != self.before:
            last, signed = self.before and self.before["last"], newest["header"]["last"]
            self.fault(
                "the end",
                f"the file ends at entry {last}, and the checkpoint of entry {signed} is signed",
            )


def verify(place, keys, head=""):
    found = Verifier(keys)
    number = 0
    try:
        with gzip.open(place, "rb") if place.endswith(".gz") else open(place, "rb") as file:
            while line := file.readline(LONGEST):
                number += 1
                try:
                    found.take(number, line)
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                    found.fault(f"line {number}", f"it is no such record: {error}")
    except (EOFError, OSError) as error:
        found.fault(f"line {number + 1}", f"the file cannot be read on: {error}")
    except Exception as error:  # zlib names its error in another module
        found.fault(f"line {number + 1}", f"the file cannot be unpacked: {error}")
    if not found.ended:
        found.fault("the end", f"there is no last line behind line {number}: the file was cut off")
    if head:
        entry, _, digest = head.partition(":")
        if found.heads.get(int(entry)) != digest:
            found.fault("the head", f"no page of this file ends at entry {entry} with that digest")
    return found


def main(arguments):
    if not 2 <= len(arguments) <= 3:
        sys.stderr.write(__doc__)
        return 2
    with open(arguments[1], encoding="utf-8") as file:
        keys = json.load(file)
    found = verify(arguments[0], keys, *arguments[2:])
    for fault in found.faults:
        print("BROKEN ", fault)
    for gap in found.gaps:
        print("gap    ", gap)
    part = "a part of the chain" if found.partial else "the whole chain"
    print(
        "BROKEN" if found.faults else "whole",
        f"({part}): {found.entries} entries in {found.pages} pages",
    )
    if found.heads:
        last = max(found.heads)
        print(f"head: {last}:{found.heads[last]}")
    return 1 if found.faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
