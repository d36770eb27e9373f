"""Asks each face of a Windows host for its names and its clock, as NTLM tells them before anybody logged on.

Usage: windows_hosts.py FACE:IP:PORT ...   with FACE one of rdp, tds, smb, winrm, http
Prints one object a line: the face, what its challenge or its headers say, and when it was asked.
"""

import base64
import hashlib
import json
import socket
import ssl
import struct
import sys
import time
from email.utils import parsedate_to_datetime

NEGOTIATE = (b"NTLMSSP\0" + struct.pack("<II", 1, 0xE2088297) + bytes(16) + bytes([10, 0, 0x63, 0x45, 0, 0, 0, 15]))
PAIRS = {1: "computer", 2: "domain", 3: "dns_computer", 4: "dns_domain", 5: "dns_tree"}


def challenge(answer):
    """What a CHALLENGE_MESSAGE somewhere in an answer says (MS-NLMP 2.2.1.2)."""
    message = answer[answer.index(b"NTLMSSP\0\x02"):]
    name_length, _, name_at = struct.unpack_from("<HHI", message, 12)
    length, _, at = struct.unpack_from("<HHI", message, 40)
    told = {
        "target": message[name_at:name_at + name_length].decode("utf-16-le"),
        "build": "%d.%d.%d" % struct.unpack_from("<BBH", message, 48),
    }
    info = message[at:at + length]
    while info:
        number, size = struct.unpack_from("<HH", info)
        value = info[4:4 + size]
        if number in PAIRS:
            told[PAIRS[number]] = value.decode("utf-16-le")
        elif number == 7:
            told["time"] = struct.unpack("<Q", value)[0] / 1e7 - 11644473600
        info = info[4 + size:]
    return told


def connect(ip, port):
    return socket.create_connection((ip, port), timeout=30)


def until(link, enough):
    """Reads until it is enough or the peer is silent."""
    heard = b""
    while not enough(heard):
        piece = link.recv(65536)
        if not piece:
            break
        heard += piece
    return heard


def has_challenge(heard):
    at = heard.find(b"NTLMSSP\0\x02")
    if at < 0 or len(heard) < at + 48:
        return False
    length, _, place = struct.unpack_from("<HHI", heard, at + 40)
    return len(heard) >= at + place + length


def rdp(ip, port):
    link = connect(ip, port)
    link.sendall(b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0")
    until(link, lambda heard: len(heard) >= 19)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sealed = context.wrap_socket(link)
    certificate = sealed.getpeercert(binary_form=True)

    def der(tag, value):
        return bytes([tag, len(value)]) + value

    token = der(0x30, der(0x30, der(0xA0, der(0x04, NEGOTIATE))))
    sealed.sendall(der(0x30, der(0xA0, der(2, b"\x06")) + der(0xA1, token)))
    told = challenge(until(sealed, has_challenge))
    told["certificate"] = hashlib.sha256(certificate).hexdigest()
    # The subject's name stands in the certificate as it is.
    told["certified"] = told["dns_computer"].encode() in certificate
    return told


def tds(ip, port):
    link = connect(ip, port)

    def packet(kind, body):
        return struct.pack(">BBHHBB", kind, 1, len(body) + 8, 0, 1, 0) + body

    options = b"\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff"
    link.sendall(packet(0x12, options + b"\x0b\0\x1b\x59\0\0" + b"\x02"))
    until(link, lambda heard: len(heard) >= 8 and len(heard) >= struct.unpack_from(">H", heard, 2)[0])
    fixed = bytearray(94)
    struct.pack_into("<III", fixed, 4, 0x74000004, 4096, 7)
    fixed[25] = 0x83
    for place in range(36, 72, 4):
        struct.pack_into("<HH", fixed, place, 94, 0)
    struct.pack_into("<HH", fixed, 78, 94, len(NEGOTIATE))
    struct.pack_into("<HH", fixed, 82, 94, 0)
    struct.pack_into("<HH", fixed, 86, 94, 0)
    struct.pack_into("<I", fixed, 0, 94 + len(NEGOTIATE))
    link.sendall(packet(0x10, bytes(fixed) + NEGOTIATE))
    return challenge(until(link, has_challenge))


def smb(ip, port):
    link = connect(ip, port)

    def request(command, message, body):
        header = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, 0, command, 1, 0, 0, message, 0, 0, 0, bytes(16))
        return struct.pack(">I", len(header + body)) + header + body

    dialects = struct.pack("<HHHHI16sQHH", 36, 2, 1, 0, 0, b"h" * 16, 0, 0x0202, 0x0210)
    link.sendall(request(0, 0, dialects))
    heard = until(link, lambda heard: len(heard) >= 4 and len(heard) >= 4 + struct.unpack(">I", heard[:4])[0])
    system_time = struct.unpack_from("<Q", heard, 4 + 64 + 40)[0] / 1e7 - 11644473600
    setup = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(NEGOTIATE), 0) + NEGOTIATE
    link.sendall(request(1, 1, setup))
    told = challenge(until(link, has_challenge))
    told["system_time"] = system_time
    return told


def http(ip, port):
    link = connect(ip, port)
    link.sendall(b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % ip.encode())
    head = until(link, lambda heard: b"\r\n\r\n" in heard).split(b"\r\n\r\n")[0].decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    date = [line for line in head.split("\r\n") if line.lower().startswith("date: ")][0][6:]
    return {"server": fields.get("server", ""), "time": parsedate_to_datetime(date).timestamp()}


def winrm(ip, port):
    link = connect(ip, port)
    token = base64.b64encode(NEGOTIATE)
    link.sendall(b"POST /wsman HTTP/1.1\r\nHost: h\r\nAuthorization: Negotiate %s\r\nContent-Length: 0\r\n\r\n" % token)
    head = until(link, lambda heard: b"\r\n\r\n" in heard)
    return challenge(base64.b64decode(head.split(b"Negotiate ")[1].split(b"\r\n")[0]))


for argument in sys.argv[1:]:
    face, ip, port = argument.split(":")
    told = {"rdp": rdp, "tds": tds, "smb": smb, "winrm": winrm, "http": http}[face](ip, int(port))
    print(json.dumps({"face": face, "asked": time.time(), **told}))
