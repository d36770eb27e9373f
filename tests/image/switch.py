#!/usr/bin/env python3
"""A switch: one trunk (frames in UDP datagrams, as QEMU sends them) and a TAP device per VLAN.

usage: switch.py OWN_PORT TRUNK_PORT DEVICE=VLAN ...    (VLAN 0: frames without a tag)
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
TAP_WITHOUT_HEADER = 0x0002 | 0x1000

own, trunk_port = int(sys.argv[1]), int(sys.argv[2])
trunk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
trunk.bind(("127.0.0.1", own))
devices = {}
for argument in sys.argv[3:]:
    name, vlan = argument.split("=")
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), TAP_WITHOUT_HEADER))
    devices[int(vlan)] = device
print("ready", flush=True)
while True:
    for source in select.select([trunk, *devices.values()], [], [])[0]:
        if source is trunk:
            frame = trunk.recv(65536)
            vlan, tagged = 0, frame[12:14] == b"\x81\x00"
            if tagged:
                vlan = struct.unpack("!H", frame[14:16])[0] & 0xFFF
                frame = frame[:12] + frame[16:]
            try:
                if vlan in devices:
                    os.write(devices[vlan], frame)
            except OSError:
                pass  # the device is not up yet
        else:
            frame = os.read(source, 65536)
            vlan = next(number for number, device in devices.items() if device == source)
            if vlan:
                frame = frame[:12] + b"\x81\x00" + struct.pack("!H", vlan) + frame[12:]
            trunk.sendto(frame, ("127.0.0.1", trunk_port))
