"""Verifies evidence, from ENCODING.md and SCHEMA.md alone: verify.py KEY EVIDENCE.json..."""
import base64, functools, hashlib, json, sys, signed_note
MAGIC = b"optin ledger entry 1\n"
FIELDS = """account chain sequence previous at policy_revision kind verdict decision reason revision
    actor number received sent entry""".split()
TEXTS = ["number"], ["fact", "event", "texted", "body"], ["verdict", "decided", "text", "body"]
BUNDLE = {"format", "version", "account", "chain", "head", "entries", "checkpoint"}
ENTRY = {"sealed", "hash", "entry", "salts", "leaf", "inclusion"}
REFUSED = (ValueError, TypeError, KeyError, IndexError, AttributeError)
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
unbase = lambda text: base64.b64decode(text, validate=True)
def need(holds, complaint):
    if not holds: raise ValueError(complaint)
unique = lambda pairs: need(len(dict(pairs)) == len(pairs), "a field is twice there") or dict(pairs)
def opened(sealed):
    at, fields = len(MAGIC), []
    for _ in FIELDS:
        size, at = sealed[at:at + 4], at + 4
        end = at + int.from_bytes(size, "big") * (size != b"\xff" * 4)
        fields, at = fields + [None if size == b"\xff" * 4 else sealed[at:end]], end
    need(sealed.startswith(MAGIC) and at == len(sealed) and fields[12], "not sealed as documented")
    return dict(zip(FIELDS, fields))
def root(node, leaf, size, path):
    need(0 <= leaf < size and (size == 1) == (not path), "not at this place of the log")
    if size == 1: return node
    half, (*below, beside) = 1 << (size - 1).bit_length() - 1, path
    if leaf < half: return sha(b"\1", root(node, leaf, half, below), bytes.fromhex(beside))
    return sha(b"\1", bytes.fromhex(beside), root(node, leaf - half, size - half, below))
def entry(bundle, place, shown, before, size, tree):
    sealed, its = unbase(shown["sealed"]), opened(unbase(shown["sealed"]))
    need(shown.keys() <= ENTRY and sha(sealed).hex() == shown["hash"], "not what was sealed")
    need((its["account"].decode(), its["chain"].hex()) == (bundle["account"], bundle["chain"])
         and its["sequence"] + its["previous"] == place.to_bytes(8, "big") + before, "out of place")
    if "entry" in shown:
        body = json.loads(shown["entry"], object_pairs_hook=unique)["body"]
        for name, salt, path in zip(FIELDS[12:], shown["salts"], [*TEXTS, []], strict=True):
            hashed = salt and sha(bytes.fromhex(salt), functools.reduce(
                dict.get, path, body if path else shown["entry"]).encode())
            need(its[name] == hashed, f"{name} is not what was sealed")
    if "leaf" in shown:
        need(root(sha(b"\0", sealed), shown["leaf"], size, shown["inclusion"]) == tree, "not logged")
    return sha(sealed)
def verify(bundle, key):
    form, before = (bundle["format"], bundle["version"]), bytes(32)
    need(bundle.keys() <= BUNDLE and form == ("optin evidence", 1), "not evidence of version 1")
    lines = signed_note.text_of(bundle.get("checkpoint", ""), key).split("\n")
    for place, shown in enumerate(bundle["entries"]):
        try: before = entry(bundle, place, shown, before, int(lines[1]), unbase(lines[2]))
        except REFUSED as error: raise ValueError(f"entry {place}: {error}") from error
    need(bundle["entries"] and before.hex() == bundle["head"], "the last entry is not the head")
    texts = [json.loads(it["entry"])["body"]["number"] for it in bundle["entries"] if "entry" in it]
    need(len(set(texts)) < 2, "about two numbers")
    shown, logged = ([it in entry for entry in bundle["entries"]] for it in ("entry", "leaf"))
    need(logged == sorted(logged, reverse=True), "one before the last in the log is not there")
    return f"{len(shown)} entries, {sum(shown)} disclosed, {sum(logged)} in the signed log"
status = 0
for file in sys.argv[2:]:
    try: print("holds:", verify(json.load(open(file), object_pairs_hook=unique), sys.argv[1]))
    except REFUSED as error: status = print("refused:", error) or 1
sys.exit(status)
