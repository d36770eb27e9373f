"""Checks the records of an evidence bundle with nothing but Python and OpenSSL.

usage: python3 verify.py FOLDER [SEQUENCE:HEAD ...]     FOLDER holds bagit.txt
"""
import hashlib, json, os, subprocess, sys, tempfile


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def follow(entry, index, count, path):
    """The root that a path leads to (RFC 6962, 2.1)."""
    if count == 1:
        assert not path
        return digest(b"\0", entry)
    middle = 1 << ((count - 1).bit_length() - 1)
    beside, below = path[-1], path[:-1]
    if index < middle:
        return digest(b"\1", follow(entry, index, middle, below), beside)
    return digest(b"\1", beside, follow(entry, index - middle, count - middle, below))


def statement(root):
    names = ["from", "to", "before", "head", "merkle", "sm3", "signed", "key"]
    return ("honeyward root 1\n" + "".join(f"{n} {root.get(n) or '-'}\n" for n in names)).encode()


def signed(root):
    der = bytes.fromhex("302a300506032b6570032100" + root["key"])
    with tempfile.TemporaryDirectory() as place:
        def put(name, content):
            path = os.path.join(place, name)
            with open(path, "wb") as file:
                file.write(content)
            return path
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER",
                   "-inkey", put("key", der), "-sigfile", put("sig", bytes.fromhex(root["signature"])),
                   "-in", put("text", statement(root))]
        return subprocess.run(command, capture_output=True).returncode == 0


def main(folder, anchors):
    chain = os.path.join(folder, "data", "chain")
    roots = json.load(open(os.path.join(chain, "roots.json")))
    proofs = {p["seq"]: p for p in json.load(open(os.path.join(chain, "proofs.json")))}
    last, head = 0, "0" * 64
    known = {0: head}
    for root in roots:
        assert root["from"] == last + 1 and root["before"] == head, f"root from {root['from']}: a gap"
        assert signed(root), f"root from {root['from']}: the signature is wrong"
        last, head = root["to"], root["head"]
        known[last] = head
    seen = 0
    for line in open(os.path.join(chain, "records.jsonl"), "rb").read().split(b"\n")[:-1]:
        record = json.loads(line)
        seq, hash = record["seq"], hashlib.sha256(line)
        assert seq > seen, f"record {seq}: out of order"
        seen = seq
        proof = proofs.pop(seq, None)
        assert proof, f"record {seq}: no proof"
        assert proof["hash"] == hash.hexdigest(), f"record {seq}: changed"
        root = roots[proof["root"]]
        path = [bytes.fromhex(step) for step in proof["path"]]
        found = follow(hash.digest(), seq - root["from"], root["to"] - root["from"] + 1, path)
        assert found.hex() == root["merkle"], f"record {seq}: not in the chain"
        known[seq], known[seq - 1] = hash.hexdigest(), record["prev"]
    assert not proofs, f"records are gone: {sorted(proofs)}"
    for anchor in anchors:
        seq, hash = anchor.split(":")
        assert int(seq) in known, f"anchor {seq}: not covered by this bundle"
        assert known[int(seq)] == hash.lower(), f"anchor {seq}: the chain was rewritten"
    print(f"good: records up to {seen}, {len(roots)} roots, head {last} {head}")
    print("key:", roots[-1]["key"])


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except AssertionError as problem:
        sys.exit(f"BROKEN: {problem}")
