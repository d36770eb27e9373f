#!/usr/bin/env python3
"""What gives a fake SSH server away: checks of its protocol, its timing and its shell.

usage: tells.py HOST PORT USER PASSWORD

Each check asks for something that every OpenSSH 9.2 of Debian 12 answers alike. A line per check:
`ok` or `TELL`, the check, and for a tell what was seen. Needs ssh and sshpass.
"""
import hashlib
import re
import socket
import struct
import subprocess
import sys
import time

HOST, PORT, USER, PASSWORD = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
OPTIONS = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
           "-o", "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=password", "-p", str(PORT)]
CHECKS = []


def check(name):
    def keep(function):
        CHECKS.append((name, function))
        return function
    return keep


def raw(sent, wait=3.0, first=True):
    """What the server says to raw bytes, and how the connection ended."""
    with socket.create_connection((HOST, PORT), 10) as s:
        s.settimeout(wait)
        got, end = b"", "open"
        try:
            if first:
                got += s.recv(4096)
            s.sendall(sent)
            while True:
                piece = s.recv(65536)
                if not piece:
                    end = "fin"
                    break
                got += piece
        except TimeoutError:
            pass
        except ConnectionError:
            end = "reset"
        return got, end


def behind(got):
    """What comes behind the server's own line."""
    return got.split(b"\n", 1)[1] if b"\n" in got else b""


def ssh(line, password=PASSWORD, user=USER, options=()):
    done = subprocess.run(["sshpass", "-p", password, "ssh", *OPTIONS, *options, f"{user}@{HOST}", line],
                          capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    return done.stdout.decode("utf8", "replace"), done.stderr.decode("utf8", "replace"), done.returncode


def kexinit():
    got, _ = raw(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    packet = behind(got)
    length, padding = struct.unpack(">IB", packet[:5])
    body = packet[5:4 + length - padding]
    at, lists = 17, []
    for _ in range(10):
        size = struct.unpack(">I", body[at:at + 4])[0]
        lists.append(body[at + 4:at + 4 + size].decode())
        at += 4 + size
    return lists


def equal(got, want):
    return None if got == want else f"{got!r}"


def holds(got, pattern):
    return None if re.search(pattern, got, re.S) else f"{got[:120]!r}"


def lacks(got, pattern):
    return None if not re.search(pattern, got, re.S) else f"{got[:120]!r}"


def out(line):
    return ssh(line)[0]


@check("24 the banner comes at once, the KEXINIT behind the client's line")
def _():
    with socket.create_connection((HOST, PORT), 10) as s:
        s.settimeout(2)
        first = s.recv(4096)
        try:
            first += s.recv(4096)
        except TimeoutError:
            pass
    return holds(first.decode("latin1"), r"^SSH-2\.0-[^\n]*\r\n$")


@check("25 SSH-1337")
def _():
    return holds(behind(raw(b"SSH-1337-x\r\n")[0]).decode("latin1"), r"^Invalid SSH identification string\.")


@check("26 SSH-1.5")
def _():
    return equal(behind(raw(b"SSH-1.5-x\r\n")[0]), b"Protocol major versions differ.\r\n")


@check("27 SSH-2.2 is taken")
def _():
    return None if b"curve25519" in behind(raw(b"SSH-2.2-x\r\n")[0]) else "no KEXINIT"


@check("28 HTTP")
def _():
    return holds(behind(raw(b"GET / HTTP/1.0\r\n\r\n")[0]).decode("latin1"), r"^Invalid SSH identification string\.")


@check("28 unread bytes end in a reset")
def _():
    return equal(raw(b"\n" * 8)[1], "reset")


@check("29 a bad packet length is not told in clear")
def _():
    got, _ = raw(b"SSH-2.0-x\r\n" + b"\xff" * 64)
    return lacks(got.decode("latin1"), r"[Bb]ad packet length|Traceback")


@check("30 no list that OpenSSH 9.2 can't offer")
def _():
    return lacks(" ".join(kexinit()), r"3des|cast128|blowfish|arcfour|hmac-md5|sha2-384|ssh-dss|diffie-hellman-group1-")


@check("30 strict key exchange")
def _():
    return holds(kexinit()[0], r"kex-strict-s-v00@openssh\.com")


@check("30 chacha20")
def _():
    return holds(kexinit()[2], r"chacha20-poly1305@openssh\.com")


@check("30 host keys with SHA-2")
def _():
    return holds(kexinit()[1], r"rsa-sha2-512")


@check("30 compression")
def _():
    return holds(kexinit()[6], r"^none(,zlib@openssh\.com)?$")


@check("33 a wrong password is refused")
def _():
    for user, password in [(USER, "x9kd03mw"), ("root", "qwe98asd1"), ("nobody7", "123456")]:
        if ssh("true", password, user)[2] == 0:
            return f"{user} got in"
    return None


@check("34 refusals take different times")
def _():
    times = []
    for n in range(4):
        start = time.monotonic()
        ssh("true", f"wrong{n}", f"user{n}")
        times.append(time.monotonic() - start)
    return None if max(times) - min(times) > 0.06 or min(times) > 1.2 else f"{times}"


@check("36 methods")
def _():
    done = subprocess.run(["ssh", *OPTIONS, "-o", "PreferredAuthentications=none", f"{USER}@{HOST}", "true"],
                          capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
    return holds(done.stderr.decode(), r"Permission denied \(publickey,password(,keyboard-interactive)?\)")


@check("38 a forward to a closed port")
def _():
    done = subprocess.run(["sshpass", "-p", PASSWORD, "ssh", "-o", "LogLevel=INFO", *OPTIONS, "-W", "127.0.0.1:1", f"{USER}@{HOST}"],
                          capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
    return holds(done.stderr.decode(), r"open failed|administratively prohibited") if done.returncode else "accepted"


@check("39 success comes before the close")
def _():
    return None if all(ssh("true")[2] == 0 for _ in range(3)) else "lost"


for number, line, want in [
    ("40 arithmetic", "echo $((6*7))", "42\n"),
    ("40 substitution", "echo $(echo a; echo b)", "a b\n"),
    ("40 function", "f() { echo \"<$1>\"; }; f x", "<x>\n"),
    ("40 array", "a=(1 2 3); echo ${a[1]} ${#a[@]}", "2 3\n"),
    ("40 loop", "for i in 1 2 3; do printf $i; done; echo", "123\n"),
    ("40 here-document", "cat <<X\na $((1+1))\nX", "a 2\n"),
    ("40 case", "case abc in a*) echo y;; esac", "y\n"),
    ("41 sort", "printf 'b\\na\\n' | sort", "a\nb\n"),
    ("41 md5sum", "printf x | md5sum | cut -d' ' -f1", hashlib.md5(b"x").hexdigest() + "\n"),
    ("41 awk", "echo 1 2 3 | awk '{print $2*21}'", "42\n"),
    ("41 sed", "echo abc | sed 's/b/-/'", "a-c\n"),
    ("41 perl", "perl -e 'print 6*7'", "42"),
    ("41 dd", "dd if=/dev/zero bs=1 count=3 2>/dev/null | wc -c", "3\n"),
    ("41 base64", "echo aGk= | base64 -d", "hi"),
    ("41 grep -c", "printf 'a\\nb\\n' | grep -c a", "1\n"),
    ("41 xargs", "echo a b | xargs -n1 echo -", "- a\n- b\n"),
    ("42 variables of a subshell", "x=1; (x=2); echo $x", "1\n"),
    ("42 redirection", "echo a > /tmp/.t1; echo b >> /tmp/.t1; cat /tmp/.t1; rm /tmp/.t1", "a\nb\n"),
]:
    CHECKS.append((number, lambda line=line, want=want: equal(out(line), want)))


@check("42 exit status")
def _():
    return equal(ssh("exit 7")[2], 7)


@check("42 errors go to standard error")
def _():
    got = ssh("nosuch_command")
    return equal((got[0], got[1].strip(), got[2]), ("", "bash: line 1: nosuch_command: command not found", 127))


@check("43 /proc/self/status")
def _():
    return holds(out("cat /proc/self/status"), r"^Name:\tcat\n.*VmRSS:")


@check("43 /proc/net/tcp")
def _():
    return holds(out("cat /proc/net/tcp"), r"local_address.*: [0-9A-F]{8}:[0-9A-F]{4} ")


@check("43 /proc/mounts")
def _():
    return holds(out("cat /proc/mounts"), r" / (ext4|overlay|xfs) ")


@check("43 processors agree")
def _():
    return equal(out("nproc").strip(), out("grep -c ^processor /proc/cpuinfo").strip())


@check("44 uptime moves")
def _():
    first = out("cut -d' ' -f1 /proc/uptime")
    time.sleep(1.1)
    second = out("cut -d' ' -f1 /proc/uptime")
    try:
        return None if 0.5 < float(second) - float(first) < 30 else f"{first!r} {second!r}"
    except ValueError:
        return f"{first!r} {second!r}"


@check("45 ps shows itself, and ids move")
def _():
    first, second = out("ps aux | grep '[p]s aux'"), out("ps aux | grep '[p]s aux'")
    return None if first and second and first.split()[1] != second.split()[1] else f"{first!r} {second!r}"


@check("46 one build")
def _():
    system, version = out("cat /etc/os-release"), ssh("ssh -V")
    banner = socket_banner()
    said = (version[0] + version[1]).split(",")[0].strip()
    return None if said and said.split(" ")[0] in banner and "bookworm" in system else f"{said!r} {banner!r}"


def socket_banner():
    with socket.create_connection((HOST, PORT), 10) as s:
        return s.recv(4096).decode("latin1").strip().replace("SSH-2.0-", "")


@check("47 disk and memory are told alike")
def _():
    size = re.search(r"MemTotal:\s+(\d+)", out("cat /proc/meminfo"))
    free = re.search(r"Mem:\s+(\d+)", out("free"))
    return None if size and free and size.group(1) == free.group(1) else f"{size} {free}"


@check("48 addresses of cards are possible")
def _():
    mac = re.search(r"link/ether (\S+)", out("ip link"))
    return None if mac and not int(mac.group(1)[:2], 16) & 1 else f"{mac and mac.group(1)}"


@check("49 nothing of a known honeypot")
def _():
    return lacks(out("hostname; ls -a / /home; cat /etc/passwd"), r"svr04|\bphil\b|richard|\.dockerenv")


@check("49 ls -la has its total")
def _():
    return holds(out("ls -la /"), r"^total \d+\n")


@check("50 files stay over logins")
def _():
    out("echo kept > /tmp/.kept")
    got = out("cat /tmp/.kept; rm /tmp/.kept")
    return equal(got, "kept\n")


@check("51 ping")
def _():
    return holds(out("ping -c 1 127.0.0.1"), r"1 received, 0% packet loss")


@check("52 busybox of no such applet")
def _():
    return equal(ssh("/bin/busybox ZHTRAP")[2], 127)


found = 0
for name, function in CHECKS:
    try:
        seen = function()
    except Exception as fault:  # a client that fails is what a visitor sees too
        seen = f"{type(fault).__name__}: {fault}"
    found += seen is not None
    print(f"{'ok  ' if seen is None else 'TELL'} {name}" + (f": {seen}" if seen else ""))
print(f"{found} of {len(CHECKS)}")
sys.exit(found > 0)
