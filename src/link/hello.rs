//! The first words on the socket.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

const MAGIC: [u8; 4] = *b"HWL1";

/// Processes that may speak to core.
const PROCESSES: [&str; 6] = ["sensor", "capd", "supervisor", "console", "netd", "export"];

/// Who speaks, and from where on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) stream: Uuid,
    pub(super) process: String,
    pub(super) position: u64,
}

impl Hello {
    pub(super) async fn write(&self, out: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(self.stream.as_bytes());
        bytes.push(u8::try_from(self.process.len()).unwrap_or(0));
        bytes.extend_from_slice(self.process.as_bytes());
        bytes.extend_from_slice(&self.position.to_be_bytes());
        out.write_all(&bytes).await
    }

    pub(super) async fn read(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut head = [0; 21];
        input.read_exact(&mut head).await?;
        let refused = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        if !head.starts_with(&MAGIC) {
            return Err(refused("hello without HWL1"));
        }
        let stream = Uuid::from_slice(&head[4..20]).map_err(|_| refused("hello without a stream"))?;
        let mut name = vec![0; usize::from(head[20])];
        input.read_exact(&mut name).await?;
        let process = PROCESSES
            .into_iter()
            .find(|p| p.as_bytes() == name)
            .ok_or_else(|| refused("hello of an unknown process"))?
            .to_owned();
        let position = input.read_u64().await?;
        Ok(Hello { stream, process, position })
    }
}
