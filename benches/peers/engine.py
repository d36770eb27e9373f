"""An MLLP server of hl7apy that acknowledges every message: python engine.py PORT"""
import sys

from hl7apy.core import Message
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message


class Acknowledge(AbstractHandler):
    def reply(self):
        asked = parse_message(self.incoming_message, find_groups=False)
        answer = Message("ACK", version="2.4")
        answer.msh.msh_9 = "ACK^A08^ACK"
        answer.msh.msh_10 = asked.msh.msh_10.value
        answer.msa.msa_1 = "AA"
        answer.msa.msa_2 = asked.msh.msh_10.value
        return answer.to_mllp()


if __name__ == "__main__":
    MLLPServer("127.0.0.1", int(sys.argv[1]), {"ADT^A08^ADT_A01": (Acknowledge,)}).serve_forever()
