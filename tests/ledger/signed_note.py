"""Opens signed notes (C2SP signed-note) of Ed25519 keys (RFC 8032, section 5.1), slowly."""
import base64
import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def text_of(note, key):
    """The text of a note, which the key, `name+id+key`, has signed; ValueError where it has not."""
    name, key_id, encoded = key.split("+", 2)
    kind_and_public = base64.b64decode(encoded, validate=True)
    public = kind_and_public[1:]
    expected = hashlib.sha256(name.encode() + b"\n" + kind_and_public).digest()[:4]
    if kind_and_public[:1] != b"\x01" or len(public) != 32 or key_id != expected.hex():
        raise ValueError("that is no Ed25519 key of a note")
    body, blank, signatures = note.rpartition("\n\n")
    text = body + "\n"
    if not blank or not signatures.endswith("\n"):
        raise ValueError("that is no signed note")
    for line in signatures[:-1].split("\n"):
        dash, signer, blob = line.split(" ")
        signature = base64.b64decode(blob, validate=True)
        if dash != "\u2014":
            raise ValueError("that is no signed note")
        if signer == name and signature[:4] == expected:
            if not verified(public, text.encode(), signature[4:]):
                raise ValueError("the signature is wrong")
            return text
    raise ValueError("this key has not signed it")


def verified(public, message, signature):
    """Whether the signature of 64 bytes is one of the message by the public key of 32."""
    if len(signature) != 64:
        return False
    key, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return multiple(s, BASE) == add(r, multiple(challenge, key))


def add(one, other):
    """The sum of two points of the curve, each a pair of coordinates."""
    (x, y), (u, v) = one, other
    k = D * x * u * y * v
    return (x * v + u * y) * pow(1 + k, -1, P) % P, (y * v + x * u) * pow(1 - k, -1, P) % P


def multiple(factor, of):
    total = (0, 1)
    for bit in f"{factor:b}":
        total = add(total, total)
        if bit == "1":
            total = add(total, of)
    return total


def point(encoded):
    """The point that 32 bytes stand for (section 5.1.3), or None."""
    bits = int.from_bytes(encoded, "little")
    odd, y = bits >> 255, bits % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and odd):
        return None
    return (x if x % 2 == odd else P - x), y


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
