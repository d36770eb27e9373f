"""A viewer on Odil (Debian package python3-odil): its own upper layer, DIMSE and data sets.

viewer.py HOST PORT CALLED OPERATION [ARGUMENT ...]; each answer is a line of JSON.

  echo
  find MODEL KEY[=VALUE] ...     MODEL: SOP class of the query; KEY: keyword or gggg,eeee
  get KEY=VALUE ...              study root
  store FILE ...
  step STEP UID                  an MPPS of a worklist answer (JSON): begun, ended, and ended again
  commit CLASS=INSTANCE ...      the status of the N-ACTION, and the event that follows, if one does
"""

import json
import sys

import odil

SYNTAXES = [odil.registry.ExplicitVRLittleEndian, odil.registry.ImplicitVRLittleEndian]
VERIFICATION = "1.2.840.10008.1.1"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
STORAGE = [
    "1.2.840.10008.5.1.4.1.1." + suffix
    for suffix in (
        "1", "1.1", "1.2", "2", "2.1", "3.1", "4", "4.1", "6.1", "7", "9.1.1", "9.1.2", "11.1",
        "88.11", "88.22", "88.33", "88.67", "104.1",
    )
]
SCU = odil.AssociationParameters.PresentationContext.Role.SCU
SCP = odil.AssociationParameters.PresentationContext.Role.SCP


def associate(host, port, called, classes, received=()):
    contexts = [(uid, SCU) for uid in classes] + [(uid, SCP) for uid in received]
    parameters = odil.AssociationParameters()
    parameters.set_calling_ae_title("RESWS01")
    parameters.set_called_ae_title(called)
    parameters.set_presentation_contexts([
        odil.AssociationParameters.PresentationContext(2 * number + 1, uid, SYNTAXES, role)
        for number, (uid, role) in enumerate(contexts)
    ])
    association = odil.Association()
    association.set_peer_host(host)
    association.set_peer_port(int(port))
    association.set_parameters(parameters)
    association.associate()
    return association


def tag(key):
    return odil.Tag(*(int(half, 16) for half in key.split(","))) if "," in key else odil.Tag(key)


def query(keys):
    data_set = odil.DataSet()
    for key in keys:
        key, _, value = key.partition("=")
        if value:
            data_set.add(tag(key), [value])
        else:
            data_set.add(tag(key))
    return data_set


def tell(data_set):
    print(json.dumps(json.loads(odil.as_json(data_set))))


def echo(peer, _):
    association = associate(*peer, [VERIFICATION])
    odil.EchoSCU(association).echo()
    association.release()


def find(peer, arguments):
    model, keys = arguments[0], arguments[1:]
    association = associate(*peer, [model])
    scu = odil.FindSCU(association)
    scu.set_affected_sop_class(model)
    for answer in scu.find(query(keys)):
        tell(answer)
    association.release()


def get(peer, keys):
    association = associate(*peer, [STUDY_ROOT_GET], STORAGE)
    scu = odil.GetSCU(association)
    scu.set_affected_sop_class(STUDY_ROOT_GET)
    for received in scu.get(query(keys)):
        for element in ("PixelData", "EncapsulatedDocument", "WaveformSequence"):
            if received.has(element):
                received.remove(element)
        told = odil.DataSet()
        for element in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "PatientID", "Modality"):
            told.add(element, received[element])
        tell(told)
    association.release()


def store(peer, files):
    for file in files:
        with odil.open(file) as stream:
            _, data_set = odil.Reader.read_file(stream)
        association = associate(*peer, [data_set.as_string("SOPClassUID")[0]])
        scu = odil.StoreSCU(association)
        scu.set_affected_sop_class(data_set)
        scu.store(data_set)
        association.release()


def status_of(association, message, context):
    association.send_message(message, context)
    return association.receive_message().get_command_set().as_int("Status")[0]


def step(peer, arguments):
    planned, uid = odil.from_json(arguments[0]), arguments[1]
    association = associate(*peer, [PERFORMED_STEP])
    scheduled = planned.as_data_set("ScheduledProcedureStepSequence")[0]
    reference = odil.DataSet()
    for element in ("StudyInstanceUID", "AccessionNumber", "RequestedProcedureID"):
        reference.add(element, planned[element])
    reference.add("ScheduledProcedureStepID", scheduled["ScheduledProcedureStepID"])
    began = odil.DataSet()
    began.add("SpecificCharacterSet", planned["SpecificCharacterSet"])
    began.add("Modality", scheduled["Modality"])
    for element in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        began.add(element, planned[element])
    began.add("ScheduledStepAttributesSequence", [reference])
    for element, value in {
        "PerformedProcedureStepID": "PPS0001", "PerformedStationAETitle": "RESWS01",
        "PerformedProcedureStepStartDate": "20260102", "PerformedProcedureStepStartTime": "101500",
        "PerformedProcedureStepStatus": "IN PROGRESS",
    }.items():
        began.add(element, [value])
    for element in ("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime"):
        began.add(element)
    ended = odil.DataSet()
    for element, value in {
        "PerformedProcedureStepStatus": "COMPLETED",
        "PerformedProcedureStepEndDate": "20260102", "PerformedProcedureStepEndTime": "102000",
    }.items():
        ended.add(element, [value])
    requests = [
        odil.messages.NCreateRequest(association.next_message_id(), PERFORMED_STEP, began),
        odil.messages.NSetRequest(association.next_message_id(), PERFORMED_STEP, uid, ended),
        odil.messages.NSetRequest(association.next_message_id(), PERFORMED_STEP, uid, ended),
    ]
    requests[0].set_affected_sop_instance_uid(uid)
    print(json.dumps([status_of(association, request, PERFORMED_STEP) for request in requests]))
    association.release()


def commit(peer, pairs):
    """N-ACTION has no class of its own in Odil: its command set is written here (PS3.7 10.3.5)."""
    association = associate(*peer, [COMMITMENT])
    items = []
    for sop_class, _, instance in (pair.partition("=") for pair in pairs):
        item = odil.DataSet()
        item.add("ReferencedSOPClassUID", [sop_class])
        item.add("ReferencedSOPInstanceUID", [instance])
        items.append(item)
    wanted = odil.DataSet()
    wanted.add("TransactionUID", [odil.generate_uid()])
    wanted.add("ReferencedSOPSequence", items)
    command = odil.DataSet()
    command.add("RequestedSOPClassUID", [COMMITMENT])
    command.add("CommandField", [0x0130])
    command.add("MessageID", [association.next_message_id()])
    command.add("RequestedSOPInstanceUID", [COMMITMENT_INSTANCE])
    command.add("ActionTypeID", [1])
    command.add("CommandDataSetType", [1])
    status = status_of(association, odil.messages.Message(command, wanted), COMMITMENT)
    print(json.dumps(status))
    if status == 0:
        report = association.receive_message()
        event = report.get_command_set()
        tell(report.get_data_set())
        answer = odil.DataSet()
        answer.add("AffectedSOPClassUID", [COMMITMENT])
        answer.add("CommandField", [0x8100])
        answer.add("MessageIDBeingRespondedTo", event["MessageID"])
        answer.add("CommandDataSetType", [0x0101])
        answer.add("Status", [0])
        answer.add("AffectedSOPInstanceUID", [COMMITMENT_INSTANCE])
        answer.add("EventTypeID", event["EventTypeID"])
        association.send_message(odil.messages.Message(answer), COMMITMENT)
    association.release()


OPERATIONS = {"echo": echo, "find": find, "get": get, "store": store, "step": step, "commit": commit}

if __name__ == "__main__":
    OPERATIONS[sys.argv[4]](sys.argv[1:4], sys.argv[5:])
