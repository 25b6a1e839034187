"""Answers questions about the providers' own packages: one JSON object a line, in and out."""

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

from multidict import MultiDict
from nacl.signing import SigningKey
from telnyx import Telnyx
from telnyx.lib.webhook_verification import WebhookVerificationError, verify_webhook_signature
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client


class Recorder(BaseHTTPRequestHandler):
    """Keeps the request, and answers that the message was taken."""

    requests = []

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.requests.append(
            {
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": self.rfile.read(length).decode(),
            }
        )
        if "Accounts" in self.path:
            status, answer = 201, {"sid": "SM1", "status": "queued"}
        else:
            status, answer = 200, {"data": {"id": "1", "to": []}}
        answer = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def parameters(question):
    """A form as a web framework reads it, or the text of any other body."""
    body = bytes.fromhex(question["body"]).decode("utf-8", "replace")
    if not question["form"]:
        return body
    return MultiDict(parse_qsl(body, keep_blank_values=True, errors="replace"))


def twilio_sign(question):
    validator = RequestValidator(question["secret"])
    given = parameters(question)
    given = {} if isinstance(given, str) else given
    algorithm = get_signature_algorithm(question["settings"])
    return validator.compute_signature(question["url"], given, algorithm)


def twilio_hash(question):
    return RequestValidator("x").compute_hash(bytes.fromhex(question["body"]).decode())


def twilio_verify(question):
    algorithm = get_signature_algorithm(question["settings"])
    try:
        return RequestValidator(question["secret"]).validate(
            question["url"], parameters(question), question["signature"], algorithm
        )
    except (TypeError, ValueError):  # a body without its hash, a URL that it cannot read
        return False


def twilio_send(question):
    client = Client(question["user"], question["secret"], question["account"])
    client.api.base_url = base
    client.messages.create(**question["fields"])
    return Recorder.requests.pop()


def telnyx_key(question):
    key = SigningKey(bytes.fromhex(question["seed"])).verify_key
    return base64.b64encode(bytes(key)).decode()


def telnyx_sign(question):
    key = SigningKey(bytes.fromhex(question["seed"]))
    message = question["timestamp"].encode() + b"|" + bytes.fromhex(question["body"])
    return base64.b64encode(key.sign(message).signature).decode()


def telnyx_verify(question):
    headers = {
        "Telnyx-Signature-Ed25519": question["signature"],
        "Telnyx-Timestamp": question["timestamp"],
    }
    try:
        verify_webhook_signature(bytes.fromhex(question["body"]), headers, question["key"])
        return True
    except (WebhookVerificationError, UnicodeDecodeError):
        return False


def telnyx_send(question):
    client = Telnyx(api_key=question["secret"], base_url=base + "/v2", max_retries=0)
    client.messages.send(**question["fields"])
    return Recorder.requests.pop()


server = HTTPServer(("127.0.0.1", 0), Recorder)
base = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()

for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(globals()[question["ask"]](question)), flush=True)
