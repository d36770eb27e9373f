//! IOCTL (2.2.31): pipes in one step, what guards a negotiation, network interfaces, DFS.

use super::link::{Answer, Answered, Link, Request};
use super::open::Target;
use super::packet::{HEADER, Message, long, short};
use super::status::Status;
use super::tree::Tree;

/// Codes, 2.2.31 and MS-FSCC 2.3.
mod code {
    pub(super) const DFS_GET_REFERRALS: u32 = 0x0006_0194;
    pub(super) const DFS_GET_REFERRALS_EX: u32 = 0x0006_01b0;
    pub(super) const PIPE_PEEK: u32 = 0x0011_400c;
    pub(super) const PIPE_WAIT: u32 = 0x0011_0018;
    pub(super) const PIPE_TRANSCEIVE: u32 = 0x0011_c017;
    pub(super) const QUERY_NETWORK_INTERFACE_INFO: u32 = 0x0014_01fc;
    pub(super) const VALIDATE_NEGOTIATE_INFO: u32 = 0x0014_0204;
    pub(super) const LMR_REQUEST_RESILIENCY: u32 = 0x0014_01d4;
    pub(super) const CREATE_OR_GET_OBJECT_ID: u32 = 0x0009_00c0;
    pub(super) const GET_REPARSE_POINT: u32 = 0x0009_00a8;
    pub(super) const SRV_REQUEST_RESUME_KEY: u32 = 0x0014_0078;
}

/// Speed of a network card, bits a second.
const GIGABIT: u64 = 1_000_000_000;

impl Link {
    pub(super) fn ioctl(&mut self, request: &Request<'_>, tree: &Tree, file: Option<u64>) -> Answered {
        let bad = Status::INVALID_PARAMETER;
        let message = request.message;
        let code = message.u32(HEADER + 4).ok_or(bad)?;
        let input = message.named_wide(HEADER + 24, HEADER + 28).ok_or(bad)?;
        let room = usize::try_from(message.u32(HEADER + 44).ok_or(bad)?).map_err(|_| bad)?;
        if room > self.largest() || input.len() > self.largest() {
            return Err(bad);
        }
        let (status, output) = match code {
            code::PIPE_TRANSCEIVE => self.transceive(request, file, input, room)?,
            code::PIPE_PEEK => self.peek(request, file)?,
            code::PIPE_WAIT => return self.wait_pipe(request, tree, input),
            code::VALIDATE_NEGOTIATE_INFO => (Status::SUCCESS, self.validate(input)?),
            code::QUERY_NETWORK_INTERFACE_INFO => (Status::SUCCESS, self.interfaces()?),
            code::DFS_GET_REFERRALS | code::DFS_GET_REFERRALS_EX => return Err(Status::FS_DRIVER_REQUIRED),
            code::CREATE_OR_GET_OBJECT_ID => (Status::SUCCESS, self.object(request, file)?),
            code::GET_REPARSE_POINT => {
                self.handle(request, 8, file)?;
                return Err(Status::NOT_A_REPARSE_POINT);
            }
            code::LMR_REQUEST_RESILIENCY => {
                self.handle(request, 8, file)?;
                (Status::SUCCESS, Vec::new())
            }
            code::SRV_REQUEST_RESUME_KEY => {
                let id = self.handle(request, 8, file)?;
                let mut key = id.to_le_bytes().to_vec();
                key.resize(32, 0);
                (Status::SUCCESS, key)
            }
            _ => return Err(Status::INVALID_DEVICE_REQUEST),
        };
        if output.len() > room {
            return Err(Status::BUFFER_TOO_SMALL);
        }
        Ok(Answer { status, body: body(code, message, &output) })
    }

    fn transceive(
        &mut self,
        request: &Request<'_>,
        file: Option<u64>,
        input: &[u8],
        room: usize,
    ) -> Result<(Status, Vec<u8>), Status> {
        let id = self.handle(request, 8, file)?;
        let mut session = self.session.clone();
        let open = self.opens.get_mut(id).ok_or(Status::FILE_CLOSED)?;
        let Target::Pipe(pipe) = &mut open.target else { return Err(Status::NOT_SUPPORTED) };
        pipe.write(&mut session, input);
        let read = pipe.read(room);
        if read.bytes.is_empty() && read.closed {
            return Err(Status::PIPE_DISCONNECTED);
        }
        let status = if read.more { Status::BUFFER_OVERFLOW } else { Status::SUCCESS };
        Ok((status, read.bytes))
    }

    /// FSCTL_PIPE_PEEK: connected, and whether something waits.
    fn peek(&mut self, request: &Request<'_>, file: Option<u64>) -> Result<(Status, Vec<u8>), Status> {
        const CONNECTED: u32 = 3;
        let id = self.handle(request, 8, file)?;
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        let Target::Pipe(pipe) = &open.target else { return Err(Status::INVALID_DEVICE_REQUEST) };
        let waits = u32::from(pipe.is_waiting());
        let numbers = [CONNECTED, waits, waits, 0];
        Ok((Status::SUCCESS, numbers.into_iter().flat_map(u32::to_le_bytes).collect()))
    }

    /// FSCTL_PIPE_WAIT: pipes that there are can be had at once.
    fn wait_pipe(&mut self, request: &Request<'_>, tree: &Tree, input: &[u8]) -> Answered {
        if tree.kind != super::behaviour::ShareKind::Pipe {
            return Err(Status::INVALID_DEVICE_REQUEST);
        }
        let message = Message(input);
        let length = message.u32(8).and_then(|length| usize::try_from(length).ok());
        let name = length.and_then(|length| message.part(14, length)).ok_or(Status::INVALID_PARAMETER)?;
        let name = super::packet::text(name);
        if !crate::rpc::Pipe::exists(&name, &self.server.setting) {
            return Err(Status::OBJECT_NAME_NOT_FOUND);
        }
        Ok(Answer::good(body(code::PIPE_WAIT, request.message, &[])))
    }

    /// What was negotiated, told again under a signature, 3.3.5.15.12.
    fn validate(&self, input: &[u8]) -> Result<Vec<u8>, Status> {
        let agreed = self.agreed.as_ref().ok_or(Status::INVALID_PARAMETER)?;
        let message = Message(input);
        let same = message.u32(0) == Some(agreed.client.capabilities)
            && message.part(4, 16) == Some(&agreed.client.guid)
            && message.u16(20) == Some(agreed.client.mode);
        if !same {
            self.session.malformed("VALIDATE_NEGOTIATE_INFO that differs", input);
            return Err(Status::FILE_CLOSED);
        }
        let mut out = agreed.dialect.capabilities(agreed.client.capabilities).to_le_bytes().to_vec();
        out.extend(self.server.guid);
        out.extend(u16::from(self.mode()).to_le_bytes());
        out.extend(agreed.dialect.number().to_le_bytes());
        Ok(out)
    }

    /// NETWORK_INTERFACE_INFO of the one card, 2.2.32.5.
    fn interfaces(&self) -> Result<Vec<u8>, Status> {
        const RSS_CAPABLE: u32 = 1;
        const INTERNETWORK: u16 = 2;
        let agreed = self.agreed.as_ref().ok_or(Status::INVALID_PARAMETER)?;
        if !agreed.dialect.is_three() {
            return Err(Status::INVALID_DEVICE_REQUEST);
        }
        let std::net::IpAddr::V4(address) = self.server.host.address else {
            return Err(Status::NOT_SUPPORTED);
        };
        let mut out = 0u32.to_le_bytes().to_vec();
        // Windows counts interfaces from a dozen on: tunnels and loopback come first.
        out.extend(12u32.to_le_bytes());
        out.extend(RSS_CAPABLE.to_le_bytes());
        out.extend([0; 4]);
        out.extend(GIGABIT.to_le_bytes());
        out.extend(INTERNETWORK.to_le_bytes());
        out.extend([0; 2]);
        out.extend(address.octets());
        out.resize(152, 0);
        Ok(out)
    }

    /// FILE_OBJECTID_BUFFER: made from the file's number.
    fn object(&self, request: &Request<'_>, file: Option<u64>) -> Result<Vec<u8>, Status> {
        let id = self.handle(request, 8, file)?;
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if !matches!(open.target, Target::Disk) {
            return Err(Status::INVALID_DEVICE_REQUEST);
        }
        let number = open.node.id.to_le_bytes();
        let guid = self.server.guid.iter().zip(number.iter().cycle()).map(|(a, b)| a ^ b);
        let mut out: Vec<u8> = guid.collect();
        let birth = out.clone();
        out.extend([0; 16]);
        out.extend(birth);
        out.extend([0; 16]);
        Ok(out)
    }
}

/// The body of the answer, 2.2.32.
fn body(code: u32, message: Message<'_>, output: &[u8]) -> Vec<u8> {
    const OUTPUT: usize = HEADER + 48;
    let mut out = 49u16.to_le_bytes().to_vec();
    out.extend(short(0).to_le_bytes());
    out.extend(code.to_le_bytes());
    out.extend(message.part(HEADER + 8, 16).unwrap_or(&[0; 16]));
    out.extend(long(OUTPUT).to_le_bytes());
    out.extend([0; 4]);
    out.extend(long(OUTPUT).to_le_bytes());
    out.extend(long(output.len()).to_le_bytes());
    out.extend([0; 8]);
    out.extend(output);
    if output.is_empty() {
        out.push(0);
    }
    out
}
