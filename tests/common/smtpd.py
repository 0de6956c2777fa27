"""A mail server for tests: aiosmtpd on loopback, with TLS and a user where that is asked for.

Says its port on the first line of its output, then a line of JSON for every mail it takes. What it does with a mail
depends on the recipient: `refuse@` is unknown, `later@` is greylisted, `spam@` is refused when all of it has come.
"""

import argparse
import asyncio
import base64
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--security", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    return parser.parse_args()


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("refuse@"):
            return "550 5.1.1 no such user here"
        if address.startswith("later@"):
            return "451 4.7.1 come back in a minute"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if any(address.startswith("spam@") for address in envelope.rcpt_tos):
            return "554 5.7.1 this looks like spam"
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "tls": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            "mail": base64.b64encode(envelope.original_content).decode(),
        }
        print(json.dumps(mail), flush=True)
        return "250 OK: taken"


def main():
    said = options()
    context = None
    if said.security != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(said.certificate, said.key)

    def authenticate(server, session, envelope, mechanism, data):
        is_right = data.login == said.user.encode() and data.password == said.password.encode()
        return AuthResult(success=is_right, handled=is_right, auth_data=data)

    def serve():
        starttls = said.security == "starttls"
        more = {}
        if said.user:
            more = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": starttls}
        server = SMTP(
            Handler(),
            hostname="mail.test",
            tls_context=context if starttls else None,
            require_starttls=starttls,
            **more,
        )
        return server

    async def run():
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(
            serve, "127.0.0.1", 0, ssl=context if said.security == "tls" else None
        )
        print(listener.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())


main()
