"""Verifies evidence by src/ledger/ENCODING.md and src/ledger/evidence/SCHEMA.md alone: verify.py FILE.
Exit status 1 names the first bad entry. The checkpoint's signature (Ed25519) is left to others."""
import base64, hashlib, json, struct, sys
FIELDS = ("account chain sequence previous at policy_revision kind verdict decision reason revision actor "
          "number received sent entry").split()
def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def sealed(data):
    assert data.startswith(b"optin ledger entry 1\n"), "not a sealed entry"
    at, fields = 21, {}
    for name in FIELDS:
        (length,), at = struct.unpack(">I", data[at:at + 4]), at + 4
        size = 0 if length == 0xFFFFFFFF else length
        assert at + size <= len(data), "cut off"
        fields[name], at = None if length == 0xFFFFFFFF else data[at:at + size], at + size
    assert at == len(data), "too long"
    return fields

def root_of(path, index, last, node):
    for sibling in path:
        assert last > 0, "path too long"
        right = index % 2 == 1 or index == last
        node = sha(b"\x01", sibling, node) if right else sha(b"\x01", node, sibling)
        while right and index % 2 == 0 and index != 0:
            index, last = index // 2, last // 2
        index, last = index // 2, last // 2
    assert last == 0, "path too short"
    return node

def check(evidence, n, entry, previous, size, root):
    data = base64.b64decode(entry["sealed"], validate=True)
    fields = sealed(data)
    assert sha(data).hex() == entry["hash"], "changed"
    assert fields["account"].decode() == evidence["account"], "another account"
    assert fields["chain"].hex() == evidence["chain"], "another chain"
    assert struct.unpack(">Q", fields["sequence"])[0] == n, "out of place"
    assert fields["previous"] == previous, "does not follow"
    if entry.get("entry") is not None:
        body = json.loads(entry["entry"])["body"]
        texted = body["fact"].get("event", {}).get("texted") or {}
        sent = body["verdict"].get("decided", {}).get("text") or {}
        texts = [body.get("number"), texted.get("body"), sent.get("body"), entry["entry"]]
        for name, text, salt in zip(FIELDS[12:], texts, entry["salts"]):
            assert (text is None) == (salt is None), name
            assert fields[name] == (salt and sha(bytes.fromhex(salt), text.encode())), name
    if entry.get("leaf") is not None:
        path = [bytes.fromhex(node) for node in entry["inclusion"]]
        assert entry["leaf"] < size, "not in the log"
        assert root_of(path, entry["leaf"], size - 1, sha(b"\x00", data)) == root, "not in the log"
    return sha(data)

evidence, n, previous = json.load(open(sys.argv[1], encoding="utf-8")), -1, bytes(32)
lines = (evidence.get("checkpoint") or "\n0\n").split("\n")
for n, entry in enumerate(evidence["entries"]):
    try:
        previous = check(evidence, n, entry, previous, int(lines[1]), base64.b64decode(lines[2]))
    except Exception as error:
        sys.exit(f"entry {n}: {error or type(error).__name__}")
print("holds" if previous.hex() == evidence["head"] else sys.exit("the last hash is another"))
