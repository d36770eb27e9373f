"""A mail server (aiosmtpd) that keeps what it gets: FOLDER PORT plain|starttls|tls.

Letters go to FOLDER/letters, a JSON object a line. FOLDER/answer is the answer to a letter while it exists.
With TLS a login is asked for, and server.pem and server.key of FOLDER prove who it is.
"""

import json
import pathlib
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

folder, port, mode = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Keeper:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        answer = folder / "answer"
        if answer.exists():
            return answer.read_text().strip()
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.original_content.decode(),
            "tls": session.ssl is not None or mode == "tls",
            "login": session.auth_data and session.auth_data.login.decode(),
        }
        with open(folder / "letters", "a") as out:
            out.write(json.dumps(letter) + "\n")
        return "250 ok"


def login(server, session, envelope, mechanism, data):
    if (data.login, data.password) == (b"hw", b"s3cret"):
        return AuthResult(success=True, auth_data=data)
    return AuthResult(success=False, handled=False)


settings = {}
context = None
if mode != "plain":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    settings = dict(authenticator=login, auth_required=True)


class Server(Controller):
    def factory(self):
        if mode == "starttls":
            return SMTP(self.handler, tls_context=context, require_starttls=True, **settings)
        return SMTP(self.handler, auth_require_tls=False, **settings)


Server(Keeper(), hostname="127.0.0.1", port=port, ssl_context=context if mode == "tls" else None).start()
while True:
    time.sleep(60)
