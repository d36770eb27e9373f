//! Faces of databases: what clients send before and after they are in.

use bytes::BytesMut;
use honeyward::decoys::tns;

/// Packets as they come, then each as a connect packet, a descriptor and a call of the logon.
pub(super) fn tns(input: &[u8]) {
    let mut rest = BytesMut::from(input);
    while let Some(Ok(packet)) = tns::packet::take(&mut rest) {
        assert!(packet.body.len() + tns::packet::HEADER <= input.len());
        if let Some(connect) = tns::packet::Connect::read(&packet.body) {
            assert!(connect.accept(314, 8192, "").len() == 32);
        }
    }
    let text = String::from_utf8_lossy(input);
    if let Some(found) = tns::descriptor::Descriptor::parse(&text) {
        let _ = (found.get("SID"), found.get("SERVICE_NAME"));
    }
    for marshal in [tns::ttc::Marshal::Universal, tns::ttc::Marshal::Native] {
        if let Some(message) = tns::Message::read(input, marshal) {
            assert!(message.user.len() <= input.len());
        }
    }
}
